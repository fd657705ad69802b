// One chain of requests: the page never has two on their way. A look at everything, a rest, the next look;
// what a button asks for takes its turn in between. A slow emulator is thus asked less, never more, and a
// hidden tab asks nothing.

const REST = 1000; // ms between two looks
const REST_WHEN_GONE = 2000;
const TIMEOUT = 10_000; // an answer later than this is none
const ACTION_TIMEOUT = 300_000; // a jump of 73 h may have many thousand frames to take

/** The emulator cannot be reached. */
export class Gone extends Error {}

const actions = [];
let wake = () => {};

export function get(path) {
  return request("GET", path, undefined, TIMEOUT);
}

/** Ask for a change; it is sent once the request under way is answered. Resolves to the answer. */
export function act(method, path, body) {
  return new Promise((resolve, reject) => {
    actions.push(() => request(method, path, body, ACTION_TIMEOUT).then(resolve, reject));
    wake();
  });
}

/** Call `look` for ever; it says whether the emulator answered. */
export async function follow(look) {
  document.addEventListener("visibilitychange", () => wake());
  for (;;) {
    while (actions.length) await actions.shift()();
    if (document.hidden) {
      await rest(Infinity);
      continue;
    }
    const answered = await look();
    if (!actions.length) await rest(answered ? REST : REST_WHEN_GONE);
  }
}

function rest(time) {
  return new Promise((resolve) => {
    const timer = time === Infinity ? undefined : setTimeout(resolve, time);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function request(method, path, body, timeout) {
  const options = { method, cache: "no-store", signal: AbortSignal.timeout(timeout) };
  if (body instanceof Blob) {
    options.body = body;
  } else if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const { response, text } = await answered(path, options);
  if (!response.ok) throw new Error(`The emulator answered ${response.status} to ${method} ${path}: ${text.slice(0, 200)}`);
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    throw new Error(`The emulator's answer to ${method} ${path} is not JSON.`);
  }
}

async function answered(path, options) {
  try {
    const response = await fetch(path, options);
    return { response, text: await response.text() };
  } catch (reason) {
    throw new Gone(reason.name === "TimeoutError" ? "it takes too long" : "it cannot be reached");
  }
}
