"""`swipefl evaluate`: how often the right word comes first."""

from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, console, emit, is_terminal

if TYPE_CHECKING:
    from swipefl.decoder.evaluation import Evaluation

KEYS = ("examples", "in_lexicon", "top1", "top3", "top5", "greedy", "ms_p50", "ms_p99")


def evaluate(
    path: Annotated[
        str | None, typer.Argument(help="A file of examples; without it, the store's held-out ones.")
    ] = None,
    model: Annotated[str, typer.Option(help="personal, global or base.")] = "personal",
    lexicon_size: Annotated[int | None, typer.Option(min=1, help="Only the N most frequent words.")] = None,
    language: Annotated[str | None, typer.Option(help="en or ru; else the keyboard says.")] = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the decoder on labelled swipes; a word outside the lexicon counts as wrong."""
    from swipefl.cli.decoding import decoder_parts
    from swipefl.decoder.decoder import Decoder
    from swipefl.decoder.evaluation import evaluate as measure

    parts = decoder_parts(home, model, keyboard, lexicon_size, held_out=path is None)
    decoder = Decoder(parts.checkpoint, parts.lexicon_of, language)
    examples = parts.examples(path)
    evaluation = measure(decoder.decode_and_spell, examples, lambda e: e.word in decoder.lexicon(e.gesture))
    if as_json or not is_terminal():
        emit({key: getattr(evaluation, key) for key in KEYS})
    else:
        _render(evaluation)


def _render(evaluation: "Evaluation") -> None:
    from rich.table import Table

    table = Table(*(key.replace("_", " ") for key in KEYS))
    table.add_row(*(f"{value:.4g}" for value in (getattr(evaluation, key) for key in KEYS)))
    console().print(table)
    worst = Table("worst word", "wrong", "of", "worst key", "wrong", "of")
    for word, key in zip_longest(evaluation.worst_words, evaluation.worst_keys):
        cells = [[miss.what, str(miss.missed), str(miss.seen)] if miss else [""] * 3 for miss in (word, key)]
        worst.add_row(*cells[0], *cells[1])
    console().print(worst)
