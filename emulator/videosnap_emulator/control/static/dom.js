// What the panels share: filling the page without HTML, and putting times and sizes into words.
//
// Nothing that comes from the emulator is ever parsed as HTML: ids are untrusted input.

export const byId = (id) => document.getElementById(id);

/** A copy of a <template>, and its elements by their data-slot. */
export function stamp(template) {
  const root = byId(template).content.firstElementChild.cloneNode(true);
  return { root, slots: slotsOf(root) };
}

export function slotsOf(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-slot]")].map((node) => [node.dataset.slot, node]));
}

export function element(tag, text, className = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  return node;
}

export function asText(value) {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

// Writing only what differs leaves a selection that somebody is about to copy alone.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Text that disappears with its element when there is none. */
export function setOptional(node, text) {
  setText(node, text);
  show(node, Boolean(text));
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** Give `parent` exactly these children in this order, moving no more than needed: a move costs the focus. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}

/** Say it to those who listen to the page instead of looking at it. */
export function announce(sentence) {
  byId("announcer").textContent = sentence;
}

export function setMeter(meter, used, limit, label) {
  meter.max = limit || 1;
  meter.high = meter.max * 0.9;
  meter.value = used;
  meter.setAttribute("aria-label", `${label}: ${used} of ${limit}`);
}

/** "2026-08-04 12:00:05", in UTC like all times of the emulator. */
export function exactTime(time) {
  const at = new Date(time ?? NaN);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString().slice(0, 19).replace("T", " ");
}

export function timeOfDay(time) {
  return exactTime(time).slice(11);
}

export function setTime(node, time, text) {
  setText(node, text);
  node.dateTime = time ?? "";
  node.title = time ? `${exactTime(time)} UTC` : "";
}

/** The two largest units: "8 s", "4 min 5 s", "73 h 1 min". */
export function duration(seconds) {
  const whole = Math.round(Math.abs(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${rest} s`;
}

export function secondsBetween(earlier, later) {
  return (Date.parse(later) - Date.parse(earlier)) / 1000;
}

export function bytes(size) {
  return size < 1000 ? `${size} bytes` : `${(size / 1000).toFixed(1)} kB`;
}

const numbers = new Intl.NumberFormat("en");

/** "261,710" */
export function grouped(number) {
  return numbers.format(number);
}

export function counted(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}
