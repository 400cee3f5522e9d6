// Words for a stroke, also while it grows: one request at a time, and none of an old stroke is heard.

import { send } from "./api.js";

const EVERY_MS = 60;
const LEAST_POINTS = 4;

/** Asks for the words of strokes; `question()` gives what every request says beside the path. */
export class Predictor {
  /** `onGuess(answer)` hears what the path so far may be. */
  constructor(question, onGuess) {
    Object.assign(this, { question, onGuess, stroke: null, asked: 0, points: 0, asking: null, timer: 0 });
  }

  /** The stroke grew. */
  follow(stroke) {
    if (this.stroke !== stroke) this.drop();
    this.stroke = stroke;
    const { length } = stroke.coords;
    if (this.asking || this.timer || length < LEAST_POINTS || length === this.points) return;
    const wait = this.asked + EVERY_MS - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        if (this.stroke === stroke) this.follow(stroke);
      }, wait);
    } else this.guess(stroke);
  }

  /** Forgets the stroke that was followed. */
  drop() {
    clearTimeout(this.timer);
    this.asking?.abort();
    Object.assign(this, { stroke: null, asking: null, timer: 0, points: 0 });
  }

  async guess(stroke) {
    const asking = new AbortController();
    let isAnswered = false;
    Object.assign(this, { asking, points: stroke.coords.length });
    try {
      const answering = ask({ ...this.question(), ...stroke, final: false }, asking.signal);
      this.asked = performance.now(); // once it is on its way: making it may have taken a moment
      const answer = await answering;
      isAnswered = true;
      if (this.stroke === stroke) this.onGuess(answer);
    } catch {
      // of guesses nothing is said, and no more are asked for: what is wrong, the whole stroke will tell
    }
    if (this.asking !== asking || !isAnswered) return;
    this.asking = null;
    if (this.stroke === stroke) this.follow(stroke);
  }
}

/** The answer to a line, with `sight` where that is wanted. Throws Problem. */
export function ask({ sight, ...line }, signal) {
  return send("POST", `/predict?top=5${sight ? "&sight=true" : ""}`, line, { signal });
}
