// Showing only the frames in some conditions: none chosen means all.

const chips = [...document.querySelectorAll("[data-filter]")];
const chosen = new Set();

function choose(condition) {
  if (!condition) chosen.clear();
  else if (!chosen.delete(condition)) chosen.add(condition);
  for (const chip of chips) {
    const { filter } = chip.dataset;
    chip.setAttribute("aria-pressed", String(filter ? chosen.has(filter) : chosen.size === 0));
  }
  filterFrames();
}

function filterFrames() {
  for (const frame of allFrames) frame.hidden = chosen.size > 0 && !chosen.has(frame.dataset.condition);
  for (const series of document.querySelectorAll(".series")) filterSeries(series);
  byId("shown").textContent = chosen.size ? `${shownFrames().length} of ${allFrames.length} frames shown` : "";
  renewStops();
}

function filterSeries(series) {
  const shown = series.querySelectorAll(".frame:not([hidden])").length;
  const all = series.querySelectorAll(".frame").length;
  series.hidden = shown === 0;
  series.querySelector(".series-count").textContent = shown === all ? `${all}` : `${shown} of ${all}`;
}

for (const chip of chips) chip.addEventListener("click", () => choose(chip.dataset.filter));
