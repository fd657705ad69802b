// One frame large, with all its details. Everything is copied from the sheet, nothing is parsed.

const frameDialog = byId("frame");
let opened = null;

function openFrame(frame) {
  opened = frame;
  const shown = shownFrames();
  const at = shown.indexOf(frame);
  const image = frame.querySelector("img") ?? frame.querySelector(".absent");
  byId("frame-title").textContent = titleOf(frame);
  byId("frame-image").replaceChildren(image.cloneNode(true));
  byId("frame-facts").replaceChildren(frame.querySelector(".facts").cloneNode(true));
  byId("frame-place").textContent = `${at + 1} of ${shown.length}`;
  byId("frame-before").disabled = at <= 0;
  byId("frame-after").disabled = at === shown.length - 1;
  pointAt(frame);
  if (!frameDialog.open) frameDialog.showModal();
}

function step(key) {
  const next = neighbour(opened, key);
  if (next) openFrame(next);
}

for (const frame of allFrames) buttonOf(frame).addEventListener("click", () => openFrame(frame));
byId("frame-before").addEventListener("click", () => step("ArrowLeft"));
byId("frame-after").addEventListener("click", () => step("ArrowRight"));
byId("frame-close").addEventListener("click", () => frameDialog.close());
frameDialog.addEventListener("close", () => goTo(opened));
frameDialog.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  step(event.key);
});
