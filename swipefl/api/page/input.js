// A keyboard, its candidates and the text that is written with it.
//
// For tests, under the element that it was put into:
//   [data-role=keyboard]    the surface that is swiped on; its box is what coordinates are of
//     [data-letter="q"]     a key; [data-key="space"|"backspace"|","] one that types no letter
//     .overlay [data-seen]  a letter that the model read (`Show what it saw`)
//   [data-role=candidates]  the bar; button[data-word="hello"] a candidate, aria-pressed=true the one that stands in the
//                           text; data-state on the bar is "idle", "guess" (the finger is down), "asking" or "chosen"
//   [data-role=text]        what is written, data-text its plain text; button.word a swiped word in it, .waits one that
//                           is not read yet
//   [data-role=line]        the one line that says what is wrong, or what became of a swipe
//   [data-role=back], [data-role=clear]   buttons: take the last word back, begin anew; [data-role=space] one where
//                           the layout leaves no room for a space bar
// and in Try: [data-role=layout], [data-role=language] selects; [data-role=saw], [data-role=keep] switches (`keep` is
// checked where nothing is kept).

import { problemText } from "./api.js";
import { CandidateBar } from "./bar.js";
import { pictured } from "./controls.js";
import { announce, h } from "./dom.js";
import { Keeping } from "./keeping.js";
import { SwipeKeyboard } from "./keyboard.js";
import { isRightToLeft } from "./layouts.js";
import { Outbox, persistently } from "./outbox.js";
import { ask, Predictor } from "./predictor.js";
import { drawSight, emissions } from "./sight.js";
import { about, newId } from "./swipe.js";
import { counted } from "./telling.js";
import { TextLine } from "./textline.js";
import { listenToTyping } from "./typing.js";
import { Written } from "./written.js";

/**
 * Swiping, and what is written by it.
 * `layout` is a keyboard of the API, `language` "de" or "de,fr"; `isPrivate()` says whether nothing is kept for now;
 * `showsSight()` whether what the model saw is drawn; `hint` stands where nothing is written. `onStart()` is called
 * when a finger comes down.
 */
export class SwipeInput {
  constructor(parent, options) {
    this.options = options;
    this.hint = options.hint;
    this.written = new Written(options.language, options.isPrivate);
    this.chosen = null; // the token whose candidates are shown
    this.away = null; // the problem, while the server does not answer
    this.follows = true; // the newest word is chosen, unless somebody chose another since they swiped
    this.turn = Promise.resolve(); // words are asked for one after the other: each is read behind those before it
    this.outbox = new Outbox({
      onStored: (report) => this.stored(report),
      onProblem: (problem) => this.failed(problem),
    });
    this.keeping = new Keeping(this.written, this.outbox);
    this.predictor = new Predictor(
      () => this.question(),
      (answer) => this.guessed(answer),
    );
    this.build(parent);
    this.use(options.layout, options.language);
    const isShown = () => this.board.offsetParent !== null;
    listenToTyping(isShown, {
      onType: (character) => this.type(character),
      onBackspace: () => this.takeBack(),
      onPaste: (text) => this.paste(text),
    });
  }

  /** Takes another layout and language; what is written stays. */
  use(layout, language) {
    Object.assign(this, { layout, language });
    this.written.language = language;
    const [first] = language.split(",");
    this.text.element.lang = this.bar.element.lang = first;
    this.bar.element.dir = isRightToLeft(first) ? "rtl" : "ltr";
    this.keyboard.element.setAttribute(
      "aria-label",
      `Keyboard ${layout.name}, to swipe on. You may also type on your own keyboard.`,
    );
    this.keyboard.layout(layout);
    this.spaceButton.hidden = this.keyboard.drawn.keys.some(({ kind }) => kind === "space");
    this.board.style.setProperty("--ratio", this.keyboard.ratio);
    drawSight(this.keyboard.overlay, null);
    this.render();
  }

