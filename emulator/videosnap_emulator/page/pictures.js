// The latest picture of each stream of a task, and the dialog that shows one large.

import { get } from "/page/chain.js";
import { arrange, byId, bytes, exactTime, secondsBetween, setText, setTime, show, stamp, timeOfDay } from "/page/dom.js";

const TASKS_PER_LOOK = 6; // a jump of the clock gives every task new frames; the rest has its turn next time
const STREAMS_SHOWN = 8;
const SECONDS_OF_GRACE = 1; // task times may be cut to whole seconds, frame times are not

/** What is known of one task's pictures: the latest frame and the thumbnail of each stream. */
export function newPictures() {
  return { latest: new Map(), thumbs: new Map(), mark: "", turn: 0 };
}

let turn = 0;

/** Fetch the frames of those tasks that have taken some since they were last asked, longest waiting first. */
export async function lookAtPictures(cards) {
  const due = cards.filter(({ task, pictures }) => task.frames && pictures.mark !== markOf(task));
  due.sort((a, b) => a.pictures.turn - b.pictures.turn);
  for (const { slots, task, pictures } of due.slice(0, TASKS_PER_LOOK)) {
    pictures.turn = ++turn;
    const { frames } = await get(framesOf(task));
    pictures.mark = markOf(task);
    pictures.latest = latestOf(frames.filter((frame) => isOfThisRun(frame, task)), task, pictures.latest);
    showPictures(slots.thumbs, task, pictures);
  }
}

/** The newest frame of each stream. Only streams that the task names keep a former one: others come and go. */
function latestOf(frames, task, former) {
  const named = new Set(namedStreams(task).map(keyOf));
  const newest = new Map([...former].filter(([key]) => named.has(key)));
  for (const frame of [...frames].reverse()) newest.set(keyOf(streamOf(frame, task)), frame);
  return new Map([...newest].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Frames may tell their user alone: then they are taken for the first stream of that user. */
function streamOf(frame, task) {
  const own = ({ userId, streamType }) => userId === frame.userId && (frame.streamType ?? streamType) === streamType;
  return namedStreams(task).find(own) ?? frame;
}

// An automatic task names the screen of each user too, although few share one.
function namedStreams({ streams, automatic }) {
  return automatic ? [] : streams ?? [];
}

function markOf({ frames, lastFrame }) {
  return `${frames} ${lastFrame?.key}`;
}

function framesOf({ appId, roomId, taskId, streams }) {
  const limit = Math.max(8, 3 * Math.min(streams?.length ?? 0, STREAMS_SHOWN));
  return `/frames?${new URLSearchParams({ app: appId, room: roomId, task: taskId, limit })}`;
}

/** Runs of one task share its id, and so its frames; times tell them apart. */
function isOfThisRun({ time }, { startTime, endTime }) {
  const early = startTime && secondsBetween(time, startTime) > SECONDS_OF_GRACE;
  const late = endTime && secondsBetween(endTime, time) > SECONDS_OF_GRACE;
  return !early && !late;
}

/** A user may publish camera and screen at once, so a stream is a user and a kind. */
function keyOf({ userId, streamType }) {
  return JSON.stringify([userId, streamType]);
}

function nameOf({ userId, streamType }) {
  return streamType === "screen" ? `${userId}, screen` : userId;
}

/** One thumbnail per stream: those the task names first, then whatever else has a picture. */
export function showPictures(list, task, pictures) {
  const all = new Map([...namedStreams(task).map((stream) => [keyOf(stream), stream]), ...pictures.latest]);
  const shown = new Map([...all].slice(0, STREAMS_SHOWN));
  for (const key of pictures.thumbs.keys()) if (!shown.has(key)) pictures.thumbs.delete(key);
  arrange(list, [...shown].map(([key, stream]) => thumbOf(key, stream, pictures).root));
  show(list, shown.size > 0);
}

function thumbOf(key, stream, pictures) {
  if (!pictures.thumbs.has(key)) pictures.thumbs.set(key, newThumb(nameOf(stream)));
  const thumb = pictures.thumbs.get(key);
  const frame = pictures.latest.get(key);
  if (frame && frame.url !== thumb.frame?.url) fillThumb(thumb, frame);
  return thumb;
}

function newThumb(name) {
  const thumb = { ...stamp("thumb"), frame: null };
  const { button, image, absent } = thumb.slots;
  setText(thumb.slots.user, name);
  thumb.slots.user.title = name;
  button.setAttribute("aria-label", `${name}: no picture yet`);
  button.addEventListener("click", () => openPicture(thumb.frame));
  image.addEventListener("load", () => showEither(image, absent));
  image.addEventListener("error", () => {
    setText(absent, "picture cannot be read");
    showEither(absent, image);
  });
  return thumb;
}

function showEither(one, other) {
  show(one, true);
  show(other, false);
}

function fillThumb(thumb, frame) {
  const { button, image, time } = thumb.slots;
  thumb.frame = frame;
  image.src = frame.url;
  setTime(time, frame.time, timeOfDay(frame.time));
  button.disabled = false;
  button.setAttribute("aria-label", `${nameOf(frame)}, ${timeOfDay(frame.time)}: show the picture large`);
}

function openPicture(frame) {
  setText(byId("picture-title"), `Picture of ${nameOf(frame)}`);
  const image = new Image();
  image.src = frame.url;
  image.alt = `What ${nameOf(frame)} published at ${exactTime(frame.time)} UTC`;
  byId("picture-place").replaceChildren(image);
  setText(byId("picture-time"), `${exactTime(frame.time)} UTC`);
  setText(byId("picture-bucket"), frame.bucket);
  setText(byId("picture-key"), frame.key);
  byId("picture-key").href = frame.url;
  setText(byId("picture-size"), bytes(frame.size));
  byId("picture").showModal();
}
