// Practise: words are asked for until there is enough to learn from; then swipefl learns, and says what that gave.
//
// For tests, in #practise: [data-role=sentence], [data-role=word] (the one that is asked), [data-role=progress],
// [data-role=heard] (the line that says how a swipe went; data-state "right", "wrong", "again" or ""), buttons
// [data-role=back|skip|own|train|cancel|again], and [data-role=result] once it has learned.

import { get, problemText, send } from "./api.js";
import { Chooser } from "./chooser.js";
import { Course } from "./course.js";
import { announce, h } from "./dom.js";
import { persistently } from "./outbox.js";
import { hasLearned, Outcome } from "./outcome.js";
import { askText } from "./owntext.js";
import { makePlaces } from "./places.js";
import { ask, Predictor } from "./predictor.js";
import { Stage } from "./stage.js";
import { about, newId } from "./swipe.js";
import { isRead, verdict } from "./verdict.js";

const GOAL = 40; // words: five minutes
const AND_HELD_OUT = 2; // of ten swipes: they are put aside to judge by
const HINT = "Begin on the first letter of the marked word, glide over the others, and lift.";
const KEPT_NOTHING = "“Don’t keep what I swipe here” is on, so nothing is learned from these.";

/** Fills the tab. */
export async function start(section, { settings, onShow }) {
  const waiting = h("p", { class: "plain" });
  const wait = (problem) => {
    waiting.textContent = problemText(problem);
    section.replaceChildren(waiting);
  };
  const tab = new Practise(section, settings);
  try {
    await persistently(() => tab.begin(), wait);
    onShow("practise", () => tab.look());
  } catch (problem) {
    wait(problem);
  }
}

class Practise {
  constructor(section, settings) {
    Object.assign(this, { section, settings, own: null, past: [], turn: Promise.resolve(), queued: 0, isAgain: false });
    this.progress = makePlaces();
    this.chooser = new Chooser(settings, () => this.changed(), (problem) => this.failed(problem));
    this.build();
    settings.onChange("private", () => this.switched());
    settings.onChange("forgotten", () => this.forgot());
  }

  /** What can be asked, and how much is in the store. Throws Problem. */
  async begin() {
    const { least } = await get("/practice");
    this.least = least;
    await Promise.all([this.chooser.look(), this.count()]);
    await this.load();
    this.use(); // first, so that all of it has its place when it comes
    this.section.replaceChildren(this.stage.element, this.outcome.element);
    await this.join();
  }

  /** The tab is shown again: another layout may have been chosen, or swipes forgotten. */
  async look() {
    if (this.isFresh) return void (this.isFresh = false);
    if (this.stage.element.hidden) return;
    try {
      await this.join();
      const [isOther] = await Promise.all([this.chooser.look(), this.count()]);
      if (isOther) await this.changed();
      this.hint();
      this.render();
    } catch (problem) {
      this.failed(problem);
    }
  }

  build() {
    const drop = () => this.predictor.drop();
    this.outcome = new Outcome(() => this.again());
    this.stage = new Stage(this.chooser.elements, GOAL, {
      back: () => this.goBack(),
      skip: () => this.passOver(),
      own: () => this.askText(),
      train: () => this.learn(),
      keep: () => this.keepAgain(),
      onStart: () => this.began(),
      onMove: (stroke) => this.predictor.follow(stroke),
      onStroke: (stroke) => this.lifted(stroke),
      onCancel: drop,
      onTap: drop,
    });
    this.predictor = new Predictor(() => ({ ...this.question(), private: true }), ({ candidates }) => this.say(candidates[0]?.word ?? ""));
    this.isFresh = true;
  }

  /** How many swipes are in the store, of which it can learn. */
  async count() {
    const { gestures } = await get("/stats");
    this.stored = gestures.train;
    // the count is this browser's: swipes may have been erased since, or be in another store
    if (this.swiped > gestures.good) this.progress.note({ swiped: gestures.good });
  }