  /** Begins a new text. Swipes that are kept stay; those that were not read yet are dropped. */
  clear() {
    for (const { swipe } of this.written.waiting) swipe.giving.abort();
    this.written.tokens = [];
    if (this.away) this.sayAway();
    this.choose(null);
    this.render();
  }

  /** Swipes were erased: of what is written here, no more is said to the device. */
  forget() {
    this.outbox.forget();
    this.clear();
  }

  /** Says something in the one line under the text; `isWrong` for what keeps it from working. */
  say(text, isWrong = false) {
    this.line.textContent = text;
    this.line.classList.toggle("wrong", isWrong);
    if (isWrong && text) announce(text);
  }

  /** What stands where nothing is written. */
  suggest(hint) {
    this.hint = hint;
    this.render();
  }

  /** Takes the last word back, and its swipe out of the store; or the last letter that was typed. */
  takeBack() {
    const token = this.written.takeBack();
    if (token) {
      token.swipe.giving.abort();
      this.keeping.takeOut(token.swipe);
      announce(`${token.text ?? "A swipe"} taken back`);
    }
    if (this.away) this.sayAway();
    this.choose(this.written.tokens.at(-1));
    this.render();
  }

  /** Asks once more for what the model saw of the word that is chosen, and draws it. */
  async look() {
    const token = this.chosen;
    drawSight(this.keyboard.overlay, null);
    this.renderCandidates();
    if (!token || !this.options.showsSight()) return this.showSight(null);
    try {
      const { sight } = await ask({ ...this.asked(token), sight: true });
      if (token === this.chosen) this.showSight(sight);
    } catch (problem) {
      this.failed(problem);
    }
  }

  build(parent) {
    this.text = new TextLine((token) => this.select(token));
    this.bar = new CandidateBar((word) => this.take(word));
    this.line = h("p", { class: "says", "data-role": "line" });
    const back = pictured("back", "Take the last word back", () => this.takeBack());
    const anew = pictured("clear", "Begin a new text", () => this.clear());
    this.spaceButton = pictured("space", "Space", () => this.type(" ")); // for layouts without room for a space bar
    const surface = h("div", { "data-role": "keyboard", role: "img" });
    this.writing = h(
      "div",
      { class: "writing" },
      this.text.element,
      h("div", { class: "status" }, this.line, this.spaceButton, back, anew),
    );
    this.board = h("div", { class: "board" }, this.bar.element, h("div", { class: "keyboard-frame" }, surface));
    parent.append(h("div", { class: "swipe-input" }, this.writing, this.board));
    this.keyboard = new SwipeKeyboard(surface, {
      onStart: () => this.began(),
      onMove: (stroke) => this.predictor.follow(stroke),
      onStroke: (stroke) => this.lifted(stroke),
      onTap: (key, text) => this.tapped(key, text),
      onCancel: () => this.dropped(),
      onResize: () => drawSight(this.keyboard.overlay, null),
    });
  }

  began() {
    drawSight(this.keyboard.overlay, null);
    this.options.onStart?.();
  }

  dropped() {
    this.predictor.drop();
    this.renderCandidates();
  }

  /** The swipe has its place in the text from now on, and its word once it is read. */
  lifted(stroke) {
    this.predictor.drop();
    this.follows = true;
    const isKept = !this.options.isPrivate(); // what holds is what was set when the finger was lifted
    const swipe = {
      id: newId(),
      stroke,
      keyboard: this.layout.name,
      language: this.language,
      isKept,
      giving: new AbortController(),
    };
    const token = this.written.add(null, swipe);
    this.render();
    this.bar.state = "asking";
    if (this.away) this.sayAway();
    this.turn = this.turn.then(() => this.decide(token)).catch((problem) => this.undecided(token, problem));
  }

  async decide(token) {
    const { swipe } = token;
    const line = { gesture_id: swipe.id, ...this.asked(token), sight: this.options.showsSight() };
    const answer = await persistently(
      () => ask(line, swipe.giving.signal),
      (problem) => this.failed(problem),
      swipe.giving.signal,
    );
    this.answered();
    if (!answer.candidates.length) return this.nothing(token);
    this.commit(token, answer.candidates);
    if (token === this.chosen) this.showSight(answer.sight);
  }

