// The tasks, one card each: what runs above, what has ended below.

import { get } from "/page/requests.js";
import {
  announce, arrange, byId, counted, duration, exactTime, grouped, secondsBetween, setOptional, setText, setTime, show, stamp,
} from "/page/dom.js";
import { clock } from "/page/overview.js";
import { lookAtFrames, newFrames, showFrames } from "/page/rtc/frames.js";

const SYMBOLS = { running: "●", "not started": "○", ended: "■", failed: "▲" };
const LIVE = ["running", "not started"]; // in the order of their cards
const REASONS = {
  StopByAPI: "somebody called StopSnapshot",
  IdleTimeOut: "no stream for longer than it waits",
  UserDisconnect: "the user left the room",
  StartTaskFailed: "it could not be started",
};

export const html = `
<section aria-labelledby="tasks">
  <div class="heading">
    <h2 id="tasks" tabindex="-1">Tasks</h2>
    <p id="task-count" class="quiet"></p>
  </div>
  <div id="no-tasks" class="teach" hidden>
    <p id="no-tasks-why"></p>
    <p>Start one from another terminal, in the folder of the project:</p>
    <pre><code>. engine/env.sh
. .emulator/env
pulumi stack select --create dev
pulumi up</code></pre>
    <p class="quiet">A room needs no set-up: it has the users <code>user0</code> and <code>user1</code>, so frames come at once.</p>
  </div>
  <ul id="live-tasks" class="cards"></ul>
  <details id="ended" hidden>
    <summary><h3 id="ended-count">Ended tasks</h3></summary>
    <ul id="ended-tasks" class="cards"></ul>
  </details>
</section>

<template id="task-card">
  <li class="card">
    <div class="about">
      <div class="state">
        <p><span aria-hidden="true" data-slot="symbol"></span> <span data-slot="words"></span></p>
        <button type="button" class="careful" data-slot="stop" title="As if somebody called StopSnapshot">Stop</button>
      </div>
      <h3 data-slot="id"></h3>
      <p class="place" data-slot="place"></p>
      <p data-slot="reason"></p>
      <p data-slot="settings"></p>
      <p><span data-slot="started"></span> <time class="quiet exact" data-slot="exact"></time></p>
      <p data-slot="counts"></p>
      <p class="error" data-slot="error"></p>
    </div>
    <ul class="thumbs" data-slot="thumbs" aria-label="Latest frame of each stream"></ul>
  </li>
</template>
`;

const cards = new Map();
let buttons;
let visited = false;

export function setUp(given) {
  buttons = given;
}

export async function look() {
  const { tasks } = await get("/tasks");
  const inCard = Boolean(document.activeElement.closest(".card"));
  const changes = tasks.map(refresh).filter(Boolean);
  forgetAllBut(tasks);
  sortCards(tasks);
  // Whoever pressed a "Stop" that is gone would otherwise start again at the top of the page.
  if (inCard && document.activeElement === document.body) byId("tasks").focus();
  if (visited) announceChanges(changes);
  visited = true;
  // Frames of ended tasks are fetched only while somebody looks: there may be hundreds of such tasks.
  await lookAtFrames([...cards.values()].filter(({ task }) => isLive(task) || byId("ended").open));
}

/** A task that runs again under its id is another run with another history, so it is another card. */
function keyOf({ cloud, appId, roomId, taskId, startTime }) {
  return JSON.stringify([cloud, appId, roomId, taskId, startTime]);
}

function isLive({ status }) {
  return LIVE.includes(status);
}

/** Bring a task's card up to date; return what became of the task, if anything did. */
function refresh(task) {
  const key = keyOf(task);
  const before = cards.get(key)?.task.status;
  if (!cards.has(key)) cards.set(key, newCard());
  const card = cards.get(key);
  card.task = task;
  fill(card);
  if (before === task.status) return null;
  return `Task ${task.taskId}: ${task.status}${task.stopReason ? `, ${task.stopReason}` : ""}`;
}

function announceChanges(changes) {
  if (changes.length > 3) announce(`${changes.length} tasks changed their state.`);
  else if (changes.length) announce(changes.join(". "));
}

