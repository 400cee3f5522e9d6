"""Swipes of a file that no new version may do worse on."""

from collections.abc import Callable, Sequence
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import load_lexicon
from swipefl.errors import DataError
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example


def holdout(path: Path) -> Callable[[Checkpoint], float]:
    """A function from checkpoint to its top-1 on the examples of `path`. Raises DataError where there are none."""
    examples = list(read_examples(path))
    if not examples:
        raise DataError(f"{path} holds no gesture with its word; a holdout needs some hundred")
    known: dict[str, float] = {}  # each candidate is judged once more as what the next one must not be worse than

    def score(checkpoint: Checkpoint) -> float:
        if checkpoint.fingerprint not in known:
            for oldest in list(known)[:-2]:
                del known[oldest]
            known[checkpoint.fingerprint] = top1(Decoder(checkpoint, load_lexicon), examples)
        return known[checkpoint.fingerprint]

    return score


def top1(decoder: Decoder, examples: Sequence[Example]) -> float:
    """The share of examples whose word comes first."""
    firsts = [next(iter(decoder.decode(example.gesture, 1)), None) for example in examples]
    return sum(
        first is not None and first.word == example.word for first, example in zip(firsts, examples, strict=True)
    ) / len(examples)
