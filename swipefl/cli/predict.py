"""`swipefl predict`: gestures in, words out."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note, signals, source_of
from swipefl.cli.options import JobsOption, LanguageOption, device_option
from swipefl.cli.progress import Showing, showing
from swipefl.cli.remedies import told
from swipefl.cli.rendering import console, counted, number, prose, table
from swipefl.printable import printable
from swipefl.telling.plain import plain_candidates

if TYPE_CHECKING:
    from rich.text import Text

    from swipefl.cli.stacking import Rows
    from swipefl.decoder.search import Candidate
    from swipefl.device.prediction import About, Answer

COLUMNS, OTHERS = 14, 20  # of a terminal, for an id and for a word, and for the other words
MOST_EXPLAINED = 5  # words: so many columns fit a terminal
NO_WORD: "dict[About, str]" = {
    "swipe": "no word found",
    "deletion": "takes a swipe back",
    "word": "a personal word",
    "keyboard": "a keyboard",
}


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
    explain: Annotated[bool, typer.Option("--explain", help="Say what each part of a word's score gave.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn gestures into words, each as it comes."""
    device = home_of(home, offensive_words=offensive_words, capitals=capitals)
    with ExitStack() as session:
        if path == "-" and jobs == 1:  # whoever keeps it open for a session wants to have what is learned meanwhile
            live = session.enter_context(device.live(model, keyboard, prior=prior, language=language))
            prediction, found = live.now()[0], live.answers(source_of(path), top)
        else:
            session.enter_context(signals())
            shown = session.enter_context(showing(is_terminal(), "reading words"))  # else answers are seen themselves
            prediction = device.prediction(model, keyboard, prior=prior)
            found = _shown(prediction.answers(source_of(path), language, top, jobs), shown, path)
        if prediction.left_out:
            note(f"left out of {prior}: {counted(prediction.left_out, 'word')} that no keyboard can spell")
        if as_json:
            for answer in found:
                emit(_plain(answer, explain))
        else:
            _render(found, explain)


def _shown(answers: "Iterator[Answer]", shown: Showing, path: str) -> "Iterator[Answer]":
    """The answers, and how many of a file's lines have theirs."""
    from swipefl.doing import Doing

    most = _lines_in(path) if shown.is_seen else None
    for count, answer in enumerate(answers, 1):
        yield answer
        shown(Doing("predicting", min(count, most or count), most))


def _lines_in(path: str) -> int | None:
    """How many lines a file of one gesture a line has; None for what is of another form."""
    if path == "-" or not path.endswith((".jsonl", ".ndjson")) or not Path(path).is_file():
        return None
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) or None


def _plain(answer: "Answer", explain: bool) -> dict[str, object]:
    request = {"gesture_id": answer.gesture_id, "line": answer.line}
    if answer.fault is not None:
        return {**request, "error": told(answer.fault), "code": answer.fault.code}
    return {**request, "candidates": plain_candidates(answer.candidates, explain)}


def _render(found: "Iterator[Answer]", explain: bool) -> None:
    """A row for each answer as it comes, under one header: widths are fixed before any answer is known."""
    screen, headed = console(), False
    for place, answer in enumerate(found):
        row = _row(answer)
        if row.fits(screen.width):
            row.show_header, headed = not headed, True
        else:
            row.columns[-1].header = "or" if answer.candidates else ""
            if place:
                screen.print("")
        screen.print(row)
        if explain and answer.candidates:
            screen.print(_explained(answer.candidates, screen.width))


def _row(answer: "Answer") -> "Rows":
    from rich.table import Column
    from rich.text import Text

    row = table(
        Column("gesture", min_width=COLUMNS),
        Column("word", min_width=COLUMNS),
        Column("sure", min_width=4, justify="right"),
        prose("or", least=OTHERS),
    )
    name = printable(f"line {answer.line}" if answer.gesture_id in (None, "") else str(answer.gesture_id))
    if answer.candidates:
        first, *others = answer.candidates
        row.add_row(name, Text(first.word, "bold"), f"{first.probability:.0%}", ", ".join(map(_other, others)))
    else:
        row.add_row(name, "", "", _why(answer))
    return row


def _why(answer: "Answer") -> "Text":
    from rich.text import Text

    if answer.fault:
        return Text(told(answer.fault), "red")
    return Text(NO_WORD[answer.about], "red" if answer.about == "swipe" else "dim")


def _explained(candidates: "Sequence[Candidate]", width: int) -> "Rows":
    """What each part gave to the scores of words, a word a column: of many words those that there is room for."""
    most = min(MOST_EXPLAINED, len(candidates))
    return next(rows for count in range(most, 0, -1) if (rows := _parts(candidates[:count])).fits(width) or count == 1)


def _parts(shown: "Sequence[Candidate]") -> "Rows":
    rows = table("", *(number(candidate.word) for candidate in shown))
    for name in (*shown[0].parts, "score"):
        values = (candidate.parts.get(name, candidate.score) for candidate in shown)
        rows.add_row(f"  {name}", *(f"{value:.2f}" for value in values))
    return rows


def _other(candidate: "Candidate") -> str:
    return candidate.word if candidate.probability < 0.005 else f"{candidate.word} {candidate.probability:.0%}"
