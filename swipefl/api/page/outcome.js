// What is seen in place of the sentences while swipefl learns from them, and what that came to.

import { get, problemText } from "./api.js";
import { announce, clear, h } from "./dom.js";
import { endOf } from "./ending.js";
import { Learning } from "./learning.js";
import { persistently } from "./outbox.js";

const WHAT =
  "It goes over the swipes that you gave it, on this device. One in five was put aside: on those it is compared with the model before, and only a better one is used.";
const HONEST =
  "Whether it truly reads you better, only swipes that come from now on can tell: it was chosen by the ones so far.";

/** `element` is hidden until it learns; `onAgain()` is called when somebody goes on swiping. */
export class Outcome {
  constructor(onAgain) {
    this.onAgain = onAgain;
    this.element = h("div", { class: "calm", hidden: true, tabindex: "-1" });
  }

  /**
   * Learns, or goes on with a job, and says what it came to. `onBegun(job)` hears of it when it is begun, and `onEnded(job)`
   * is awaited before it is said.
   */
  async learn(begun, { onBegun, onEnded }) {
    const learning = new Learning();
    this.anew = () => this.learn(null, { onBegun, onEnded });
    this.show("Learning from your swipes", h("p", {}, WHAT), learning.element);
    try {
      const job = begun ?? (await learning.begin("train"));
      onBegun(job);
      const ended = await learning.follow(job);
      await onEnded(ended);
      await this.tell(ended);
    } catch (problem) {
      this.tellOf({ title: "That did not work", told: [problemText(problem)] }, false);
    }
  }

  async tell(job) {
    const end = endOf(job);
    if (job.state !== "done") return this.tellOf(end, job.state === "cancelled");
    const { said } = await persistently(
      () => get("/stats"),
      () => {},
    );
    const told = said.map((sentence, i) => h("p", { class: i ? "soft" : "lead" }, sentence));
    const more = [...end.told, end.isAdopted && HONEST]
      .filter(Boolean)
      .map((sentence) => h("p", { class: "soft" }, sentence));
    this.show(end.title, h("div", { "data-role": "result" }, told, more), this.onward());
  }

  tellOf({ title, told }, isDone) {
    this.show(
      title,
      told.map((sentence) => h("p", {}, sentence)),
      this.onward(isDone ? null : this.anew),
    );
  }

  /** What there is to do now; `anew` tries once more what did not work. */
  onward(anew = null) {
    const retry =
      anew && h("button", { class: "button main", type: "button", "data-role": "retry", onclick: anew }, "Try again");
    const again = h(
      "button",
      { class: `button ${anew ? "" : "main"}`, type: "button", "data-role": "again", onclick: () => this.again() },
      "Go on swiping",
    );
    return h(
      "p",
      { class: "onward" },
      retry,
      again,
      h("a", { class: "button", href: "#try" }, "Try it"),
      h("a", { class: "button", href: "#model" }, "Your model"),
    );
  }

  again() {
    this.element.hidden = true;
    this.onAgain();
  }

  show(title, ...children) {
    this.element.hidden = false;
    clear(this.element).append(h("h2", {}, title), ...children.flat());
    this.element.focus();
    announce(title);
  }
}
