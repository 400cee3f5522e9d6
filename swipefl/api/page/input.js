// A keyboard, its candidates and the text that is written with it: what Try and Practise share.
//
// For tests, under the element that it was put into:
//   [data-role=keyboard]    the surface that is swiped on; its box is what coordinates are of
//     [data-letter="q"]     a key; [data-key="space"|"backspace"|","] one that types no letter
//     .overlay [data-seen]  a letter that the model read (`Show what it saw`)
//   [data-role=candidates]  the bar; button[data-word="hello"] a candidate, aria-pressed=true the one that stands in the
//                           text; data-state on the bar is "idle", "guess" (the finger is down), "asking" or "chosen"
//   [data-role=text]        what is written, data-text its plain text; button.word a swiped word in it
//   [data-role=line]        the one line that says what is wrong, or how many swipes are kept
//   [data-role=back], [data-role=clear]   buttons: take the last word back, begin anew; [data-role=space] one where
//                           the layout leaves no room for a space bar
// and in Try: [data-role=layout], [data-role=language] selects; [data-role=saw], [data-role=keep] switches (`keep` is
// checked where nothing is kept).

import { problemText } from "./api.js";
import { CandidateBar } from "./bar.js";
import { announce, h, svg } from "./dom.js";
import { SwipeKeyboard } from "./keyboard.js";
import { Outbox, persistently } from "./outbox.js";
import { ask, Predictor } from "./predictor.js";
import { drawSight, emissions } from "./sight.js";
import { TextLine } from "./textline.js";
import { Written } from "./written.js";

const RIGHT_TO_LEFT = new Set(["Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm"]);

/**
 * Swiping, and what is written by it.
 * `layout` is a keyboard of the API, `language` "de" or "de,fr"; `store` says whether swipes go into the store, and
 * `isPrivate()` whether they do not for now; `showsSight()` whether what the model saw is drawn; `hint` stands where
 * nothing is written. `before()` is the text in front of the next word; without it, what was written here.
 * Called: `onCommit(word, swipe)` when a word stands, `onCorrect(word, swipe)` when another candidate was taken,
 * `onBackspace(swipe)`. A swipe is `{id, stroke, candidates, before, word, keyboard, language, kept}`.
 */
export class SwipeInput {
  constructor(parent, options) {
    this.options = { store: true, isPrivate: () => false, showsSight: () => false, hint: "", ...options };
    this.written = new Written(options.language);
    this.hint = this.options.hint;
    this.chosen = null; // the token whose candidates are shown
    this.kept = 0;
    this.turn = Promise.resolve(); // what is done comes in the order in which it was done
    this.waiting = 0; // strokes whose words are not known yet
    this.isAway = false; // the server; then nobody waits for it to type
    this.outbox = new Outbox({ onStored: (report) => this.stored(report), onProblem: (problem) => this.failed(problem) });
    this.predictor = new Predictor(() => this.question(), (answer) => this.guessed(answer));
    this.build(parent);
    this.use(options.layout, options.language);
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("paste", (event) => this.paste(event));
  }

  /** Takes another layout and language; what is written stays. */
  use(layout, language) {
    Object.assign(this, { layout, language });
    this.written.language = language;
    const [first] = language.split(",");
    this.text.element.lang = this.bar.element.lang = first;
    this.bar.element.dir = isRightToLeft(first) ? "rtl" : "ltr";
    this.keyboard.element.setAttribute("aria-label", `Keyboard ${layout.name}, to swipe on. You may also type on your own keyboard.`);
    this.keyboard.layout(layout);
    this.spaceButton.hidden = this.keyboard.drawn.keys.some(({ kind }) => kind === "space");
    this.board.style.setProperty("--ratio", this.keyboard.ratio);
    drawSight(this.keyboard.overlay, null);
    this.render();
  }

