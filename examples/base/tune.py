"""Score weights that fit people's swipes: `python examples/base/tune.py CHECKPOINT EXAMPLES` tunes a file in place.

What the words before say is weighed as well where lines have `before`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.tuning import choice, tuned
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example


def tuned_checkpoint(
    checkpoint: Checkpoint, examples: Sequence[Example], report: Callable[[ScoreWeights], None]
) -> Checkpoint:
    """The checkpoint with score weights tuned on `examples`; twice, as the weights also choose the candidates."""
    for _ in range(2):
        decoder = Decoder(checkpoint, load_lexicon, context_of=shipped_context)
        choices = [choice(decoder.score(example.gesture), example.spelled) for example in examples]
        checkpoint = replace(checkpoint, score=tuned(choices, checkpoint.score))
        report(checkpoint.score)
    return checkpoint


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
