"""Swipes of a file that no new version may do worse on."""

from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import decoder_of_any
from swipefl.decoder.evaluation import judge
from swipefl.errors import DataError
from swipefl.federation.coordinator.rounds import Holdout
from swipefl.gesture.formats import read_examples
from swipefl.stopping import Stop, until


def holdout(path: Path) -> Holdout:
    """A function from checkpoint to its top-1 on the examples of `path`. Raises DataError where there are none.

    It asks whether it is to end before each example, and raises that. A word of a language without a lexicon counts as
    wrong; a gesture of which neither line nor keyboard says a language is English.
    """
    examples = list(read_examples(path))
    if not examples:
        raise DataError("no-holdout", "{path} holds no gesture with its word; a holdout needs some hundred", path=path)
    known: dict[str, float] = {}  # each candidate is judged once more as what the next one must not be worse than

    def score(checkpoint: Checkpoint, stop: Stop) -> float:
        if checkpoint.fingerprint not in known:
            for oldest in list(known)[:-2]:
                del known[oldest]
            known[checkpoint.fingerprint] = judge(decoder_of_any(checkpoint), until(stop, examples)).top1
        return known[checkpoint.fingerprint]

    return score
