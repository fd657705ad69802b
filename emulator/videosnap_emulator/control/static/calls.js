// The calls that reached the emulator, the newest on top.

import { get } from "/page/requests.js";
import { asText, byId, counted, element, exactTime, setMeter, setOptional, setText, show, stamp, timeOfDay } from "/page/dom.js";

const KEPT = 50;
const SYMBOLS = { ok: "✓", unchecked: "–" }; // any other verdict is a refusal

let seen = 0;
let restart = true;

/** Forget the calls shown so far: the next look starts at the first one. */
export function restartCalls() {
  restart = true;
}

export async function lookAtCalls() {
  const answer = await get(`/calls?after=${restart ? 0 : seen}`);
  if (answer.last < seen && !restart) {
    // Numbers that run backward mean a reset by somebody else: what is shown is history of another state.
    restartCalls();
    return lookAtCalls();
  }
  const newest = [...answer.calls].sort((a, b) => b.seq - a.seq);
  if (restart) byId("calls").replaceChildren();
  restart = false;
  seen = answer.last;
  putOnTop(newest.slice(0, KEPT).map(row));
  show(byId("calls-box"), byId("calls").children.length > 0);
  show(byId("no-calls"), byId("calls").children.length === 0);
  setText(byId("call-count"), callCount(byId("calls").children.length));
}

// How many there were before is not said: the emulator numbers on after a reset.
function callCount(rows) {
  if (rows === 0) return "";
  return rows < KEPT ? counted(rows, "call") : `the last ${KEPT}`;
}

/** A reader who has scrolled down keeps the rows they read; a reader at the top sees the new ones. */
function putOnTop(rows) {
  if (!rows.length) return;
  const [box, body] = [byId("calls-box"), byId("calls")];
  const top = () => anchor?.getBoundingClientRect().top ?? 0;
  const anchor = body.firstElementChild;
  const before = top();
  body.prepend(...rows);
  if (box.scrollTop > 0) box.scrollTop += top() - before;
  while (body.children.length > KEPT) body.lastElementChild.remove();
}

function row(call) {
  const { root, slots } = stamp("call-row");
  slots.time.textContent = timeOfDay(call.time);
  slots.time.title = `${exactTime(call.time)} UTC emulated, ${exactTime(call.realTime)} UTC real`;
  slots.action.replaceChildren(...breakable(call.action || "unknown action", /(?=[A-Z])/));
  slots.action.addEventListener("click", () => openCall(call));
  slots.target.textContent = target(call.summary);
  slots.target.title = slots.target.textContent;
  slots.status.textContent = call.httpStatus || "none"; // a dropped connection has no status
  root.dataset.failed = String(!(call.httpStatus < 400));
  slots.code.append(...breakable(call.code ?? "", /(?<=\.)/));
  show(slots.code, Boolean(call.code));
  setOptional(slots.fault, call.fault ? `fault: ${call.fault}` : "");
  slots.signature.textContent = verdict(call.signature);
  slots.signature.dataset.verdict = call.signature in SYMBOLS ? call.signature : "refused";
  fillQuota(slots, call);
  slots.took.textContent = Math.round(call.durationMs ?? 0);
  return root;
}

/** Long text breaks where it reads best: a code after its dots, an action before its capitals. */
function breakable(text, where) {
  return text.split(where).flatMap((part) => [part, document.createElement("wbr")]);
}

function fillQuota(slots, { qpsUsed, qpsLimit }) {
  const known = Boolean(qpsLimit);
  slots.used.textContent = known ? `${qpsUsed}/${qpsLimit}` : "–";
  show(slots.meter, known);
  if (known) setMeter(slots.meter, qpsUsed, qpsLimit, "Calls in that second, of the limit");
}

function verdict(signature) {
  return `${SYMBOLS[signature] ?? "✕"} ${signature ?? "unknown"}`;
}

/** What the call was about, in one line: the id or the object that it names, or whatever else it sent. */
function target(summary) {
  const sent = summary ?? {};
  if (sent.TaskId) return String(sent.TaskId);
  if (sent.Input?.Object) return `${sent.Input.Bucket}/${sent.Input.Object}`;
  return Object.entries(sent).map(([key, value]) => `${key}=${asText(value)}`).join(" ");
}

function openCall(call) {
  const { summary, ...facts } = call;
  byId("call-title").textContent = `Call ${call.seq}: ${call.action}`;
  byId("call-facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [
    element("dt", name), element("dd", asText(value ?? "none")),
  ]));
  byId("call-summary").textContent = JSON.stringify(summary ?? {}, null, 2);
  byId("call").showModal();
}
