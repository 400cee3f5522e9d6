"""How likely words are for a posterior over letters: connectionist temporal classification (Graves 2006, ICML)."""

from collections.abc import Sequence

import numpy as np

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.word_index import Lengths, Rows

FLOOR = 1e-30  # least probability of a letter in a frame, so that eight frames stay in the range of a double
RESCALED_EVERY = 8  # frames
SURELY_BLANK = 0.99  # two letters in neighbouring frames of this kind are one word's in ten thousand at most
MOST_TOGETHER = 3  # frames: of dev no word that was meant found no room in what was left


def greedy(log_probs: Floats, letters: str) -> str:
    """What the posterior spells without a lexicon: each frame's best, repeats merged, blanks dropped."""
    best = log_probs.argmax(1)
    new = np.append(True, best[1:] != best[:-1])
    return "".join(letters[code - 1] for code in best[new & (best > 0)])


def ctc_log_likelihoods(log_probs: Floats, words: Sequence[Sequence[int]]) -> Doubles:
    """ln p_ctc (N,) of words given as columns (1 + L) of log_probs (T, 1 + L); -inf for what cannot be aligned.

    Letters count with a probability of FLOOR at least.
    """
    flat = np.array([code for word in words for code in (0, *word)], np.intp)
    return ln_likelihoods(probabilities(log_probs), flat, np.array([len(word) for word in words], np.intp))


def probabilities(log_probs: Floats) -> Doubles:
    """Probabilities (T, 1 + L), FLOOR at least."""
    floored: Doubles = np.maximum(np.exp(log_probs.astype(np.float64)), FLOOR)
    return floored


def condensed(probs: Doubles) -> Doubles:
    """Probabilities (U, 1 + L) that say the same in fewer frames, three in five of a usual gesture's.

    MOST_TOGETHER neighbours that are surely blank become one: blank where all are, a letter where one of them is.
    """
    blank = probs[:, 0] > SURELY_BLANK
    goes_on, at = np.append(False, blank[1:] & blank[:-1]), np.arange(len(probs))
    since = at - np.maximum.accumulate(np.where(goes_on, 0, at))
    begins = np.flatnonzero(since % MOST_TOGETHER == 0)
    together: Doubles = np.add.reduceat(probs, begins)
    together[:, 0] = np.multiply.reduceat(probs[:, 0], begins)
    return together


def ln_likelihoods(probs: Doubles, flat: Rows, lengths: Lengths) -> Doubles:
    """ln p_ctc (N,) of words in one flat array, a 0 before each, for probabilities (T, 1 + L).

    Slot j of a word holds the probability of having emitted j letters: `label` where the frame emits letter j itself,
    `blank` where blanks follow it. Both stay in the linear domain and are rescaled word by word.
    """
    starts = np.cumsum(lengths + 1) - lengths - 1
    differs = (flat[1:] != flat[:-1]).astype(np.float64)  # equal neighbours need a blank between
    label, blank, entered, emits = np.zeros((4, len(flat)))
    letter_before, blank_before, entering = label[:-1], blank[:-1], entered[1:]
    blank[starts] = 1
    scales = np.zeros(len(lengths))
    letters = probs.copy()
    letters[:, 0] = 0  # slot 0 has no label
    for t, (row, pause) in enumerate(zip(letters, probs[:, 0].tolist(), strict=True), start=1):
        np.take(row, flat, out=emits, mode="clip")
        np.multiply(letter_before, differs, out=entering)
        entering += blank_before
        blank += label
        blank *= pause
        label += entered
        label *= emits
        if t % RESCALED_EVERY == 0 and len(lengths):
            scale = np.maximum.reduceat(np.maximum(label, blank), starts)
            scale[scale == 0] = 1
            scales += np.log(scale)
            wide = np.repeat(1 / scale, lengths + 1)
            label *= wide
            blank *= wide
    ends = starts + lengths
    with np.errstate(divide="ignore"):
        logs: Doubles = np.log(label[ends] + blank[ends]) + scales
    return logs


def aligned(log_probs: Floats, word: Sequence[int]) -> list[int] | None:
    """The frame in which each letter of a word, given as columns of log_probs (T, 1 + L), is said most surely.

    That of the likeliest way to say all of them in their order; None where there are too few frames for any.
    """
    states = [0, *(code for letter in word for code in (letter, 0))]  # a blank around each letter
    emits = np.maximum(log_probs.astype(np.float64), np.log(FLOOR))[:, states]
    skips = np.array([i > 1 and i % 2 == 1 and states[i] != states[i - 2] for i in range(len(states))])
    best, came = np.full(len(states), -np.inf), np.zeros(emits.shape, np.intp)
    best[:2] = emits[0, :2]
    for t in range(1, len(emits)):
        by = np.stack([np.concatenate((np.full(back, -np.inf), best[: len(best) - back])) for back in range(3)])
        by[2, ~skips] = -np.inf
        came[t] = by.argmax(0)
        best = by.max(0) + emits[t]
    last = len(states) - 1 - int(best[-2] > best[-1])
    if best[last] == -np.inf:
        return None
    at: dict[int, int] = {}
    for t in range(len(emits) - 1, -1, -1):
        if last not in at or emits[t, last] > emits[at[last], last]:
            at[last] = t
        last -= int(came[t, last])
    return [at[2 * i + 1] for i in range(len(word))]
