// The snapshot jobs of MPS, one card each, the latest first, below workflows and runs. What there is none of is not shown.

import { get } from "/page/requests.js";
import { announce, counted, duration, element, exactTime, secondsBetween, setOptional, setText, setTime, show, stamp } from "/page/dom.js";
import { clock } from "/page/overview.js";
import { cardOf, fillHead, fillList, placeOf, sectionOf } from "/page/mps/cards.js";
import { showThumbs } from "/page/mps/objects.js";
import * as workflows from "/page/mps/workflows.js";

const SHOWN = 24;

export const html = [
  workflows.html,
  sectionOf("job", "Snapshot jobs"),
  cardOf("job", `
      <p data-slot="settings"></p>
      <p class="quiet" data-slot="token"></p>
      <p><span data-slot="progress"></span> <time class="quiet exact" data-slot="exact"></time></p>
      <p data-slot="counts"></p>
      <p data-slot="text" hidden></p>
      <p class="error" data-slot="error"></p>`, "Latest sheets and frames"),
].join("");

const cards = new Map();
let visited = false;

export const setUp = workflows.setUp;

export async function look() {
  await workflows.look();
  const { jobs = [], total = 0 } = await get(`/jobs?limit=${SHOWN}`);
  const changes = [];
  fillList("job", cards, jobs, ({ jobId }) => jobId, newJob, (card) => changes.push(...fill(card)), total);
  document.body.classList.toggle("has-jobs", total > 0);
  if (visited) announceChanges(changes);
  visited = true;
}

function newJob() {
  return { ...stamp("job-card"), thumbs: new Map(), state: null };
}

function announceChanges(changes) {
  if (changes.length > 3) announce(`${changes.length} jobs changed their state.`);
  else if (changes.length) announce(changes.join(". "));
}

/** Bring a job's card up to date; return what became of the job, if anything did. */
function fill(card) {
  const { slots, thumbs, row: job } = card;
  const pipeline = job.pipelineId ? `pipeline ${job.pipelineId}` : "no pipeline";
  fillHead(card, job.state, job.jobId, `${job.input.bucket}/${job.input.key} · ${pipeline}`);
  setText(slots.settings, settings(job));
  setOptional(slots.token, job.userData ? `user data ${job.userData}` : "");
  setText(slots.progress, progress(job));
  setTime(slots.exact, job.creationTime, `${exactTime(job.creationTime)} UTC`);
  setText(slots.counts, counts(job));
  setOptional(slots.error, job.code || job.message ? `${job.code ?? "no code"}: ${job.message ?? ""}` : "");
  fillText(slots.text, job.objects.find(({ kind }) => kind === "vtt"));
  showThumbs(slots.thumbs, thumbs, job);
  const before = card.state;
  card.state = job.state;
  return before === job.state ? [] : [`Job ${job.jobId.slice(0, 8)}: ${job.state}`];
}

function settings({ snapshotConfig: config, asynchronous, format }) {
  const times = config.TimeArray ? `at ${config.TimeArray.TimePointList.length} points` : `from ${seconds(config.Time)}`;
  const parts = [asynchronous ? times : `at ${seconds(config.Time)}, synchronous`];
  if (config.Interval) parts.push(config.Interval === "0" ? "spread evenly" : `every ${config.Interval} s`);
  if (config.Num) parts.push(counted(Number(config.Num), "frame"));
  if (config.FrameType) parts.push(config.FrameType);
  parts.push(...size(config));
  if (config.TileOutputFile) parts.push("tiled");
  if (format) parts.push(format);
  return [...parts, `into ${placeOf(config.OutputFile)}`].join(" · ");
}

function size({ Width: width, Height: height }) {
  if (width && height) return [`${width} × ${height}`];
  return [width && `${width} wide`, height && `${height} high`].filter(Boolean);
}

function seconds(milliseconds) {
  return `${Number(milliseconds ?? 0) / 1000} s`;
}

function progress({ state, creationTime, startDue, endDue, endTime }) {
  if (startDue) return `begins ${within(startDue)}`;
  if (endDue) return `ends ${within(endDue)}`;
  if (state === "Submitted") return "held back by its pipeline";
  const took = secondsBetween(creationTime, endTime ?? creationTime);
  return took < 0.5 ? "done at once" : `took ${duration(took)}`;
}

function within(time) {
  const left = secondsBetween(clock.now, time);
  return left < 1 ? "at once" : `in ${duration(left)}`;
}

function counts({ count, tileCount }) {
  const parts = [count !== null && counted(count, "frame"), tileCount !== null && counted(tileCount, "sheet")];
  return parts.filter(Boolean).join(", ") || "no frame yet";
}

function fillText(place, text) {
  show(place, Boolean(text));
  if (!text || place.dataset.url === text.url) return;
  place.dataset.url = text.url;
  const link = element("a", text.key);
  link.href = text.url;
  link.target = "_blank";
  link.rel = "noopener";
  place.replaceChildren("WebVTT: ", link);
}
