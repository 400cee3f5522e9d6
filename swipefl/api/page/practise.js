// Practise: words are asked for until there is enough to learn from; then swipefl learns, and says what that gave.
//
// For tests, in #practise: [data-role=sentence], [data-role=word] (the one that is asked), [data-role=progress],
// [data-role=heard] (the line that says how a swipe went; data-state "right", "wrong", "again" or ""), buttons
// [data-role=back|skip|own|train|cancel|again|retry], and [data-role=result] once it has learned.

import { get, problemText, send } from "./api.js";
import { Chooser } from "./chooser.js";
import { Course } from "./course.js";
import { announce, h } from "./dom.js";
import { persistently } from "./outbox.js";
import { Outcome } from "./outcome.js";
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
    Object.assign(this, {
      section,
      settings,
      own: null,
      past: [],
      turn: Promise.resolve(),
      isAgain: false,
      isFresh: true,
    });
    this.progress = makePlaces();
    this.chooser = new Chooser(
      settings,
      () => this.changed(),
      (problem) => this.failed(problem),
    );
    this.build();
    settings.onChange("private", () => this.switched());
    settings.onChange("forgotten", () => this.forgot());
  }

  /** What can be asked, and how much is in the store. Throws Problem. */
  async begin() {
    const { least } = await get("/practice");
    this.least = least;
    await Promise.all([this.chooser.look(), this.count()]);
    this.use(await this.load()); // first, so that all of it has its place when it comes
    this.section.replaceChildren(this.stage.element, this.outcome.element);
    await this.join();
  }

  /** The tab is shown again: another layout may have been chosen, or swipes forgotten. */
  async look() {
    if (this.isFresh) return void (this.isFresh = false);
    if (this.stage.element.hidden) return;
    try {
      await this.join();
      const [isOther] = await Promise.all([this.chooser.look(), this.inTurn(() => this.count())]);
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
      onMove: (stroke) => this.predictor.follow(stroke),
      onStroke: (stroke) => this.lifted(stroke),
      onCancel: drop,
      onTap: ({ kind }) => {
        drop();
        if (kind === "backspace") this.goBack();
      },
    });
    this.predictor = new Predictor(
      () => ({ ...this.question(), private: true }),
      ({ candidates }) => this.say(candidates[0]?.word ?? ""),
    );
  }

  /** How many swipes are in the store: of which it can learn, and that are new since it last did. Throws Problem. */
  async count() {
    const { gestures, new_swipes: swiped } = await get("/stats");
    Object.assign(this, { stored: gestures.train, swiped });
  }

  /** What is asked on the layout and in the language that are chosen: the package's sentences, or a text. Throws Problem. */
  async load() {
    const { layout, language } = this.chooser;
    const { own } = this;
    const [first] = language.split(",");
    const about = { keyboard: layout.name, language: first || null };
    const path = `/practice?${new URLSearchParams({ language: first || "en", keyboard: layout.name })}`;
    const { parts } = own === null ? await get(path) : await send("POST", "/practice", { text: own, ...about });
    return {
      layout,
      language,
      own,
      course: new Course(parts, own === null ? this.progress.now().places[first] : undefined),
    };
  }

  /** Of two choices the later one counts, whichever comes first. */
  async changed() {
    const wanted = (this.wanted = {});
    try {
      const loaded = await persistently(
        () => this.load(),
        (problem) => this.failed(problem),
      );
      if (wanted === this.wanted) this.use(loaded);
    } catch (problem) {
      this.failed(problem);
    }
  }

  /** Swipes are made on this from now on. Those on their way are kept with what they were made on. */
  use({ layout, language, own, course }) {
    this.shown = { keyboard: layout.name, language, isOwn: own !== null };
    Object.assign(this, { course, past: [], isAgain: false });
    this.predictor.drop();
    this.stage.use(layout, language.split(",")[0]);
    this.stage.own.textContent = own === null ? "Own text" : "Other text";
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

  /** Swipes were erased: those on their way are not to come after, none can be taken back, and those that are left count. */
  forgot() {
    for (const one of this.past) if (one.isWaiting) this.giveUp(one);
    this.past = [];
    this.recount();
  }

  recount() {
    return this.inTurn(async () => {
      await persistently(
        () => this.count(),
        (problem) => this.failed(problem),
      );
      if (this.course) this.render();
    });
  }

  /** One after the other: what is counted was stored before. */
  inTurn(act) {
    this.turn = this.turn.then(act).catch((problem) => this.failed(problem));
    return this.turn;
  }

  render() {
    const { stage, course, swiped, canLearn } = this;
    stage.showCount({
      swiped,
      least: this.least + AND_HELD_OUT,
      canLearn,
      isPrivate: Boolean(this.settings.get("private")),
    });
    stage.showSentence(course, course.isEmpty && this.nothing());
    stage.back.disabled = !this.past.length;
  }

  nothing() {
    if (this.shown.isOwn)
      return "This keyboard can spell no word of that text. Choose another layout, or another text.";
    return "There are no sentences in this language yet. Bring a text of your own, or choose another language.";
  }

  get canLearn() {
    return this.stored >= this.least && !this.settings.get("private");
  }

  /** What a swipe says beside its path: of the keyboard and the sentence that are seen, whatever is being chosen. */
  question() {
    return { ...about(this.shown), before: this.course.before };
  }

  /** All that holds for a swipe holds as it was when the finger was lifted; the next word is asked at once. */
  lifted(stroke) {
    this.predictor.drop();
    const { course, isAgain } = this;
    if (course.isEmpty) return;
    const isKept = !this.settings.get("private");
    const id = newId();
    const line = { gesture_id: id, ...this.question(), ...stroke };
    const swipe = {
      id,
      line,
      before: this.keptBefore,
      word: course.word,
      at: course.at,
      isKept,
      isAgain,
      isWaiting: true,
      counts: 0,
      giving: new AbortController(),
    };
    this.goOn(swipe);
    this.inTurn(() => this.take(swipe));
  }

  async take(swipe) {
    const { signal } = swipe.giving;
    if (signal.aborted) return; // it was taken back
    try {
      const heard = await this.sent(swipe, signal);
      if (!signal.aborted) await this.judge(swipe, heard);
    } catch (problem) {
      if (signal.aborted) return;
      this.dropFrom(swipe);
      throw problem;
    }
  }

  /** What is kept of the sentence in front: of a text of somebody's own only what they swiped and had kept. */
  get keptBefore() {
    const { course } = this;
    return this.shown.isOwn
      ? course.beforeOf(this.past.flatMap(({ at, isKept }) => (isKept ? [at] : [])))
      : course.before;
  }

  /** The swipe is kept with the word that was asked for, whatever was read. */
  async sent(swipe, signal) {
    const { line, word, before, isKept } = swipe;
    const sure = (request) => persistently(request, (problem) => this.failed(problem), signal);
    const read = sure(() => ask({ ...line, private: true }, signal)); // the word is no business of the prediction
    swipe.storing = sure(() =>
      send("POST", "/swipes", { ...line, word, before, private: !isKept }, { outlives: true }),
    );
    const [{ candidates }, { suspect }] = await Promise.all([read, swipe.storing]);
    return { candidates, isSuspect: suspect > 0 };
  }

  async judge(swipe, { candidates, isSuspect }) {
    swipe.isWaiting = false;
    const isAsked = this.past.includes(swipe); // else another sentence was chosen meanwhile
    if (isSuspect && !swipe.isAgain && isAsked) return this.askAgain(swipe, candidates);
    swipe.counts = swipe.isKept && !isSuspect ? 1 : 0;
    this.swiped += swipe.counts;
    if (!this.canLearn && this.swiped >= this.least) await this.count();
    this.render();
    if (isAsked) this.tell(swipe.word, candidates, { isKept: swipe.isKept, isSuspect });
  }

  /** What fits its word badly teaches nothing; the second time it stays, and is left out by whoever learns. */
  askAgain(swipe, [first]) {
    this.dropFrom(swipe);
    this.isAgain = true;
    const read = first ? ` It looks like “${first.word}”.` : "";
    this.say(`That begins or ends far from “${swipe.word}”.${read} Once more?`, "again");
    announce(this.stage.heard.textContent);
  }

  /** Asks for the word of a swipe anew; those behind it were swiped for nothing. */
  dropFrom(swipe) {
    const from = this.past.indexOf(swipe);
    if (from < 0) return;
    for (const one of this.past.splice(from)) this.giveUp(one);
    this.goTo(swipe.at);
  }

  /** What was swiped is out of the store again, or does not come there. */
  giveUp(swipe) {
    if (!swipe.id) return; // it was passed over
    swipe.giving.abort();
    this.swiped -= swipe.counts;
    if (swipe.isKept) this.inTurn(() => this.takeOut(swipe));
  }

  async takeOut({ id, storing }) {
    if (!storing) return; // it had not been said yet
    await storing.catch(() => {}); // what is said later may come sooner
    const line = { gesture_id: id, delete: true };
    await persistently(
      () => send("POST", "/swipes", line, { outlives: true }),
      (problem) => this.failed(problem),
    );
    await this.count();
    this.render();
  }

  goOn(swipe) {
    this.past.push(swipe);
    this.goTo(this.course.next);
  }

  passOver() {
    this.goOn({ at: this.course.at, id: null, isKept: false });
    this.say("");
    announce(`Swipe ${this.course.word}`);
  }

  /** Takes back what was swiped last, also while it is on its way. */
  goBack() {
    const swipe = this.past.pop();
    if (!swipe) return;
    this.giveUp(swipe);
    this.goTo(swipe.at);
    this.say(swipe.id ? "Taken back. Swipe it anew." : "");
    announce(`${swipe.id ? "Taken back. " : ""}Swipe ${this.course.word}`);
  }

  goTo(at) {
    this.isAgain = false;
    this.course.at = at;
    const { places } = this.progress.now();
    if (!this.shown.isOwn) this.progress.note({ places: { ...places, [this.stage.language]: this.course.place } });
    this.render();
  }

  tell(word, candidates, { isKept, isSuspect }) {
    const isRight = isRead(word, candidates, this.stage.language);
    const read = candidates[0]?.word;
    if (this.swiped === GOAL && isKept && this.canLearn)
      this.say(`${GOAL} words. swipefl can learn from them now.`, "right");
    else this.say(...verdict(word, read, { isRight, isKept, isSuspect }));
    announce(`${isRight ? "Right." : `Read as ${read ?? "nothing"}.`} Next: ${this.course.word}`);
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
  }

  /** Learns from what was swiped, or goes on with a job; what it came to is told once, also after the page was away. */
  learn(job = null) {
    this.stage.element.hidden = true;
    const onBegun = ({ id }) => this.progress.note({ learning: id });
    const onEnded = async () => {
      this.progress.note({ learning: null });
      await this.recount();
    };
    return this.outcome.learn(job, { onBegun, onEnded });
  }

  /** Goes on with a learning that was begun before the page was loaded, or elsewhere. Throws Problem. */
  async join() {
    const { job } = await get("/jobs/current");
    if (job && (job.state === "running" || job.id === this.progress.now().learning)) this.learn(job);
  }

  again() {
    this.stage.element.hidden = false;
    this.hint();
    this.render();
    this.stage.skip.focus();
  }
}
