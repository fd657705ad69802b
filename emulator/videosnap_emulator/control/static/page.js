// The page's main loop: it lets every part look again in turn, and owns the top bar.
//
// Services add panels: a module with `html` (a section and templates), `look` and, if it has buttons, `setUp`.

import { Gone, act, follow } from "/page/requests.js";
import { announce, byId, duration, setText, show, slotsOf } from "/page/dom.js";
import { lookAtCalls, restartCalls } from "/page/calls.js";
import {
  lookAtAssumptions, lookAtClock, lookAtFaults, lookAtQuota, lookAtServices, setUpFaults,
} from "/page/overview.js";

const LOOKS = [lookAtClock, lookAtPanels, lookAtCalls, lookAtFaults, lookAtQuota];
const CONNECTION = {
  alive: { symbol: "●", words: "connected" },
  gone: { symbol: "✕", words: "no answer" },
};

const panels = new Map(); // by the address of their module
const notice = slotsOf(byId("notice"));
let connection = "waiting";

/** One look at everything. A panel in trouble must not hide the others; a lost connection ends the look. */
async function look() {
  const troubles = [];
  for (const one of connection === "alive" ? LOOKS : [addPanels, ...LOOKS, lookAtAssumptions]) {
    try {
      await one();
    } catch (reason) {
      if (reason instanceof Gone) return lost(reason);
      troubles.push(reason.message);
    }
  }
  found();
  setTrouble(troubles);
  return true;
}

async function addPanels() {
  for (const { panel } of await lookAtServices()) {
    if (!panel || panels.has(panel)) continue;
    const module = await import(panel);
    byId("panels").insertAdjacentHTML("beforeend", module.html); // a file of the emulator, not what it answers
    module.setUp?.({ press, onPress });
    panels.set(panel, module);
  }
}

async function lookAtPanels() {
  for (const { look } of panels.values()) await look();
}

function lost(reason) {
  if (connection !== "gone") {
    // Whatever answers next may be another emulator, with other calls under the same numbers.
    restartCalls();
    setConnection("gone");
    setText(byId("banner"), `The emulator does not answer: ${reason.message}. What you see is its last state; `
      + "this page goes on by itself as soon as it is back.");
    announce("The emulator does not answer.");
  }
  return false;
}

function found() {
  if (connection === "gone") announce("The emulator is back.");
  if (connection !== "alive") setConnection("alive");
}

function setConnection(state) {
  connection = state;
  const place = byId("connection");
  place.dataset.state = state;
  const slots = slotsOf(place);
  setText(slots.symbol, CONNECTION[state].symbol);
  setText(slots.words, CONNECTION[state].words);
  show(byId("banner"), state === "gone");
  document.body.classList.toggle("stale", state === "gone");
}

// Trouble while looking goes away by itself once it is over; trouble with a button stays until dismissed.
let noticeOfLook = false;

function setTrouble(troubles) {
  if (troubles.length) {
    say(troubles[0]);
    noticeOfLook = true;
  } else if (noticeOfLook) {
    show(byId("notice"), false);
    noticeOfLook = false;
  }
}

function say(sentence) {
  noticeOfLook = false;
  setText(notice.text, sentence);
  show(byId("notice"), true);
}

/** Send what a button stands for; the button waits for the answer, and tells when there is none. */
async function press(button, method, path, body) {
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    return await act(method, path, body);
  } catch (reason) {
    const sentence = reason instanceof Gone ? `Not done, the emulator does not answer: ${reason.message}.` : reason.message;
    say(sentence);
    announce(sentence);
    return null;
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

/** A button that is busy keeps the focus, so it is not disabled but deaf. */
function onPress(button, handler) {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") handler(button);
  });
}

async function advance(button) {
  const seconds = Number(button.dataset.advance);
  if (await press(button, "POST", "/clock/advance", { seconds })) announce(`The clock moved ahead by ${duration(seconds)}.`);
}

async function reset() {
  if (await press(byId("reset"), "POST", "/reset", {})) {
    restartCalls();
    announce("The emulator is reset.");
  }
}

function setUpTopBar() {
  for (const button of document.querySelectorAll("[data-advance]")) onPress(button, advance);
  const dialog = byId("confirm-reset");
  onPress(byId("reset"), () => {
    dialog.returnValue = ""; // Escape leaves the value of the last time
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "reset") reset();
  });
  notice.dismiss.addEventListener("click", () => show(byId("notice"), false));
}

/** A click beside a dialog closes it, as everywhere. */
function closeBeside(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

document.querySelectorAll("dialog").forEach(closeBeside);
setUpTopBar();
setUpFaults({ press, onPress });
follow(look);