  /** The sentences of the language, or of the text that was brought; those that were asked for last. Throws Problem. */
  async load() {
    const { layout, language } = this.chooser;
    const turn = (this.loads = (this.loads ?? 0) + 1);
    const [first] = language.split(",");
    const about = { keyboard: layout.name, language: first || null };
    const path = `/practice?${new URLSearchParams({ language: first || "en", keyboard: layout.name })}`;
    const { parts } = this.own === null ? await get(path) : await send("POST", "/practice", { text: this.own, ...about });
    if (turn !== this.loads) return;
    // what is swiped meanwhile is of what is drawn
    this.drawn = { layout, language };
    this.course = new Course(parts, this.own === null ? this.progress.now().places[first] : undefined);
    this.past = [];
  }

  async changed() {
    try {
      await persistently(() => this.load(), (problem) => this.failed(problem));
      this.use();
    } catch (problem) {
      this.failed(problem);
    }
  }

  use() {
    const { layout, language } = this.drawn;
    this.stage.use(layout, language.split(",")[0]);
    this.hint();
    this.render();
  }

  hint() {
    this.say(this.settings.get("private") ? KEPT_NOTHING : HINT);
  }

  keepAgain() {
    this.settings.set("private", false);
    this.stage.skip.focus();
  }

  /** Swipes are kept from now on, or not; also in another tab this may be said. */
  switched() {
    if (!this.course) return;
    this.hint();
    this.render();
  }

  /** Swipes were erased: none of them can be taken back, and those that are left count. */
  async forgot() {
    this.past = [];
    try {
      await this.count();
      if (this.course) this.render();
    } catch (problem) {
      this.failed(problem);
    }
  }

  render() {
    const { stage, course, swiped, canLearn } = this;
    stage.showCount({ swiped, least: this.least + AND_HELD_OUT, canLearn, isPrivate: Boolean(this.settings.get("private")) });
    stage.showSentence(course, course.isEmpty && this.nothing());
    stage.back.disabled = !this.past.length;
  }

  nothing() {
    if (this.own !== null) return "This keyboard can spell no word of that text. Choose another layout, or another text.";
    return "There are no sentences in this language yet. Bring a text of your own, or choose another language.";
  }

  get swiped() {
    return this.progress.now().swiped;
  }

  get canLearn() {
    return this.stored >= this.least && !this.settings.get("private");
  }

  question() {
    const { layout, language } = this.drawn;
    return { ...about({ keyboard: layout.name, language }), before: this.course.before };
  }

  began() {
    const { at, places } = this.course;
    this.intended = (at + this.queued) % Math.max(1, places.length);
  }

  lifted(stroke) {
    this.predictor.drop();
    const { intended } = this;
    this.queued += 1;
    this.turn = this.turn.then(() => this.take(stroke, intended)).catch((problem) => this.failed(problem));
  }

  /** A swipe of the next word counts for nothing where the one before it is asked once more. */
  async take(stroke, intended) {
    const { course } = this;
    const isAsked = () => course === this.course && intended === course.at && !course.isEmpty;
    let heard = null;
    try {
      if (isAsked()) heard = await this.sent(stroke);
    } finally {
      this.queued -= 1;
    }
    if (heard && isAsked()) await this.judge(heard);
    else if (heard?.id && course === this.course) await this.takeOut(heard.id); // its word was skipped meanwhile
  }

  /** What is kept of the sentence in front: of a text of somebody's own only what they swiped and had kept. */
  get keptBefore() {
    const { course } = this;
    return this.own === null ? course.before : course.beforeOf(this.past.flatMap(({ at, id }) => (id ? [at] : [])));
  }

  /** The swipe is kept with the word that was asked for, whatever was read. */
  async sent(stroke) {
    const { word } = this.course;
    const swipe = { gesture_id: newId(), ...this.question(), ...stroke };
    const isPrivate = Boolean(this.settings.get("private"));
    const sure = (request) => persistently(request, (problem) => this.failed(problem));
    const read = sure(() => ask({ ...swipe, private: true })); // the word is no business of the prediction
    const line = { ...swipe, word, before: this.keptBefore, private: isPrivate };
    const kept = sure(() => send("POST", "/swipes", line, { outlives: true }));
    const [{ candidates }, { suspect }] = await Promise.all([read, kept]);
    return { word, candidates, isSuspect: suspect > 0, id: isPrivate ? null : swipe.gesture_id };
  }

