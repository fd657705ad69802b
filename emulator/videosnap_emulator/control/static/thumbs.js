// Thumbnails, and the dialog that shows one of them large.

import { byId, bytes, exactTime, setText, setTime, show, stamp } from "/page/dom.js";

/** An empty thumbnail; `name` says what will be seen in it. */
export function newThumb(name) {
  const thumb = { ...stamp("thumb"), frame: null };
  const { button, image, absent } = thumb.slots;
  setText(thumb.slots.user, name);
  thumb.slots.user.title = name;
  button.setAttribute("aria-label", `${name}: no frame yet`);
  button.addEventListener("click", () => openFrame(thumb.frame));
  image.addEventListener("load", () => showEither(image, absent));
  image.addEventListener("error", () => {
    setText(absent, "frame cannot be read");
    showEither(absent, image);
  });
  return thumb;
}

function showEither(one, other) {
  show(one, true);
  show(other, false);
}

/** Show a frame: its `url`, `caption` and `label`, and for the dialog `title`, `alt`, `time`, `bucket`, `key`, `size`. */
export function fillThumb(thumb, frame) {
  const { button, image, time } = thumb.slots;
  thumb.frame = frame;
  image.src = frame.url;
  setTime(time, frame.time, frame.caption);
  button.disabled = false;
  button.setAttribute("aria-label", `${frame.label}: show the frame large`);
}

function openFrame({ url, title, alt, time, bucket, key, size }) {
  setText(byId("picture-title"), title);
  const image = new Image();
  image.src = url;
  image.alt = alt;
  byId("picture-place").replaceChildren(image);
  setText(byId("picture-time"), `${exactTime(time)} UTC`);
  setText(byId("picture-bucket"), bucket);
  setText(byId("picture-key"), key);
  byId("picture-key").href = url;
  setText(byId("picture-size"), bytes(size));
  byId("picture").showModal();
}
