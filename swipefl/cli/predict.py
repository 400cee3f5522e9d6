"""`swipefl predict`: gestures in, words out."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note, source_of
from swipefl.cli.options import JobsOption, LanguageOption, device_option
from swipefl.cli.remedies import told
from swipefl.cli.rendering import candidates_as_json, console, counted, printable, table

if TYPE_CHECKING:
    from swipefl.decoder.search import Candidate
    from swipefl.device.prediction import Answer


def predict(
    path: Annotated[str, typer.Argument(metavar="PATH|-", help="A file of gestures, or - for standard input.")] = "-",
    top: Annotated[int, typer.Option(min=1, max=100, help="How many words for each gesture.")] = 5,
    model: Annotated[str, typer.Option(help="personal, global (received) or base (shipped).")] = "personal",
    language: LanguageOption = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    prior: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Words with ln probabilities that you know better: `word -7.5`.")
    ] = None,
    jobs: JobsOption = 1,
    offensive_words: Annotated[bool | None, device_option("offensive_words")] = None,
    capitals: Annotated[bool | None, device_option("capitals")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn gestures into words, each as it comes."""
    device = home_of(home, offensive_words=offensive_words, capitals=capitals)
    prediction = device.prediction(model, keyboard, prior=prior)
    if prediction.left_out:
        note(f"left out of {prior}: {counted(prediction.left_out, 'word')} that no keyboard can spell")
    found = prediction.answers(source_of(path), language, top, jobs)
    if as_json or not is_terminal():
        for answer in found:
            emit(_plain(answer))
    else:
        _render(found)


def _plain(answer: "Answer") -> dict[str, object]:
    if answer.fault is not None:
        return {"gesture_id": answer.gesture_id, "error": told(answer.fault)}
    return {"gesture_id": answer.gesture_id, "candidates": candidates_as_json(answer.candidates)}


def _render(found: "Iterator[Answer]") -> None:
    """A line for each answer as it comes, under one header: widths are fixed before any answer is known."""
    from rich.table import Column
    from rich.text import Text

    screen = console()
    width = screen.width // 5
    for number, answer in enumerate(found):
        row = table(
            Column("gesture", width=width, overflow="fold"),
            Column("word", width=width, overflow="fold"),
            Column("sure", width=4, justify="right"),
            Column("or"),
            header=number == 0,
        )
        name = printable(answer.gesture_id or f"line {answer.line}")
        if answer.candidates:
            first, *others = answer.candidates
            row.add_row(name, Text(first.word, "bold"), f"{first.probability:.0%}", ", ".join(map(_other, others)))
        else:
            row.add_row(name, "", "", Text(told(answer.fault) if answer.fault else "no word found", "red"))
        screen.print(row)


def _other(candidate: "Candidate") -> str:
    return candidate.word if candidate.probability < 0.005 else f"{candidate.word} {candidate.probability:.0%}"