  undecided(token, problem) {
    if (token.swipe.giving.signal.aborted) return; // it was taken back
    this.written.drop(token);
    this.render();
    this.failed(problem);
  }

  asked(token) {
    const { swipe } = token;
    return { ...about(swipe), before: this.written.beforeOf(token), private: !swipe.isKept, ...swipe.stroke };
  }

  nothing(token) {
    this.written.drop(token);
    this.render();
    this.renderCandidates();
    this.say("No word fits that swipe. Try it again, or tap the letters.");
  }

  commit(token, candidates) {
    token.text = candidates[0].word;
    token.swipe.candidates = candidates;
    this.say(token.swipe.isKept ? "" : "Not kept.");
    this.keeping.update();
    announce(token.text);
    if (this.follows) this.choose(token);
    this.render();
  }

  /** Another candidate for the word that is chosen. */
  take(word) {
    if (this.chosen.text === word) return;
    this.chosen.text = word;
    this.keeping.update();
    announce(word);
    this.render();
    this.renderCandidates();
  }

  tapped(key, text) {
    this.predictor.drop();
    if (key.kind === "backspace") this.takeBack();
    else this.type(text, true);
  }

  type(character, isTapped = false) {
    this.written.type(character, isTapped);
    this.choose(null);
    this.render();
  }

  paste(text) {
    this.written.paste(text);
    this.choose(null);
    this.render();
  }

  guessed({ candidates, sight }) {
    this.bar.state = "guess";
    this.bar.show(candidates, null, this.options.showsSight());
    if (sight) drawSight(this.keyboard.overlay, sight);
  }

  /** A swiped word in the text: its candidates come back. */
  select(token) {
    this.choose(token);
    this.follows = false;
    this.render();
    this.look();
  }

  choose(token) {
    this.follows = true;
    this.chosen = token?.swipe?.candidates ? token : null;
    this.renderCandidates();
  }

  showSight(sight) {
    drawSight(this.keyboard.overlay, sight);
    if (!sight) return;
    this.keyboard.trace.clear();
    const letters = emissions(sight.frames).map(
      ({ letter, probability }) => `${letter}\u00a0${Math.round(probability * 100)}`,
    );
    this.say("");
    this.line.append(
      "It read ",
      h("span", { class: "seen-letters" }, sight.greedy || "nothing"),
      letters.length ? `: ${letters.join(", ")} of\u00a0100` : "",
    );
  }

  question() {
    const { layout, language, options, written } = this;
    return {
      ...about({ keyboard: layout.name, language }),
      before: written.before,
      private: options.isPrivate(),
      sight: options.showsSight(),
    };
  }

  stored({ deleted = 0, suspect = 0 }) {
    this.answered();
    if (this.options.showsSight()) return;
    if (suspect) this.say("Kept, but it fits its word badly: nothing is learned from it.");
    else this.say(deleted ? "Taken back; it is kept no longer." : "Kept on this device.");
  }

  failed(problem) {
    this.away = problem.status === 0 ? problem : null;
    this.renderCandidates();
    if (this.away) this.sayAway();
    else this.say(problemText(problem), true);
  }

  answered() {
    if (this.away) this.say("");
    this.away = null;
  }

  /** The server does not answer; what was swiped meanwhile waits for it. */
  sayAway() {
    const count = this.written.waiting.length;
    this.say(problemText(this.away) + (count ? ` ${counted(count, "swipe")} will be read then.` : ""), true);
  }

  renderCandidates() {
    const { text, swipe } = this.chosen ?? {};
    const without = this.written.waiting.length ? "asking" : "idle";
    this.bar.state = swipe ? "chosen" : without;
    this.bar.show(swipe?.candidates ?? [], text ?? null, this.options.showsSight());
  }

  render() {
    this.text.show(this.written, this.chosen, this.hint);
  }
}
