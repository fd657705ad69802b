// The workflows of MPS, each with a place to upload a video to, and their runs with the frames of each.

import { get } from "/page/requests.js";
import { announce, arrange, byId, duration, element, exactTime, secondsBetween, setText, setTime, show, stamp } from "/page/dom.js";
import { clock } from "/page/overview.js";
import { showThumbs } from "/page/mps/objects.js";

const RUNS_SHOWN = 24;
const SYMBOLS = { Active: "●", Inactive: "○", Running: "●", Completed: "■", Success: "■", Fail: "▲" };
/** The card's colour is that of a task or job in such a state. */
const COLOURS = { Active: "running", Inactive: "not started", Running: "running", Fail: "Fail" };

export const html = `
<section id="workflows-section" aria-labelledby="workflows" hidden>
  <div class="heading">
    <h2 id="workflows" tabindex="-1">Workflows</h2>
    <p id="workflow-count" class="quiet"></p>
  </div>
  <ul id="workflow-list" class="cards"></ul>
</section>
<section id="runs-section" aria-labelledby="runs" hidden>
  <div class="heading">
    <h2 id="runs" tabindex="-1">Runs of workflows</h2>
    <p id="run-count" class="quiet"></p>
  </div>
  <ul id="run-list" class="cards"></ul>
</section>

<template id="workflow-card">
  <li class="card">
    <div class="about">
      <div class="state"><p><span aria-hidden="true" data-slot="symbol"></span> <span data-slot="words"></span></p></div>
      <h3 data-slot="id"></h3>
      <p class="place" data-slot="place"></p>
      <p data-slot="settings"></p>
      <p><label><span data-slot="label"></span> <input type="file" data-slot="upload"></label></p>
    </div>
  </li>
</template>

<template id="run-card">
  <li class="card">
    <div class="about">
      <div class="state"><p><span aria-hidden="true" data-slot="symbol"></span> <span data-slot="words"></span></p></div>
      <h3 data-slot="id"></h3>
      <p class="place" data-slot="place"></p>
      <ul data-slot="activities"></ul>
      <p><time class="quiet exact" data-slot="exact"></time></p>
    </div>
    <ul class="thumbs" data-slot="thumbs" aria-label="Sheets and frames of the run"></ul>
  </li>
</template>
`;

const workflowCards = new Map();
const runCards = new Map();
let buttons;

export function setUp(given) {
  buttons = given;
}

export async function look() {
  const { workflows = [] } = await get("/workflows");
  const kept = workflows.filter(({ state }) => state !== "Deleted");
  fillList("workflow", workflowCards, kept, ({ workflowId }) => workflowId, newWorkflow, fillWorkflow);
  setText(byId("workflow-count"), `${kept.length}`);
  const { runs = [], total = 0 } = await get(`/runs?limit=${RUNS_SHOWN}`);
  fillList("run", runCards, runs, ({ runId }) => runId, newRun, fillRun);
  setText(byId("run-count"), total > RUNS_SHOWN ? `${total}, the latest ${RUNS_SHOWN} of them here` : `${total}`);
}

function fillList(name, cards, rows, keyOf, make, fill) {
  for (const row of rows) {
    if (!cards.has(keyOf(row))) cards.set(keyOf(row), make());
    const card = cards.get(keyOf(row));
    card.row = row;
    fill(card);
  }
  const keep = new Set(rows.map(keyOf));
  for (const key of cards.keys()) if (!keep.has(key)) cards.delete(key);
  arrange(byId(`${name}-list`), rows.map((row) => cards.get(keyOf(row)).root));
  show(byId(`${name}s-section`), rows.length > 0);
}

function newWorkflow() {
  const card = { ...stamp("workflow-card"), row: null };
  card.slots.upload.addEventListener("change", () => upload(card));
  return card;
}

async function upload({ slots, row }) {
  const [file] = slots.upload.files;
  if (!file) return;
  const { bucket, prefix } = row.input;
  const key = (prefix + file.name).split("/").map(encodeURIComponent).join("/");
  const answer = await buttons.press(slots.upload, "PUT", `/uploads/${encodeURIComponent(bucket)}/${key}`, file);
  slots.upload.value = "";
  if (answer) announce(`${file.name} is in ${bucket}.`);
}

function fillWorkflow({ root, slots, row }) {
  fillState(root, slots, row.state);
  setText(slots.words, row.triggerMode === "NotInAuto" ? `${row.state}, started by hand only` : row.state);
  setText(slots.id, row.name);
  const place = `${row.input.bucket}/${row.input.prefix}`;
  setText(slots.place, `${place} · pipeline ${row.pipelineId} · ${row.workflowId}`);
  slots.place.title = slots.place.textContent;
  setText(slots.settings, Object.entries(row.snapshots).map(settings).join("; "));
  setText(slots.label, `Upload a video to ${place}`);
}

function settings([name, { Time: time, Num: number, OutputFile: output }]) {
  const frames = number ? `${number} frames from ${Number(time ?? 0) / 1000} s` : `from ${Number(time ?? 0) / 1000} s`;
  return `${name}: ${frames} into ${output.Bucket}/${output.Object}`;
}

function fillState(root, slots, state) {
  root.dataset.state = COLOURS[state] ?? state;
  setText(slots.symbol, SYMBOLS[state] ?? "?");
  setText(slots.words, state);
}

function newRun() {
  return { ...stamp("run-card"), thumbs: new Map(), shown: "", row: null };
}

function fillRun(card) {
  const { root, slots, thumbs, row } = card;
  fillState(root, slots, row.state);
  if (row.activities.some(({ state }) => state === "Fail")) root.dataset.state = "Fail";
  setText(slots.id, `${row.input.bucket}/${row.input.key}`);
  setText(slots.place, `workflow ${row.workflowName} · run ${row.runId}`);
  slots.place.title = slots.place.textContent;
  setTime(slots.exact, row.creationTime, `${exactTime(row.creationTime)} UTC`);
  fillActivities(card);
  const objects = row.activities.flatMap((one) => one.objects);
  showThumbs(slots.thumbs, thumbs, { objects, endTime: row.activities.at(-1)?.endTime, input: row.input });
}

function fillActivities(card) {
  const lines = card.row.activities.map(activityLine);
  if (card.shown === lines.join("\n")) return;
  card.shown = lines.join("\n");
  const items = card.row.activities.map(({ state }, place) => element("li", lines[place], state === "Fail" ? "error" : ""));
  card.slots.activities.replaceChildren(...items);
}

function activityLine({ name, state, code, message, startTime, endTime }) {
  const took = secondsBetween(startTime, endTime ?? clock.now);
  const time = state === "Running" || took >= 1 ? `, ${duration(took)}` : "";
  return `${name}: ${state}${time}${code ? `, ${code}: ${message}` : ""}`;
}
