// What is being written: swiped words and typed letters, with the blanks that people expect between them.

import { composed } from "./hangul.js";

const UNPARTED = new Set(["th", "lo", "km", "my", "ja", "zh"]); // languages without blanks between words
const MOST_PASTED = 2_000; // characters
const OPEN = /[\s([{«„“‘¿¡/@#'’-]$/u; // behind these no blank is wanted
const SENTENCE_END = /(^|[.!?…؟۔।։]["»”’)]*\s*|\n)$/u;
const UNSAID = "#"; // the device reads it as something that is no word, and keeps no more of it
const TO_COME = "x";
const MARK = /[.,;:!?…،؛؟۔।։՞]$/u;

/**
 * A text of tokens `{gap, text, swipe, isPrivate}`: `gap` is the blank in front, `text` null while it is not known yet,
 * `swipe` what its word was swiped with, null for what was typed; `isPrivate` says that nothing of it may be kept.
 * A swipe has its place from the moment when the finger is lifted: whatever is done to the text until its word is known
 * comes behind it, or takes it back.
 */
export class Written {
  /** `isPrivate()` says whether what is typed now may not be kept. */
  constructor(language = "en", isPrivate = () => false) {
    Object.assign(this, { language, isPrivate, tokens: [] });
  }

  /** What is written, without the words that are not known yet. */
  get text() {
    return textOf(this.tokens.filter(isKnown));
  }

  /** The swipes whose words are not known yet. */
  get waiting() {
    return this.tokens.filter((token) => !isKnown(token));
  }

  /** The text in front of a word that comes next. */
  get before() {
    return this.text + this.gapForWord();
  }

  /** The text in front of a token. */
  beforeOf(token) {
    return textOf(this.inFrontOf(token)) + token.gap;
  }

  /** The same as it may be kept: of what was written in private only that there was something. */
  keptBefore(token) {
    const front = this.inFrontOf(token);
    const last = front.map(({ isPrivate }) => isPrivate).lastIndexOf(true);
    return (last < 0 ? "" : UNSAID) + textOf(front.slice(last + 1)) + token.gap;
  }

  /** Puts a swiped word behind all, null where it is not known yet, and returns its token. */
  add(text, swipe) {
    const token = { gap: this.gapForWord(), text, swipe, isPrivate: !swipe.isKept };
    this.tokens.push(token);
    return token;
  }

  /** Takes a token out, wherever it stands. */
  drop(token) {
    const i = this.tokens.indexOf(token);
    const next = this.tokens[i + 1];
    if (next?.gap) next.gap = token.gap; // at the beginning there is none
    this.tokens.splice(i, 1);
  }

  /** Types a letter, a blank or a mark; with `isTapped`, a sentence begins with a capital. */
  type(character, isTapped = false) {
    const last = this.tokens.at(-1);
    if (character === " ") return this.space();
    if (MARK.test(character) && last?.text === " ") this.tokens.pop(); // word, blank, full stop: no blank
    const isLetter = /[\p{L}\p{M}]/u.test(character);
    const { drawn } = this;
    const gap = isLetter && drawn && (last.swipe || MARK.test(last.text)) ? this.gapForWord() : "";
    const isFirst = isTapped && SENTENCE_END.test(drawn);
    const typed = isFirst ? character.toLocaleUpperCase(this.language.split(",")[0]) : character;
    this.append(gap, typed, isLetter);
  }

  /** Puts a text behind all as it is, but for lines, which it becomes one of. */
  paste(text) {
    const raw = text.replaceAll(/\s+/g, " ").slice(0, MOST_PASTED);
    this.tokens.push(this.typed({ text: raw, raw }));
  }

  /** Takes the last word or the last typed character back, and returns its token if it was swiped. */
  takeBack() {
    const last = this.tokens.at(-1);
    if (!last) return null;
    if (last.swipe) return this.tokens.pop();
    last.raw = last.raw.slice(0, lastStart(last.raw));
    last.text = composed(last.raw);
    if (!last.text) this.tokens.pop();
    return null;
  }

  space() {
    const { drawn } = this;
    if (drawn && !/\s$/u.test(drawn)) this.tokens.push(this.typed({ text: " ", raw: " " }));
  }

  append(gap, character, isLetter) {
    const last = this.tokens.at(-1);
    const next = this.typed({ gap, raw: character, isLetters: isLetter });
    const isSame = last && last.isLetters === isLetter && last.isPrivate === next.isPrivate;
    if (isSame && !last.swipe && !gap && last.text !== " ") last.raw += character;
    else this.tokens.push(next);
    const token = this.tokens.at(-1);
    token.text = composed(token.raw);
  }

  typed(token) {
    return { gap: "", swipe: null, isPrivate: this.isPrivate(), ...token };
  }

  inFrontOf(token) {
    return this.tokens.slice(0, this.tokens.indexOf(token)).filter(isKnown);
  }

  /** The text with something in the place of each word that is to come: what comes behind it is parted as from a word. */
  get drawn() {
    return textOf(this.tokens.map((token) => (isKnown(token) ? token : { ...token, text: TO_COME })));
  }

  gapForWord() {
    const { drawn } = this;
    return !drawn || OPEN.test(drawn) || UNPARTED.has(this.language.split(/[-,]/)[0]) ? "" : " ";
  }
}

function isKnown({ text }) {
  return text !== null;
}

function textOf(tokens) {
  return tokens.map(({ gap, text }) => gap + text).join("");
}

/** Where the last character that people see begins: one with its marks. */
function lastStart(text) {
  if (!Intl.Segmenter) return text.length - Array.from(text).at(-1).length;
  return [...new Intl.Segmenter().segment(text)].at(-1).index;
}
