// The frames of the sheet, and where each is: what the other parts share.

const byId = (id) => document.getElementById(id);
const allFrames = [...document.querySelectorAll(".frame")];
const buttonOf = (frame) => frame.querySelector("button");

function shownFrames() {
  return allFrames.filter((frame) => !frame.hidden);
}

/** "user0, 12:00:05": the name of the image or of the text in its place. */
function titleOf(frame) {
  const image = frame.querySelector("img");
  const name = image ? image.alt : frame.querySelector(".absent .unseen").textContent.replace(/: $/, "");
  return name.trim();
}

/** Show on the timeline where a frame is. */
function pointAt(frame) {
  for (const line of document.querySelectorAll(".cursor.placed")) line.classList.remove("placed");
  const line = frame.closest(".task").querySelector(".cursor");
  if (!line || frame.dataset.at === undefined) return;
  const place = `${frame.dataset.at / 10}%`;
  line.setAttribute("x1", place);
  line.setAttribute("x2", place);
  line.classList.add("placed");
}

function goTo(frame) {
  if (frame) buttonOf(frame).focus();
}
