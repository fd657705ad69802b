// What is about no service in particular: clock, rate limits, services, faults, assumptions.

import { get } from "/page/requests.js";
import {
  arrange, asText, byId, counted, duration, element, exactTime, secondsBetween, setMeter, setText, setTime, show, stamp,
} from "/page/dom.js";

/** The emulated time of the last look, which "ago" is counted from. */
export const clock = { now: null };

export async function lookAtClock() {
  const { now, real, pace } = await get("/clock");
  clock.now = now;
  setTime(byId("clock-now"), now, `${exactTime(now)} UTC`);
  setText(byId("clock-lead"), lead(secondsBetween(real, now)) + (pace === "manual" ? "; stands still until moved" : ""));
}

function lead(seconds) {
  if (Math.abs(seconds) < 2) return "the same as real time";
  return `${duration(seconds)} ${seconds > 0 ? "ahead of" : "behind"} real time`;
}

const quotas = new Map();

export async function lookAtQuota() {
  // Of all services' actions, those that somebody used.
  const items = listed((await get("/quota")).quota).filter(({ maximum }) => maximum > 0);
  arrange(byId("quota"), items.map(quotaItem));
  show(byId("quota"), items.length > 0);
}

function listed(quota) {
  if (Array.isArray(quota)) return quota;
  return Object.entries(quota ?? {}).map(([action, values]) => ({ action, ...values }));
}

function quotaItem({ action, used, limit, maximum }) {
  if (!quotas.has(action)) quotas.set(action, stamp("quota-item"));
  const { root, slots } = quotas.get(action);
  setText(slots.action, action);
  setText(slots.used, `${used}/${limit}`);
  setMeter(slots.meter, used, limit, `${action}, calls in the last second`);
  root.title = `Most in any second: ${maximum}`;
  return root;
}

/** Which services there are cannot change while the emulator runs. */
export async function lookAtServices() {
  const { services } = await get("/services");
  setText(byId("service-count"), counted(services.length, "service"));
  byId("service-list").replaceChildren(...services.flatMap(serviceItem));
  return services;
}

function serviceItem({ title, endpoint, endpointVariable, actions }) {
  const limits = actions.map(({ action, limit }) => `${action} ${limit}`).join(", ");
  const description = element("dd", "");
  description.append(element("p", `${endpointVariable}=${endpoint}`), element("p", `Calls per second: ${limits}`, "quiet"));
  return [element("dt", title), description];
}

let shownFaults = "";

export async function lookAtFaults() {
  const { faults } = await get("/faults");
  const text = JSON.stringify(faults);
  if (text === shownFaults) return;
  shownFaults = text;
  byId("faults").replaceChildren(...faults.map(faultItem));
  show(byId("no-faults"), faults.length === 0);
  show(byId("faults-off"), faults.length > 0);
}

function faultItem(rule) {
  const item = element("li", "");
  item.append(element("strong", String(rule.fault)), ` on ${rule.action === "*" ? "any action" : rule.action}${when(rule)} `,
    element("span", progress(rule), "quiet"));
  return item;
}

function when({ afterCall, times }) {
  const start = afterCall ? `, after ${counted(afterCall, "call")}` : "";
  return times ? `${start}, ${counted(times, "time")}` : start;
}

function progress({ hits, remaining }) {
  const met = `met ${counted(hits ?? 0, "call")}`;
  if (remaining === null || remaining === undefined) return met;
  return remaining === 0 ? `${met}, used up` : `${met}, ${remaining} to go`;
}

export function setUpFaults({ press, onPress }) {
  onPress(byId("faults-off"), async (button) => {
    if (await press(button, "DELETE", "/faults")) byId("faults-heading").focus(); // the button is about to go
  });
}

/** They cannot change while the emulator runs, so one look per connection is enough. */
export async function lookAtAssumptions() {
  const { assumptions } = await get("/assumptions");
  setText(byId("assumption-count"), counted(assumptions.length, "choice"));
  byId("assumption-list").replaceChildren(...assumptions.flatMap(assumption));
}

function assumption({ key, choice, why, source, api }) {
  const description = element("dd", "");
  description.append(
    element("p", asText(choice)), element("p", why, "quiet"), element("p", `${api ? `${api}. ` : ""}Source: ${source}`, "quiet"),
  );
  return [element("dt", key), description];
}