  async judge({ word, candidates, isSuspect, id }) {
    if (isSuspect && !this.isAgain) return this.askAgain(id, candidates);
    this.goOn(id, isSuspect);
    this.tell(word, candidates[0]?.word, { isRight: isRead(word, candidates, this.stage.language), isKept: id !== null, isSuspect });
    if (this.canLearn || this.swiped < this.least) return;
    await this.count();
    this.render();
  }

  /** What fits its word badly teaches nothing; the second time it stays, and is left out by whoever learns. */
  async askAgain(id, [first]) {
    this.isAgain = true;
    const read = first ? ` It looks like “${first.word}”.` : "";
    this.say(`That begins or ends far from “${this.course.word}”.${read} Once more?`, "again");
    announce(this.stage.heard.textContent);
    if (id) await this.takeOut(id);
  }

  goOn(id, isSuspect = false) {
    this.past.push({ at: this.course.at, id, counts: id && !isSuspect ? 1 : 0 });
    this.step(1, this.past.at(-1).counts);
  }

  passOver() {
    this.goOn(null);
    this.say("");
    announce(`Swipe ${this.course.word}`);
  }

  /** Takes back what was swiped last: what is being read is waited for. */
  goBack() {
    const isRead = !this.queued;
    this.turn = this.turn.then(() => (isRead || !this.isAgain) && this.takeBack()).catch((problem) => this.failed(problem));
  }

  async takeBack() {
    if (!this.past.length) return;
    const { id, counts } = this.past.pop();
    this.step(-1, -counts);
    this.say(id ? "Taken back. Swipe it anew." : "");
    announce(`${id ? "Taken back. " : ""}Swipe ${this.course.word}`);
    if (id) await this.takeOut(id);
  }

  async takeOut(id) {
    const line = { gesture_id: id, delete: true };
    await persistently(() => send("POST", "/swipes", line, { outlives: true }), (problem) => this.failed(problem));
    await this.count();
    this.render();
  }

  step(by, swiped) {
    this.isAgain = false;
    this.course.move(by);
    const { places } = this.progress.now();
    const place = this.own === null ? { [this.stage.language]: this.course.place } : {};
    this.progress.note({ swiped: Math.max(0, this.swiped + swiped), places: { ...places, ...place } });
    this.render();
  }

  tell(word, read, how) {
    if (this.swiped === GOAL && how.isKept && this.canLearn) this.say(`${GOAL} words. swipefl can learn from them now.`, "right");
    else this.say(...verdict(word, read, how));
    announce(`${how.isRight ? "Right." : `Read as ${read ?? "nothing"}.`} Next: ${this.course.word}`);
  }

  say(text, state) {
    this.stage.say(text, state);
  }

  failed(problem) {
    this.say(problemText(problem), "failed");
    announce(this.stage.heard.textContent);
  }

  async askText() {
    const text = await askText(this.own ?? "", this.stage.language);
    if (text === null) return;
    this.own = text || null;
    await this.changed();
    this.stage.own.textContent = this.own ? "Other text" : "Own text";
  }

  async learn(job = null) {
    this.stage.element.hidden = true;
    await this.outcome.learn(job, (learned) => this.relearned(learned));
  }

  /** Goes on with a learning that was begun before the page was loaded, or elsewhere; of one that is over, it takes note. */
  async join() {
    const { job } = await get("/jobs/current");
    if (job?.state === "running") this.learn(job);
    else if (hasLearned(job) && job.id !== this.progress.now().learned) await this.relearned(job);
  }

  /** What was swiped so far is learned from; the next words count anew. */
  async relearned({ id }) {
    this.progress.note({ swiped: 0, learned: id });
    await this.count();
  }

  again() {
    this.stage.element.hidden = false;
    this.hint();
    this.render();
    this.stage.skip.focus();
  }
}