function forgetAllBut(tasks) {
  const keep = new Set(tasks.map(keyOf));
  for (const key of cards.keys()) if (!keep.has(key)) cards.delete(key);
}

/** Put the cards into their lists, and tell how many there are. */
function sortCards(tasks) {
  const live = LIVE.flatMap((status) => tasks.filter((task) => task.status === status));
  const over = tasks.filter((task) => !isLive(task));
  const rootsOf = (some) => some.map((task) => cards.get(keyOf(task)).root);
  arrange(byId("ended-tasks"), rootsOf(over));
  arrange(byId("live-tasks"), rootsOf(live));
  showCounts(live, over);
}

function showCounts(live, over) {
  const running = live.filter(({ status }) => status === "running").length;
  const failed = over.filter(({ status }) => status === "failed").length;
  setText(byId("task-count"), liveCount(running, live.length - running));
  setText(byId("ended-count"), `Ended tasks: ${over.length}${failed ? `, of them ▲ ${failed} failed` : ""}`);
  setText(byId("no-tasks-why"), over.length ? "No task is running." : "No task yet.");
  show(byId("no-tasks"), live.length === 0);
  show(byId("ended"), over.length > 0);
  document.title = running ? `${running} running · videosnap emulator` : "videosnap emulator";
}

function liveCount(running, waiting) {
  return [running && `${running} running`, waiting && `${waiting} not started`].filter(Boolean).join(", ");
}

function newCard() {
  const { root, slots } = stamp("task-card");
  const card = { root, slots, task: null, shown: newFrames() };
  buttons.onPress(slots.stop, (button) => {
    const { appId, roomId, taskId } = card.task;
    buttons.press(button, "POST", `/tasks/${[appId, roomId, taskId].map(encodeURIComponent).join("/")}/stop`, {});
  });
  return card;
}

function fill({ root, slots, task, shown }) {
  root.dataset.state = task.status;
  setText(slots.symbol, SYMBOLS[task.status] ?? "?");
  setText(slots.words, task.status);
  setText(slots.id, task.taskId);
  slots.id.title = task.taskId;
  setText(slots.place, whereabouts(task));
  slots.place.title = slots.place.textContent;
  setOptional(slots.reason, reason(task));
  setText(slots.settings, settings(task));
  fillTimes(slots, task);
  setText(slots.counts, counts(task));
  setOptional(slots.error, task.lastError ? `Last error: ${task.lastError}` : "");
  show(slots.stop, isLive(task));
  slots.stop.setAttribute("aria-label", `Stop task ${task.taskId}, as if somebody called StopSnapshot`);
  showFrames(slots.thumbs, task, shown);
}

function whereabouts({ roomId, appId, businessId }) {
  return `room ${roomId} · app ${appId}${businessId ? ` · business ${businessId}` : ""}`;
}

function reason({ stopReason }) {
  if (!stopReason) return "";
  return REASONS[stopReason] ? `${stopReason}: ${REASONS[stopReason]}` : stopReason;
}

function settings({ interval, format, width, height, storage, streams, automatic }) {
  const size = width && height ? `${width} × ${height}` : "the stream's size";
  const parts = [`every ${interval} s`, `${format} ${size}`, `into ${storage?.type ?? "?"}:${storage?.bucket ?? "?"}`];
  if (!streams?.length) parts.push("every stream of the room");
  if (automatic) parts.push("started by itself");
  return parts.join(" · ");
}

function fillTimes(slots, { startTime, endTime }) {
  if (!startTime) {
    setText(slots.started, "not started yet");
  } else if (endTime) {
    setText(slots.started, `ran ${duration(secondsBetween(startTime, endTime))}, ended ${ago(endTime)}`);
  } else {
    setText(slots.started, `started ${ago(startTime)}`);
  }
  const time = endTime ?? startTime;
  setTime(slots.exact, time, time ? `${exactTime(time)} UTC` : "");
}

function ago(time) {
  const seconds = secondsBetween(time, clock.now);
  return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}

function counts({ frames, skippedFrames }) {
  const taken = counted(frames, "frame");
  return skippedFrames ? `${taken}, ${grouped(skippedFrames)} skipped` : taken;
}
