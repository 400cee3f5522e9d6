"""`swipefl evaluate`: how often the right word comes first."""

from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, signals, source_of
from swipefl.cli.options import JobsOption, LanguageOption
from swipefl.cli.progress import showing
from swipefl.cli.rendering import console, counted, number, percent, prose, table
from swipefl.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swipefl.decoder.evaluation import Evaluation, Misses

KEYS = (
    "examples",
    "in_lexicon",
    "top1",
    "top3",
    "top5",
    "greedy",
    "ece",
    "written",
    "written_examples",
    "ms_p50",
    "ms_p99",
)


def evaluate(
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH|-", help="Gestures with their words, as ingest reads them; else those held out from training."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="personal, global (received) or base (shipped).")] = "personal",
    lexicon_size: Annotated[int | None, typer.Option(min=1, help="Only the N most frequent words.")] = None,
    language: LanguageOption = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="FIELD", help="Groups of gestures too, by a field of their lines."),
    ] = None,
    jobs: JobsOption = 1,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count how often the right word comes first. A word outside the lexicon counts as wrong."""
    from swipefl.gesture.formats.fields import held_out_by

    device = home_of(home)
    with signals(), showing(as_json, "reading swipes") as shown:
        prediction = device.prediction(model, keyboard, lexicon_size, own_phrases=path is None)
        sources = None if path is None else [source_of(path)]
        if by is None:
            examples = device.held_out() if sources is None else prediction.examples(sources)
            evaluation, groups = prediction.evaluation(examples, language, jobs, shown), None
        else:
            grouped = held_out_by(device.held_out(), by) if sources is None else prediction.grouped(sources, by)
            evaluation, groups = prediction.evaluation_by(grouped, language, jobs, shown)
    if as_json:
        told = {} if groups is None else {"by": {name: _json(group) for name, group in groups.items()}}
        emit(_json(evaluation) | told)
        return
    _render(evaluation)
    if groups is not None:
        _render_groups(by or "", groups)


def _json(evaluation: "Evaluation") -> dict[str, Any]:
    return {key: getattr(evaluation, key) for key in KEYS}


def _render(evaluation: "Evaluation") -> None:
    screen, scores = console(), table("", number(""), prose(least=30), header=False)
    for name, share, meaning in (
        ("top-1", evaluation.top1, "the right word comes first (its and it's count as one)"),
        ("top-3", evaluation.top3, "it is among the first three"),
        ("top-5", evaluation.top5, "it is among the first five"),
        ("written", evaluation.written, _of_written(evaluation.written_examples)),
        ("in lexicon", evaluation.in_lexicon, "it can be found at all"),
        ("greedy", evaluation.greedy, "it is spelled right without a lexicon"),
        ("calibration", evaluation.ece, "probabilities are off by so much, on average"),
    ):
        if share is not None:
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


def _of_written(examples: int) -> str:
    return f"of {counted(examples, 'label')} as written (Don't): so is the first word"


def _render_groups(field: str, groups: "Mapping[str, Evaluation]") -> None:
    headers = ("gestures", "top-1", "top-3", "top-5", "in lexicon", "calibration", "time")
    shown = table(printable(field), *map(number, headers))
    for name, group in groups.items():
        shares = (group.top1, group.top3, group.top5, group.in_lexicon, group.ece)
        shown.add_row(name, str(group.examples), *map(percent, shares), f"{group.ms_p50:.1f} ms")
    console().print("", shown, sep="\n")


def _cells(misses: "Misses | None") -> tuple[str, str]:
    return (misses.what, f"{misses.missed} of {misses.seen}") if misses else ("", "")
