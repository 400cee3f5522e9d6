// Swipes on their way into the store, in order; what cannot be sent now is sent when the server is back.

import { isAlive, send } from "./api.js";

const MOST = 100; // lines a request
const LOOK_MS = 1500;
let waiting = null;

/** Resolves when the server answers again; however many wait, it is looked for once. */
export function untilAlive() {
  waiting ??= (async () => {
    while (!(await isAlive())) await pause(LOOK_MS);
    waiting = null;
  })();
  return waiting;
}

/** @returns {Promise<void>} after so many milliseconds */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks until there is an answer: while the server is away, or says that it was too much at once, it waits and asks
 * again. `onProblem` hears of each such time. Throws Problem for what asking again would not mend, and what `signal` says
 * when it was given up.
 */
export async function persistently(ask, onProblem, signal) {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (problem) {
      if (problem.status !== 0 && problem.status !== 429 && problem.status !== 503) throw problem;
      onProblem(problem);
      if (problem.status === 0) await untilAlive();
      else await pause(Math.min(30, problem.retryAfter || 1) * 1000);
    }
  }
}

/** Lines for `POST /swipes`: a swipe with its word, the same with another word, or a deletion. */
export class Outbox {
  /** `onStored(report)`, and `onProblem(problem)` for what was not taken. */
  constructor({ onStored, onProblem }) {
    Object.assign(this, { onStored, onProblem, lines: [], sending: null, giving: new AbortController() });
  }

  add(lines) {
    this.lines.push(...lines);
    this.sending ??= this.empty().finally(() => (this.sending = null));
  }

  /** Drops what was not sent yet. */
  forget() {
    this.lines = [];
    this.giving.abort();
    this.giving = new AbortController();
  }

  async empty() {
    while (this.lines.length) {
      const { signal } = this.giving;
      try {
        this.onStored(await this.given(this.lines.splice(0, MOST), signal));
      } catch (problem) {
        if (!signal.aborted) this.onProblem(problem);
      }
    }
  }

  given(lines, signal) {
    const body = lines.length === 1 ? lines[0] : lines;
    return persistently(() => send("POST", "/swipes", body, { signal, outlives: true }), this.onProblem, signal);
  }
}
