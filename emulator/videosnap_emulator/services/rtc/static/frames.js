// The latest frame of each stream of a task.

import { get } from "/page/requests.js";
import { arrange, exactTime, secondsBetween, show, timeOfDay } from "/page/dom.js";
import { fillThumb, newThumb } from "/page/thumbs.js";

const TASKS_PER_LOOK = 6; // a jump of the clock gives every task new frames; the rest has its turn next time
const STREAMS_SHOWN = 8;
const SECONDS_OF_GRACE = 1; // task times may be cut to whole seconds, frame times are not

/** What is known of one task's frames: the latest frame and the thumbnail of each stream. */
export function newFrames() {
  return { latest: new Map(), thumbs: new Map(), mark: "", turn: 0 };
}

let turn = 0;

/** Fetch the frames of those tasks that have taken some since they were last asked, longest waiting first. */
export async function lookAtFrames(cards) {
  const due = cards.filter(({ task, shown }) => task.frames && shown.mark !== markOf(task));
  due.sort((a, b) => a.shown.turn - b.shown.turn);
  for (const { slots, task, shown } of due.slice(0, TASKS_PER_LOOK)) {
    shown.turn = ++turn;
    const { frames } = await get(framesOf(task));
    shown.mark = markOf(task);
    shown.latest = latestOf(frames.filter((frame) => isOfThisRun(frame, task)), task, shown.latest);
    showFrames(slots.thumbs, task, shown);
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

/** One thumbnail per stream: those the task names first, then whatever else has a frame. */
export function showFrames(list, task, shown) {
  const all = new Map([...namedStreams(task).map((stream) => [keyOf(stream), stream]), ...shown.latest]);
  const visible = new Map([...all].slice(0, STREAMS_SHOWN));
  for (const key of shown.thumbs.keys()) if (!visible.has(key)) shown.thumbs.delete(key);
  arrange(list, [...visible].map(([key, stream]) => thumbOf(key, stream, shown).root));
  show(list, visible.size > 0);
}

function thumbOf(key, stream, shown) {
  if (!shown.thumbs.has(key)) shown.thumbs.set(key, newThumb(nameOf(stream)));
  const thumb = shown.thumbs.get(key);
  const frame = shown.latest.get(key);
  if (frame && frame.url !== thumb.frame?.url) fillThumb(thumb, thumbContent(frame));
  return thumb;
}

/** A frame as a thumbnail and the dialog show it. */
function thumbContent(frame) {
  const [name, at] = [nameOf(frame), timeOfDay(frame.time)];
  return {
    ...frame,
    caption: at,
    label: `${name}, ${at}`,
    title: `Frame of ${name}`,
    alt: `What ${name} published at ${exactTime(frame.time)} UTC`,
  };
}
