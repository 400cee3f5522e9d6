// The bar of candidates over a keyboard.

import { h } from "./dom.js";

const CANDIDATES = 5;
const LONG = 12; // characters, from which on a candidate is written smaller

/** Five buttons that stay, so that the one with the focus keeps it, and nothing moves. */
export class CandidateBar {
  /** `onTake(word)` hears of the one that was pressed; not while they are guesses. */
  constructor(onTake) {
    this.buttons = Array.from({ length: CANDIDATES }, () => {
      const button = h(
        "button",
        { class: "candidate", type: "button", onclick: () => this.state === "chosen" && onTake(button.dataset.word) },
        h("span"),
        h("small"),
      );
      return button;
    });
    this.element = h(
      "div",
      { class: "candidates", "data-role": "candidates", role: "group", "aria-label": "Candidates" },
      this.buttons,
    );
  }

  /** "idle", "guess" while the finger is down, "asking" when it was lifted, "chosen" when a word stands. */
  get state() {
    return this.element.dataset.state;
  }

  set state(state) {
    this.element.dataset.state = state;
  }

  /** Shows candidates; `word` is the one that stands in the text, null while they are guesses. */
  show(candidates, word, withScores) {
    this.element.classList.toggle("with-scores", withScores);
    this.element.scrollLeft = 0;
    this.buttons.forEach((button, i) => fill(button, candidates[i], word));
  }
}

function percent(probability) {
  return probability < 0.005 ? "under 1\u00a0%" : `${Math.round(probability * 100)}\u00a0%`;
}

function fill(button, candidate, word) {
  const [label, score] = button.children;
  label.textContent = candidate?.word ?? "";
  label.className = label.textContent.length > LONG ? "long" : "";
  score.textContent = candidate ? percent(candidate.probability) : "";
  button.setAttribute("aria-disabled", word === null); // while the finger is down they are only shown
  button.setAttribute("aria-pressed", Boolean(candidate) && candidate.word === word);
  if (candidate) button.dataset.word = candidate.word;
  else delete button.dataset.word;
}
