// Walking by arrow keys: each series is one stop of the Tab key, the frames in it are reached by arrows.

function renewStops() {
  for (const series of document.querySelectorAll(".frames")) {
    const shown = [...series.querySelectorAll(".frame:not([hidden])")];
    const current = shown.find((frame) => buttonOf(frame) === document.activeElement) ?? shown[0];
    for (const frame of shown) buttonOf(frame).tabIndex = frame === current ? 0 : -1;
  }
}

/** The frame that a key leads to, or nothing. */
function neighbour(frame, key) {
  const shown = shownFrames();
  const at = shown.indexOf(frame);
  const own = shown.filter((other) => other.parentElement === frame.parentElement);
  switch (key) {
    case "ArrowRight": return shown[at + 1];
    case "ArrowLeft": return shown[at - 1];
    case "Home": return own[0];
    case "End": return own.at(-1);
    case "ArrowDown": return nearestOfRow(frame, shown.slice(at + 1), 1);
    case "ArrowUp": return nearestOfRow(frame, shown.slice(0, at).reverse(), -1);
    default: return undefined;
  }
}

/** Of the next row in that direction, the frame that is nearest below or above. */
function nearestOfRow(frame, others, direction) {
  const from = frame.getBoundingClientRect();
  const boxes = others.map((other) => [other, other.getBoundingClientRect()]);
  const beyond = boxes.filter(([, box]) => (box.top - from.top) * direction > 4);
  if (beyond.length === 0) return undefined;
  const row = beyond.filter(([, box]) => Math.abs(box.top - beyond[0][1].top) < 4);
  const distance = ([, box]) => Math.abs(box.left - from.left);
  return row.reduce((best, one) => (distance(one) < distance(best) ? one : best))[0];
}

byId("main").addEventListener("keydown", (event) => {
  const frame = event.target.closest?.(".frame");
  if (!frame || event.ctrlKey || event.altKey || event.metaKey) return;
  const next = neighbour(frame, event.key);
  if (!next) return;
  event.preventDefault();
  goTo(next);
});

byId("main").addEventListener("focusin", (event) => {
  const frame = event.target.closest(".frame");
  if (!frame) return;
  for (const other of frame.parentElement.querySelectorAll("button[tabindex='0']")) other.tabIndex = -1;
  buttonOf(frame).tabIndex = 0;
  pointAt(frame);
});

/** A click on the timeline leads to the frame nearest to it. */
function frameAt(track, x) {
  const box = track.getBoundingClientRect();
  const wanted = ((x - box.left) / box.width) * 1000;
  const distance = (frame) => Math.abs(frame.dataset.at - wanted);
  const placed = [...track.closest(".task").querySelectorAll(".frame:not([hidden])[data-at]")];
  return placed.sort((one, other) => distance(one) - distance(other))[0];
}

for (const track of document.querySelectorAll(".track")) {
  track.addEventListener("click", (event) => goTo(frameAt(track, event.clientX)));
}
renewStops();
