// A training or a night on the server, as it goes: how far it is, and a button that ends it.

import { events, get, send } from "./api.js";
import { announce, h } from "./dom.js";
import { pause, persistently, untilAlive } from "./outbox.js";

const COMPARING = "Comparing it with the model before, on the swipes that were put aside";
const ELSEWHERE =
  "swipefl is at work on this device already: a night’s work, or a command. This waits until it has ended";
const LOST = "It was cut off: swipefl was started anew meanwhile. Your swipes are kept.";
const BETWEEN_MS = 1000; // of looks where nothing is told

/** What is seen of a job. `element` is to be put where it is to be seen. */
export class Learning {
  constructor() {
    this.bar = h("progress", { max: "1", value: "0", "aria-label": "Learning" });
    this.says = h("p", { class: "job-says", "data-role": "says" }, "Getting ready");
    this.stop = h(
      "button",
      { class: "button", type: "button", "data-role": "cancel", onclick: () => this.cancel() },
      "Stop",
    );
    this.element = h(
      "div",
      { class: "job", "data-role": "job" },
      this.bar,
      h("div", { class: "job-foot" }, this.says, this.stop),
    );
    this.job = null;
    this.isGivenUp = false;
  }

  /** Begins a "train" or a "cycle", or joins what runs already. @returns the job. Throws Problem. */
  async begin(kind) {
    for (;;) {
      if (this.isGivenUp) return stoppedBefore(kind);
      try {
        const { job } = await send("POST", `/${kind}`, kind === "cycle" ? { rounds: 1 } : {});
        return job;
      } catch (problem) {
        const job = await this.joined(problem);
        if (job) return job;
      }
    }
  }

  /** What runs in place of what was to begin; null where that is over, and it may begin. Throws Problem. */
  async joined(problem) {
    if (problem.code === "held") return this.elsewhere(); // of the command line, or of a timer
    if (problem.code !== "job-runs") throw problem;
    const { job } = await get("/jobs/current"); // of another tab, or of this one before it was reloaded
    return job?.state === "running" ? job : null;
  }

  /** Waits for what another process does. @returns a job as it would have been here, null where nothing was learned. */
  async elsewhere() {
    const looked = () =>
      persistently(
        () => get("/stats"),
        () => {},
      );
    let stats = await looked();
    const before = stats.nights.at(-1)?.finished_at;
    this.bar.removeAttribute("value");
    this.say(ELSEWHERE, true);
    while (stats.busy && !this.isGivenUp) {
      await pause(BETWEEN_MS);
      stats = await looked();
    }
    this.bar.value = 0;
    const night = stats.nights.at(-1);
    if (this.isGivenUp || !night || night.finished_at === before) return null;
    return { id: null, kind: "train", state: "done", report: night };
  }

  /** Goes on with a job that runs. @returns the job when it has ended. */
  async follow(job) {
    this.show(job);
    while (job.state === "running") {
      job = await this.heard(job.id);
      if (job.state !== "running") break;
      await pause(BETWEEN_MS);
      await untilAlive();
      job = await this.looked(job);
    }
    this.show(job);
    return job;
  }

  async looked(job) {
    try {
      return (
        await persistently(
          () => get(`/jobs/${job.id}`),
          () => {},
        )
      ).job;
    } catch (problem) {
      if (problem.status === 404) return { ...job, state: "failed", problem: { detail: LOST } };
      throw problem;
    }
  }

  /** What is told of a job until it ends, or until nothing is told any more. */
  heard(id) {
    return new Promise((resolve) => {
      let job = { id, state: "running" };
      const tell = (now) => this.show((job = now));
      const end = (now) => resolve(now ?? job);
      events(`/jobs/${id}/events`, { progress: tell, round: tell, end, failed: () => end(), closed: () => end() });
    });
  }

  show(job) {
    const { progress, state } = (this.job = job);
    this.stop.disabled = state !== "running" || this.isGivenUp;
    if (!progress || this.isGivenUp) return;
    this.bar.value = progress.done / progress.total;
    const all = progress.done === progress.total;
    this.say(
      all ? COMPARING : `Going over your swipes: ${Math.floor(100 * this.bar.value)} of 100`,
      all || progress.done === 1,
    );
  }

  say(text, isHeard) {
    if (this.says.textContent !== text && isHeard) announce(text);
    this.says.textContent = text;
  }

  async cancel() {
    this.isGivenUp = true;
    this.stop.disabled = true;
    this.say("Stopping", true);
    const { id } = this.job ?? {};
    if (id)
      await persistently(
        () => send("DELETE", `/jobs/${id}`),
        () => {},
      ).catch(() => {}); // it has ended by itself
  }
}

function stoppedBefore(kind) {
  return { id: null, kind, state: "cancelled", report: null, problem: null };
}
