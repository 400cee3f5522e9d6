"""Score weights that fit people's swipes: `python examples/base/tune.py CHECKPOINT EXAMPLES` tunes a file in place.

Where lines have `before`, what it says is weighed as well; each of them then counts twice, with it and without, so that
who knows nothing of the words before has no worse a model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from swipefl.decoder.checkpoint import SPREADS, Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.tuning import Choice, choice, tuned
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example

ALONE = np.append(np.ones(len(SPREADS) - 2), (0.0, 0.0))  # the parts that are known without the words before


def tuned_checkpoint(
    checkpoint: Checkpoint, examples: Sequence[Example], report: Callable[[ScoreWeights], None]
) -> Checkpoint:
    """The checkpoint with score weights tuned on `examples`; twice, as the weights also choose the candidates."""
    for _ in range(2):
        decoder = Decoder(checkpoint, load_lexicon, context_of=shipped_context)
        choices = [chosen for example in examples for chosen in choices_of(decoder, example)]
        checkpoint = replace(checkpoint, score=tuned(choices, checkpoint.score))
        report(checkpoint.score)
    return checkpoint


def choices_of(decoder: Decoder, example: Example) -> Iterator[Choice]:
    """The choice that a gesture was, and the one that it was for somebody who knows nothing of the words before."""
    scored = decoder.score(example.gesture)
    yield choice(scored, example.spelled)
    if example.gesture.before is not None:
        yield choice(replace(scored, parts=scored.parts * ALONE), example.spelled)


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    checkpoint: Annotated[Path, typer.Argument(help="The file to tune.")],
    examples: Annotated[Path, typer.Argument(help="Swipes with their words.")],
    every: Annotated[int, typer.Option(help="Use each N-th example only.")] = 1,
) -> None:
    """Tune a checkpoint file in place."""
    swipes = list(read_examples(examples))[::every]
    blob = checkpoint.read_bytes()
    start = checkpoint_from_bytes(blob)
    half = len(blob) < len(start.to_bytes())  # what was float16 stays so
    checkpoint.write_bytes(tuned_checkpoint(start, swipes, print).to_bytes(half))


if __name__ == "__main__":
    app()
