// Showing only what is of some kinds: none chosen means all.

const chips = [...document.querySelectorAll("[data-filter]")];
const items = [...document.querySelectorAll("[data-kinds]")];
const chosen = new Set();

function choose(kind) {
  if (!kind) chosen.clear();
  else if (!chosen.delete(kind)) chosen.add(kind);
  for (const chip of chips) {
    const { filter } = chip.dataset;
    chip.setAttribute("aria-pressed", String(filter ? chosen.has(filter) : chosen.size === 0));
  }
  filterItems();
}

function filterItems() {
  const fits = (item) => item.dataset.kinds.split(",").some((kind) => chosen.has(kind));
  for (const item of items) item.hidden = chosen.size > 0 && !fits(item);
  const count = (some) => some.reduce((sum, item) => sum + Number(item.dataset.count ?? 1), 0);
  const shown = count(items.filter((item) => !item.hidden));
  byId("shown").textContent = chosen.size ? `${shown} of ${count(items)} tasks shown` : "";
}

for (const chip of chips) chip.addEventListener("click", () => choose(chip.dataset.filter));
