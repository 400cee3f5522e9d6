"""Swipes of a file that no new version may do worse on."""

from collections.abc import Callable
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import judge
from swipefl.decoder.lexicon import load_lexicon
from swipefl.errors import DataError
from swipefl.gesture.formats import read_examples


def holdout(path: Path) -> Callable[[Checkpoint], float]:
    """A function from checkpoint to its top-1 on the examples of `path`. Raises DataError where there are none."""
    examples = list(read_examples(path))
    if not examples:
        raise DataError("no-holdout", "{path} holds no gesture with its word; a holdout needs some hundred", path=path)
    known: dict[str, float] = {}  # each candidate is judged once more as what the next one must not be worse than

    def score(checkpoint: Checkpoint) -> float:
        if checkpoint.fingerprint not in known:
            for oldest in list(known)[:-2]:
                del known[oldest]
            known[checkpoint.fingerprint] = judge(Decoder(checkpoint, load_lexicon), examples).top1
        return known[checkpoint.fingerprint]

    return score
