// What is being written: swiped words and typed letters, with the blanks that people expect between them.

import { composed } from "./hangul.js";

const UNPARTED = new Set(["th", "lo", "km", "my", "ja", "zh"]); // languages without blanks between words
const MOST_PASTED = 2_000; // characters
const OPEN = /[\s([{«„“‘¿¡/@#'’-]$/u; // behind these no blank is wanted
const SENTENCE_END = /(^|[.!?…؟۔।։]["»”’)]*\s*|\n)$/u;
const MARK = /[.,;:!?…،؛؟۔।։՞]$/u;

/**
 * A text of tokens `{gap, text, swipe}`: `gap` is the blank in front, `swipe` what its word was swiped with, null for
 * what was typed.
 */
export class Written {
  constructor(language = "en") {
    this.language = language;
    this.tokens = [];
  }

  get text() {
    return this.tokens.map(({ gap, text }) => gap + text).join("");
  }

  /** The text in front of a word that comes next. */
  get before() {
    return this.text + this.gapForWord();
  }

  /** Puts a swiped word behind all, and returns its token. */
  add(text, swipe) {
    const token = { gap: this.gapForWord(), text, swipe };
    this.tokens.push(token);
    return token;
  }

  /** Types a letter, a blank or a mark; with `isTapped`, a sentence begins with a capital. */
  type(character, isTapped = false) {
    const last = this.tokens.at(-1);
    if (character === " ") return this.space();
    if (MARK.test(character) && last?.text === " ") this.tokens.pop(); // word, blank, full stop: no blank
    const isLetter = /[\p{L}\p{M}]/u.test(character);
    const gap = isLetter && this.text && (last.swipe || MARK.test(last.text)) ? this.gapForWord() : "";
    const isFirst = isTapped && SENTENCE_END.test(this.text);
    const typed = isFirst ? character.toLocaleUpperCase(this.language.split(",")[0]) : character;
    this.append(gap, typed, isLetter);
  }

  /** Puts a text behind all as it is, but for lines, which it becomes one of. */
  paste(text) {
    const raw = text.replaceAll(/\s+/g, " ").slice(0, MOST_PASTED);
    this.tokens.push({ gap: "", text: raw, swipe: null, raw });
  }

  /** Takes the last word or the last typed character back, and returns its swipe if it was one. */
  takeBack() {
    const last = this.tokens.at(-1);
    if (!last) return null;
    if (last.swipe) return this.tokens.pop().swipe;
    last.raw = last.raw === undefined ? "" : last.raw.slice(0, lastStart(last.raw));
    last.text = composed(last.raw);
    if (!last.text) this.tokens.pop();
    return null;
  }

  space() {
    if (this.text && !/\s$/u.test(this.text)) this.tokens.push({ gap: "", text: " ", swipe: null, raw: " " });
  }

  append(gap, character, isLetter) {
    const last = this.tokens.at(-1);
    const goesOn = last && !last.swipe && !gap && last.text !== " " && isLetter === last.isLetters;
    if (goesOn) last.raw += character;
    else this.tokens.push({ gap, raw: character, swipe: null, isLetters: isLetter });
    const token = this.tokens.at(-1);
    token.text = composed(token.raw);
  }

  gapForWord() {
    const { text } = this;
    return !text || OPEN.test(text) || UNPARTED.has(this.language.split(/[-,]/)[0]) ? "" : " ";
  }
}

/** Where the last character that people see begins: one with its marks. */
function lastStart(text) {
  if (!Intl.Segmenter) return text.length - Array.from(text).at(-1).length;
  return [...new Intl.Segmenter().segment(text)].at(-1).index;
}
