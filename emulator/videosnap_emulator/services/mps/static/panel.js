// The snapshot jobs of MPS, one card each, the latest first, below workflows and runs. What there is none of is not shown.

import { get } from "/page/requests.js";
import { announce, arrange, byId, counted, duration, element, exactTime, secondsBetween, setOptional, setText, setTime, show, stamp } from "/page/dom.js";
import { clock } from "/page/overview.js";
import { showThumbs } from "/page/mps/objects.js";
import * as workflows from "/page/mps/workflows.js";

const SHOWN = 24;
const SYMBOLS = { Submitted: "○", Snapshoting: "●", Success: "■", Fail: "▲" };

export const html = `${workflows.html}
<section id="jobs-section" aria-labelledby="jobs" hidden>
  <div class="heading">
    <h2 id="jobs" tabindex="-1">Snapshot jobs</h2>
    <p id="job-count" class="quiet"></p>
  </div>
  <ul id="jobs-list" class="cards"></ul>
</section>

<template id="job-card">
  <li class="card">
    <div class="about">
      <div class="state"><p><span aria-hidden="true" data-slot="symbol"></span> <span data-slot="words"></span></p></div>
      <h3 data-slot="id"></h3>
      <p class="place" data-slot="place"></p>
      <p data-slot="settings"></p>
      <p class="quiet" data-slot="token"></p>
      <p><span data-slot="progress"></span> <time class="quiet exact" data-slot="exact"></time></p>
      <p data-slot="counts"></p>
      <p data-slot="text" hidden></p>
      <p class="error" data-slot="error"></p>
    </div>
    <ul class="thumbs" data-slot="thumbs" aria-label="Latest sheets and frames"></ul>
  </li>
</template>
`;

const cards = new Map();
let visited = false;

export const setUp = workflows.setUp;

export async function look() {
  await workflows.look();
  const { jobs = [], total = 0 } = await get(`/jobs?limit=${SHOWN}`);
  const changes = jobs.map(refresh).filter(Boolean);
  const keep = new Set(jobs.map(({ jobId }) => jobId));
  for (const key of cards.keys()) if (!keep.has(key)) cards.delete(key);
  arrange(byId("jobs-list"), jobs.map(({ jobId }) => cards.get(jobId).root));
  setText(byId("job-count"), total > SHOWN ? `${total}, the latest ${SHOWN} of them here` : `${total}`);
  show(byId("jobs-section"), total > 0);
  document.body.classList.toggle("has-jobs", total > 0);
  if (visited) announceChanges(changes);
  visited = true;
}

/** Bring a job's card up to date; return what became of the job, if anything did. */
function refresh(job) {
  if (!cards.has(job.jobId)) cards.set(job.jobId, { ...stamp("job-card"), thumbs: new Map(), state: null });
  const card = cards.get(job.jobId);
  const before = card.state;
  card.state = job.state;
  fill(card, job);
  return before === job.state ? null : `Job ${job.jobId.slice(0, 8)}: ${job.state}`;
}

function announceChanges(changes) {
  if (changes.length > 3) announce(`${changes.length} jobs changed their state.`);
  else if (changes.length) announce(changes.join(". "));
}

function fill({ root, slots, thumbs }, job) {
  root.dataset.state = job.state;
  setText(slots.symbol, SYMBOLS[job.state] ?? "?");
  setText(slots.words, job.state);
  setText(slots.id, job.jobId);
  setText(slots.place, `${job.input.bucket}/${job.input.key} · ${job.pipelineId ? `pipeline ${job.pipelineId}` : "no pipeline"}`);
  slots.place.title = slots.place.textContent;
  setText(slots.settings, settings(job));
  setOptional(slots.token, job.userData ? `user data ${job.userData}` : "");
  setText(slots.progress, progress(job));
  setTime(slots.exact, job.creationTime, `${exactTime(job.creationTime)} UTC`);
  setText(slots.counts, counts(job));
  setOptional(slots.error, job.code || job.message ? `${job.code ?? "no code"}: ${job.message ?? ""}` : "");
  fillText(slots.text, job.objects.find(({ kind }) => kind === "vtt"));
  showThumbs(slots.thumbs, thumbs, job);
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
  return [...parts, `into ${config.OutputFile.Bucket}/${config.OutputFile.Object}`].join(" · ");
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
