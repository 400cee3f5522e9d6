// A training or a night on the server, as it goes: how far it is, and a button that ends it.

import { events, get, send } from "./api.js";
import { announce, h } from "./dom.js";
import { pause, persistently, untilAlive } from "./outbox.js";

const COMPARING = "Comparing it with the model before, on the swipes that were put aside";
const CUT_OFF = { detail: "It was cut off, as swipefl was stopped meanwhile. Nothing was changed, and your swipes are kept." };
const BETWEEN_MS = 1000; // of looks where nothing is told

/** What is seen of a job. `element` is to be put where it is to be seen. */
export class Learning {
  constructor() {
    this.bar = h("progress", { max: "1", value: "0", "aria-label": "Learning" });
    this.says = h("p", { class: "job-says" }, "Getting ready");
    this.stop = h("button", { class: "button", type: "button", "data-role": "cancel", onclick: () => this.cancel() }, "Stop");
    this.element = h("div", { class: "job", "data-role": "job" }, this.bar, h("div", { class: "job-foot" }, this.says, this.stop));
    this.job = null;
  }

  /** Begins a "train" or a "cycle", or joins what runs already. @returns the job when it has ended. Throws Problem. */
  async run(kind, body = {}) {
    const { job } = await this.begun(kind, body);
    return this.follow(job);
  }

  /** Goes on with a job that runs. @returns the job when it has ended. */
  async follow(job) {
    this.show(job);
    while (job.state === "running") {
      job = await this.heard(job.id);
      if (job.state !== "running") break;
      await pause(BETWEEN_MS);
      await untilAlive();
      job = await this.asItIs(job);
    }
    this.show(job);
    return job;
  }

  /** What a job came to that is not heard of any more; a server that was begun anew knows of none. */
  async asItIs(job) {
    try {
      return jobIn(await persistently(() => get(`/jobs/${job.id}`), () => {}));
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      return { ...job, state: "failed", problem: CUT_OFF };
    }
  }

  async begun(kind, body) {
    try {
      return await send("POST", `/${kind}`, body);
    } catch (problem) {
      if (problem.code !== "job-runs") throw problem;
      return get("/jobs/current"); // of another tab, or of this one before it was reloaded
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
    this.stop.disabled = state !== "running";
    if (!progress) return;
    this.bar.value = progress.done / progress.total;
    const all = progress.done === progress.total;
    this.say(all ? COMPARING : `Going over your swipes: ${Math.floor(100 * this.bar.value)} of 100`, all || progress.done === 1);
  }

  say(text, isHeard) {
    if (this.says.textContent !== text && isHeard) announce(text);
    this.says.textContent = text;
  }

  async cancel() {
    this.stop.disabled = true;
    this.say("Stopping", true);
    if (this.job) await send("DELETE", `/jobs/${this.job.id}`).catch(() => {}); // it has ended by itself
  }
}

function jobIn(answer) {
  return answer.job ?? answer;
}
