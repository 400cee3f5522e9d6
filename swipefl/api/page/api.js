// The device's API. Paths are those behind /api/v1: `get("/stats")`.

const BASE = "/api/v1";
const MOST_OUTLIVING = 30_000; // characters; browsers refuse more than 64 KiB on their way at once
const TOKEN = "swipefl-token";
let token = rememberedToken();

/** What the server said was wrong, or that it said nothing: `status` 0 is no answer at all. */
export class Problem extends Error {
  constructor(status, { code = "", detail = "", kind = "", remedy = null } = {}, retryAfter = 0) {
    super(detail || code || `status ${status}`);
    Object.assign(this, { name: "Problem", status, code, detail, kind, remedy, retryAfter });
  }
}

/** @returns {Promise<any>} the JSON of a GET. Throws Problem. */
export async function get(path, signal) {
  return (await request("GET", path, undefined, signal)).json();
}

/**
 * A request with a JSON body; one that `outlives` the page is finished also where that is closed meanwhile.
 * @returns {Promise<any>} the JSON that it is answered with; null for none. Throws Problem.
 */
export async function send(method, path, body, { signal, outlives = false } = {}) {
  const answer = await request(method, path, body, signal, outlives);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** @returns {Promise<string>} the text of a GET, such as an export. Throws Problem. */
export async function text(path, signal) {
  return (await request("GET", path, undefined, signal)).text();
}

/**
 * Server-sent events, with the token, which an EventSource cannot bring. Handlers get the event's parsed data;
 * `failed` hears of a Problem, `closed` that the server ended it.
 * @param {Object<string, function(any)>} handlers such as {progress, round, end, failed, closed}
 * @returns {function()} ends it
 */
export function events(path, handlers) {
  const stopping = new AbortController();
  const unlessStopped = (tell) => (problem) => stopping.signal.aborted || tell?.(problem);
  listen(path, handlers, stopping.signal).then(
    unlessStopped(handlers.closed),
    unlessStopped((problem) => handlers.failed?.(asProblem(problem))),
  );
  return () => stopping.abort();
}

/** @returns {Promise<boolean>} whether the server is there. */
export async function isAlive() {
  try {
    return (await fetch("/health/live", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Words a problem for people: what is wrong, and what to do. */
export function problemText(problem) {
  if (problem.status === 0)
    return "swipefl does not answer. Run “swipefl serve” again; this page then goes on by itself.";
  if (problem.status === 401)
    return "Open the link that “swipefl serve” shows when it starts; this page needs what is in it.";
  if (problem.status === 429) return "That was more than swipefl takes at once. A moment, please.";
  if (problem.code === "no-words-of-language")
    return "There are no words of this language for this layout here. Another language may have some.";
  if (problem.kind === "busy")
    return "swipefl is busy with something else, such as a night’s work. Try again in a minute.";
  if (problem.status >= 500 && !problem.detail) return "swipefl made a mistake of its own. Trying again may help.";
  const detail = problem.detail || problem.message;
  return `${detail[0].toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? "" : "."}`;
}

/** Keeps the token that a link brought (`#token=...`) for this tab, and takes it out of the address. */
export function takeToken() {
  const found = /^#token=([^&]+)&?(.*)$/.exec(location.hash);
  if (!found) return;
  token = decoded(found[1]);
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    // a browser that keeps nothing: it lasts until the page is loaded again
  }
  history.replaceState(null, "", `#${found[2] || "try"}`);
}

/** What a link brought; of one that was mangled on its way, something that is refused. */
function decoded(part) {
  try {
    const found = decodeURIComponent(part);
    return /^[!-~]+$/.test(found) ? found : "-";
  } catch {
    return "-";
  }
}

function rememberedToken() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

async function request(method, path, body, signal, outlives = false) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const said = body === undefined ? undefined : JSON.stringify(body);
  const keepalive = outlives && said.length < MOST_OUTLIVING;
  const answer = await fetched(BASE + path, { method, headers, signal, keepalive, cache: "no-store", body: said });
  if (!answer.ok)
    throw new Problem(answer.status, await problemIn(answer), Number(answer.headers.get("Retry-After")) || 0);
  return answer;
}

async function fetched(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    throw asProblem(error);
  }
}

function asProblem(error) {
  // who aborted a request knows that, and no one else hears of it
  return error instanceof Problem || error.name === "AbortError" ? error : new Problem(0);
}

async function problemIn(answer) {
  try {
    return await answer.json();
  } catch {
    return {}; // something between the page and swipefl answered
  }
}

async function listen(path, handlers, signal) {
  const answer = await request("GET", path, undefined, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) tell(block, handlers);
  }
}

function tell(block, handlers) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  if (data.length) handlers[name]?.(JSON.parse(data.join("\n")));
}
