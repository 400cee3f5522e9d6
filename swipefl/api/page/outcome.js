// What is seen in place of the sentences while swipefl learns from them, and what that came to.

import { get, problemText } from "./api.js";
import { announce, clear, h } from "./dom.js";
import { Learning } from "./learning.js";

const WHAT = "It goes over the swipes that you gave it, on this device. One in five was put aside: on those it is compared with the model before, and only a better one is used.";
const HONEST = "Whether it truly reads you better, only swipes that come from now on can tell: it was chosen by the ones so far.";

/** `element` is hidden until it learns; `onAgain()` is called when somebody goes on swiping. */
export class Outcome {
  constructor(onAgain) {
    this.onAgain = onAgain;
    this.element = h("div", { class: "calm", hidden: true, tabindex: "-1" });
  }

  /** Learns, or goes on with a job, and says what it came to; `onLearned(job)` is awaited before that is said. */
  async learn(begun, onLearned) {
    const learning = new Learning();
    this.show("Learning from your swipes", h("p", {}, WHAT), learning.element);
    try {
      const job = await (begun ? learning.follow(begun) : learning.run("train"));
      const { state, report, problem } = job;
      if (problem) return this.show("That did not work", h("p", {}, problemText(problem)), this.onward());
      if (state !== "done") return this.show("Stopped", h("p", {}, "Nothing was changed, and your swipes are kept."), this.onward());
      await onLearned(job);
      await this.tell(report);
    } catch (problem) {
      this.show("That did not work", h("p", {}, problemText(problem)), this.onward());
    }
  }

  async tell({ adopted }) {
    const { said } = await get("/stats");
    const told = said.map((sentence, i) => h("p", { class: i ? "soft" : "lead" }, sentence));
    const title = titleOf(adopted);
    this.show(title, h("div", { "data-role": "result" }, told, adopted && h("p", { class: "soft" }, HONEST)), this.onward());
  }

  onward() {
    const again = h("button", { class: "button main", type: "button", "data-role": "again", onclick: () => this.again() }, "Go on swiping");
    return h("p", { class: "onward" }, again, h("a", { class: "button", href: "#try" }, "Try it"), h("a", { class: "button", href: "#model" }, "Your model"));
  }

  again() {
    this.element.hidden = true;
    this.onAgain();
  }

  show(title, ...children) {
    this.element.hidden = false;
    clear(this.element).append(h("h2", {}, title), ...children);
    this.element.focus();
    announce(title);
  }
}

/** Whether a job went over the swipes that there are. */
export function hasLearned(job) {
  return job?.state === "done" && (job.kind === "train" || job.report.rounds.some(({ skipped }) => !skipped));
}

function titleOf(adopted) {
  if (adopted === undefined) return "The night’s work is done"; // it was begun elsewhere
  return adopted ? "swipefl has learned from you" : "Not better yet, so nothing was changed";
}
