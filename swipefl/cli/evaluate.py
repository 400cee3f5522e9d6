"""`swipefl evaluate`: how often the right word comes first."""

from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, source_of
from swipefl.cli.rendering import console, counted, number, percent, table

if TYPE_CHECKING:
    from swipefl.decoder.evaluation import Evaluation, Misses

KEYS = ("examples", "in_lexicon", "top1", "top3", "top5", "greedy", "ece", "ms_p50", "ms_p99")


def evaluate(
    path: Annotated[
        str | None,
        typer.Argument(metavar="PATH|-", help="Gestures with their words; without it, those held out from training."),
    ] = None,
    model: Annotated[str, typer.Option(help="personal, global (received) or base (shipped).")] = "personal",
    lexicon_size: Annotated[int | None, typer.Option(min=1, help="Only the N most frequent words.")] = None,
    language: Annotated[str | None, typer.Option(help="en or ru; else the keyboard says.")] = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count how often the right word comes first. A word outside the lexicon counts as wrong."""
    device = home_of(home)
    prediction = device.prediction(model, keyboard, lexicon_size)
    examples = device.held_out() if path is None else prediction.examples(source_of(path))
    evaluation = prediction.evaluation(examples, language)
    if as_json or not is_terminal():
        emit({key: getattr(evaluation, key) for key in KEYS})
    else:
        _render(evaluation)


def _render(evaluation: "Evaluation") -> None:
    screen, scores = console(), table("", number(""), "", header=False)
    for name, share, meaning in (
        ("top-1", evaluation.top1, "the right word comes first"),
        ("top-3", evaluation.top3, "it is among the first three"),
        ("top-5", evaluation.top5, "it is among the first five"),
        ("in lexicon", evaluation.in_lexicon, "it can be found at all"),
        ("greedy", evaluation.greedy, "it is spelled right without a lexicon"),
        ("calibration", evaluation.ece, "probabilities are off by so much, on average"),
    ):
        scores.add_row(name, percent(share), meaning)
    scores.add_row(
        "time", f"{evaluation.ms_p50:.1f} ms", f"a gesture; 99 of 100 take less than {evaluation.ms_p99:.1f} ms"
    )
    screen.print(f"{counted(evaluation.examples, 'gesture')}\n")
    screen.print(scores)
    if evaluation.worst_words:
        worst = table("worst word", "wrong", "worst key", "missed")
        for word, key in zip_longest(evaluation.worst_words, evaluation.worst_keys):
            worst.add_row(*_cells(word), *_cells(key))
        screen.print("", worst, sep="\n")


def _cells(misses: "Misses | None") -> tuple[str, str]:
    return (misses.what, f"{misses.missed} of {misses.seen}") if misses else ("", "")
