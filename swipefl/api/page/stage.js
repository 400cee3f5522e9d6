// What is seen while somebody practises: how far they are, the sentence, how the last swipe went, the keyboard.

import { clear, h } from "./dom.js";
import { SwipeKeyboard } from "./keyboard.js";
import { counted } from "./telling.js";

/** `choices` are elements of its head; `on` has `back`, `skip`, `own`, `train`, `keep`, and what a keyboard calls. */
export class Stage {
  constructor(choices, goal, on) {
    this.goal = goal;
    const button = (role, text, look = "") =>
      h("button", { class: `button ${look}`, type: "button", "data-role": role, onclick: on[role] }, text);
    this.bar = h("progress", { max: goal, value: 0, "data-role": "progress", "aria-label": "Words swiped" });
    [this.counted, this.enough] = [h("span"), h("span")];
    this.keep = h(
      "button",
      { class: "text-button", type: "button", "data-role": "keep-again", onclick: on.keep },
      "Keep what I swipe",
    );
    this.sentence = h("p", { "data-role": "sentence", dir: "auto" });
    this.heard = h("p", { class: "heard", "data-role": "heard" });
    [this.back, this.skip] = [button("back", "Back", "quiet"), button("skip", "Skip", "quiet")];
    [this.own, this.train] = [button("own", "Own text"), button("train", "Learn now")];
    const surface = h("div", { "data-role": "keyboard", role: "img" });
    this.board = h("div", { class: "board" }, h("div", { class: "keyboard-frame" }, surface));
    const count = h("div", { class: "count" }, this.bar, h("p", {}, this.counted, this.enough, this.keep));
    this.element = h(
      "div",
      { class: "stage" },
      h("h1", { class: "unseen" }, "Practise"),
      h("div", { class: "stage-head" }, choices),
      h("div", { class: "writing" }, count, h("div", { class: "asked" }, this.sentence), this.heard),
      h("div", { class: "stage-foot practise-foot" }, this.back, this.skip, this.own, this.train),
      this.board,
    );
    this.keyboard = new SwipeKeyboard(surface, on);
  }

  /** The language of the sentences, without others that are written beside it. */
  get language() {
    return this.sentence.lang;
  }

  /** Takes another layout and language. */
  use(layout, language) {
    this.sentence.lang = this.board.lang = language;
    this.keyboard.element.setAttribute("aria-label", `Keyboard ${layout.name}, to swipe on`);
    this.keyboard.layout(layout);
    this.board.style.setProperty("--ratio", this.keyboard.ratio); // how wide it may be on a phone that lies on its side
  }

  /** How far somebody is: `swiped` words that are new, and whether it `canLearn` at all, from `least` on. */
  showCount({ swiped, least, canLearn, isPrivate }) {
    const { goal } = this;
    this.bar.value = Math.min(swiped, goal);
    this.counted.textContent = swiped < goal ? `${swiped} of ${goal} words` : counted(swiped, "word");
    this.enough.textContent = canLearn
      ? swiped
        ? "enough to learn from"
        : "learned from all so far"
      : swiped < least
        ? `learns from about ${least} on`
        : "a few more, and it can learn";
    this.keep.hidden = !isPrivate;
    this.enough.hidden = isPrivate;
    this.train.disabled = !canLearn || !swiped;
    this.train.classList.toggle("main", canLearn && swiped >= goal);
  }

  /** The sentence, and in it the word that is asked; `none` stands there where nothing can be asked. */
  showSentence(course, none) {
    this.skip.disabled = course.isEmpty;
    const parts = course.isEmpty
      ? [none]
      : course.parts.flatMap(({ shown }, i) => [i ? " " : "", drawn(shown, i, course)]);
    clear(this.sentence).append(...parts);
  }

  /** Says how a swipe went; `state` is "right", "wrong", "again", "failed" or nothing. */
  say(text, state = "") {
    this.heard.textContent = text;
    this.heard.dataset.state = state;
  }
}

function drawn(shown, i, { place, word }) {
  const [, now] = place;
  if (i !== now) return h("span", { class: i < now ? "behind" : "ahead" }, shown);
  return h("mark", { "data-role": "word", "data-word": word, "aria-current": "true" }, shown);
}
