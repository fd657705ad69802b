// The workflows of MPS, each with a place to upload a video to, and their runs with the frames of each.

import { get } from "/page/requests.js";
import { announce, duration, element, exactTime, secondsBetween, setText, setTime, stamp } from "/page/dom.js";
import { clock } from "/page/overview.js";
import { cardOf, fillHead, fillList, placeOf, sectionOf } from "/page/mps/cards.js";
import { showThumbs } from "/page/mps/objects.js";

const RUNS_SHOWN = 24;

export const html = [
  sectionOf("workflow", "Workflows"),
  sectionOf("run", "Runs of workflows"),
  cardOf("workflow", `
      <p data-slot="settings"></p>
      <p><label><span data-slot="label"></span> <input type="file" data-slot="upload"></label></p>`),
  cardOf("run", `
      <ul data-slot="activities"></ul>
      <p><time class="quiet exact" data-slot="exact"></time></p>`, "Sheets and frames of the run"),
].join("");

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
  const { runs = [], total = 0 } = await get(`/runs?limit=${RUNS_SHOWN}`);
  fillList("run", runCards, runs, ({ runId }) => runId, newRun, fillRun, total);
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

function fillWorkflow(card) {
  const { slots, row } = card;
  const place = `${row.input.bucket}/${row.input.prefix}`;
  const words = row.triggerMode === "NotInAuto" ? `${row.state}, started by hand only` : row.state;
  fillHead(card, row.state, row.name, `${place} · pipeline ${row.pipelineId} · ${row.workflowId}`, words);
  setText(slots.settings, Object.entries(row.snapshots).map(settings).join("; "));
  setText(slots.label, `Upload a video to ${place}`);
}

function settings([name, { Time: time, Num: number, OutputFile: output }]) {
  const frames = number ? `${number} frames from ${Number(time ?? 0) / 1000} s` : `from ${Number(time ?? 0) / 1000} s`;
  return `${name}: ${frames} into ${placeOf(output)}`;
}

function newRun() {
  return { ...stamp("run-card"), thumbs: new Map(), shown: "", row: null };
}

function fillRun(card) {
  const { root, slots, thumbs, row } = card;
  const source = `${row.input.bucket}/${row.input.key}`;
  fillHead(card, row.state, source, `workflow ${row.workflowName} · run ${row.runId}`);
  if (row.activities.some(({ state }) => state === "Fail")) root.dataset.state = "Fail";
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
