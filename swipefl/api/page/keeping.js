// Which swipes of a text are in the store: each with the word that stands for it now, behind the words that stand there.
//
// A swipe is kept as soon as it is read, and said again when its word or one of those in front of it becomes another:
// the store takes what was said last. To wait until the next word is begun would lose the last one with the page, and
// would not spare this: people correct words further back, too.

import { about } from "./swipe.js";

const WORDS_BEFORE = 5; // more than is kept of what stood in front: what changes further away is not said again

export class Keeping {
  constructor(written, outbox) {
    Object.assign(this, { written, outbox });
  }

  /** Says what stands otherwise than it was said; all of it at once, so that no part of it is learned from without the rest. */
  update() {
    const { written, outbox } = this;
    const lines = written.tokens.flatMap((token) => {
      const { text: word, swipe } = token;
      if (!swipe?.isKept || word === null) return [];
      const before = written.keptBefore(token);
      const said = [word, ...before.split(/\s+/).slice(-WORDS_BEFORE - 1)].join(" ");
      if (swipe.said === said) return [];
      swipe.said = said;
      return [{ gesture_id: swipe.id, word, before, ...about(swipe), ...swipe.stroke }];
    });
    if (lines.length) outbox.add(lines);
  }

  /** Takes a swipe out of the store again. */
  takeOut({ id, said }) {
    if (said !== undefined) this.outbox.add([{ gesture_id: id, delete: true }]);
  }
}
