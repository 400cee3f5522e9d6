// The words of some sentences, asked for one after the other, and begun anew at their end.

/** Where somebody is in sentences of parts `{shown, word}`; parts without a word are read and not asked for. */
export class Course {
  /** @param {Array<Array<{shown: string, word: string|null}>>} sentences
   *  @param {[number, number]} [place] a sentence and a part in it, to go on from */
  constructor(sentences, place = [0, 0]) {
    this.sentences = sentences;
    this.places = sentences.flatMap((parts, s) => parts.flatMap(({ word }, i) => (word ? [[s, i]] : [])));
    const at = this.places.findIndex(([s, i]) => s > place[0] || (s === place[0] && i >= place[1]));
    this.at = Math.max(0, at);
  }

  get isEmpty() {
    return !this.places.length;
  }

  get place() {
    return this.places[this.at];
  }

  get parts() {
    return this.sentences[this.place[0]];
  }

  get word() {
    return this.parts[this.place[1]].word;
  }

  /** The sentence in front of the word. */
  get before() {
    return this.inFront(() => true);
  }

  /** The same with `#` for each part but those at `places`, numbers as `at` is one. */
  beforeOf(places) {
    const shown = new Set(places.map((at) => this.places[at].join()));
    return this.inFront((i) => shown.has([this.place[0], i].join()));
  }

  inFront(isShown) {
    return this.parts
      .slice(0, this.place[1])
      .map(({ shown }, i) => (isShown(i) ? shown : "#"))
      .join(" ");
  }

  /** Where the next word is: behind the last one the first. */
  get next() {
    return (this.at + 1) % this.places.length;
  }
}