  /** Begins a new text. Swipes that are kept stay. */
  clear() {
    this.written.tokens = [];
    this.choose(null);
    this.render();
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
    const swipe = this.written.takeBack();
    if (swipe?.kept) this.outbox.add({ gesture_id: swipe.id, delete: true });
    if (swipe) announce(`${swipe.word} taken back`);
    if (swipe) this.options.onBackspace?.(swipe);
    this.choose(this.written.tokens.at(-1));
    this.render();
  }

  /** Asks once more for what the model saw of the word that is chosen, and draws it. */
  async look() {
    const swipe = this.chosen?.swipe;
    drawSight(this.keyboard.overlay, null);
    this.renderCandidates();
    if (!swipe || !this.options.showsSight()) return this.showSight(null);
    try {
      const { stroke } = swipe;
      this.showSight((await ask({ ...stroke, ...about(swipe), before: swipe.before, private: true, sight: true })).sight);
    } catch (problem) {
      this.failed(problem);
    }
  }

  build(parent) {
    this.text = new TextLine((token) => this.select(token));
    this.bar = new CandidateBar((word) => this.take(word));
    this.line = h("p", { class: "says", "data-role": "line" });
    const back = h("button", { class: "button quiet", type: "button", "data-role": "back", "aria-label": "Take the last word back", title: "Take the last word back", onclick: () => this.takeBack() }, icon("M8 5 3.5 9.5 8 14M4 9.5h9.5a5 5 0 0 1 0 10H9"));
    const anew = h("button", { class: "button quiet", type: "button", "data-role": "clear", "aria-label": "Begin a new text", title: "Begin a new text", onclick: () => this.clear() }, icon("M6 6l12 12M18 6 6 18"));
    // for layouts without room for a row with a space bar
    this.spaceButton = h("button", { class: "button quiet", type: "button", "data-role": "space", "aria-label": "Space", title: "Space", hidden: true, onclick: () => this.inOrder(() => this.type(" ")) }, icon("M4 10v5h16v-5"));
    const surface = h("div", { "data-role": "keyboard", role: "img" });
    this.writing = h("div", { class: "writing" }, this.text.element, h("div", { class: "status" }, this.line, this.spaceButton, back, anew));
    this.board = h("div", { class: "board" }, this.bar.element, h("div", { class: "keyboard-frame" }, surface));
    this.root = h("div", { class: "swipe-input" }, this.writing, this.board);
    parent.append(this.root);
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

  lifted(stroke) {
    this.predictor.drop();
    this.bar.state = "asking";
    // what holds is what was set when the finger was lifted, and which words stand before once their turn has come
    const swipe = { id: newId(), stroke, keyboard: this.layout.name, language: this.language, kept: this.isKept() };
    this.waiting += 1;
    this.turn = this.turn
      .then(() => this.decide(swipe))
      .catch((problem) => this.failed(problem))
      .finally(() => (this.waiting -= 1));
  }

  async decide(swipe) {
    swipe.before = this.before();
    const line = { gesture_id: swipe.id, ...about(swipe), before: swipe.before, private: !swipe.kept, sight: this.options.showsSight(), ...swipe.stroke };
    const answer = await persistently(() => ask(line), (problem) => this.failed(problem));
    this.isAway = false;
    this.say("");
    if (!answer.candidates.length) return this.nothing();
    this.commit({ ...swipe, candidates: answer.candidates, word: answer.candidates[0].word });
    this.showSight(answer.sight);
  }

  /** Now, or once the words of the strokes before are known. */
  inOrder(act) {
    if (!this.waiting || this.isAway) act();
    else this.turn = this.turn.then(act);
  }

  isKept() {
    return this.options.store && !this.options.isPrivate();
  }

  before() {
    return this.options.before?.() ?? this.written.before;
  }

  nothing() {
    this.renderCandidates();
    this.say("No word fits that swipe. Try it again, or tap the letters.");
  }

  commit(swipe) {
    const token = this.written.add(swipe.word, swipe);
    if (swipe.kept) this.keep(swipe);
    else if (this.options.store) this.say("Not kept.");
    announce(swipe.word);
    this.choose(token);
    this.render();
    this.options.onCommit?.(swipe.word, swipe);
  }

  /** Another candidate for the word that is chosen. */
  take(word) {
    const token = this.chosen;
    if (token.swipe.word === word) return;
    token.text = token.swipe.word = word;
    if (token.swipe.kept) this.keep(token.swipe);
    announce(word);
    this.render();
    this.renderCandidates();
    this.options.onCorrect?.(word, token.swipe);
  }

  keep(swipe) {
    this.outbox.add({ gesture_id: swipe.id, word: swipe.word, before: swipe.before, ...about(swipe), ...swipe.stroke });
  }

  tapped(key, text) {
    this.predictor.drop();
    this.inOrder(() => (key.kind === "backspace" ? this.takeBack() : this.type(text, true)));
  }

  type(character, isTapped = false) {
    this.written.type(character, isTapped);
    this.choose(null);
    this.render();
    this.options.onType?.(character);
  }

  key(event) {
    if (isField(event.target) || !this.board.offsetParent || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const presses = event.key === " " && event.target.closest("button:focus-visible");
    if (event.key === "Backspace") this.inOrder(() => this.takeBack());
    else if ([...event.key].length === 1 && !presses) this.inOrder(() => this.type(event.key));
    else return;
    event.preventDefault();
  }

  paste(event) {
    const text = event.clipboardData?.getData("text/plain");
    if (!text || isField(event.target) || !this.board.offsetParent) return;
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
    this.render();
    this.look();
  }

  choose(token) {
    this.chosen = token?.swipe ? token : null;
    this.renderCandidates();
  }

  showSight(sight) {
    drawSight(this.keyboard.overlay, sight);
    if (!sight) return;
    this.keyboard.trace.clear();
    const letters = emissions(sight.frames).map(({ letter, probability }) => `${letter}\u00a0${Math.round(probability * 100)}`);
    this.say("");
    this.line.append("It read ", h("span", { class: "seen-letters" }, sight.greedy || "nothing"), letters.length ? `: ${letters.join(", ")} of\u00a0100` : "");
  }

  question() {
    return { ...about({ keyboard: this.layout.name, language: this.language }), before: this.before(), private: !this.isKept(), sight: this.options.showsSight() };
  }

  stored({ stored = 0, deleted = 0, suspect = 0 }) {
    this.kept = Math.max(0, this.kept + stored - deleted);
    if (this.options.showsSight()) return;
    const isOne = this.kept === 1;
    if (suspect) this.say("Kept, but it fits its word badly: nothing is learned from it.");
    else this.say(`${this.kept} ${isOne ? "swipe" : "swipes"} kept on this device`);
  }

  failed(problem) {
    this.isAway = problem.status === 0;
    this.renderCandidates();
    this.say(problemText(problem), true);
  }

  renderCandidates() {
    const swipe = this.chosen?.swipe;
    this.bar.state = swipe ? "chosen" : "idle";
    this.bar.show(swipe?.candidates ?? [], swipe?.word ?? null, this.options.showsSight());
  }

  render() {
    this.text.show(this.written, this.chosen, this.hint);
  }
}

/** What a line says of a swipe beside its path and its word. */
export function about({ keyboard, language }) {
  const languages = language.split(",").filter(Boolean);
  if (!languages.length) return { keyboard };
  return languages.length > 1 ? { keyboard, languages } : { keyboard, language: languages[0] };
}

function isField(element) {
  return element.closest?.("input, select, textarea, a, [contenteditable]");
}

/** A name for a swipe; randomUUID would need TLS, which a page on a home network may not have. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isRightToLeft(language) {
  try {
    return RIGHT_TO_LEFT.has(new Intl.Locale(language).maximize().script);
  } catch {
    return false; // no tag that this browser knows
  }
}

function icon(path) {
  return svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
}
