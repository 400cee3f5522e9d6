"""`swipefl show`: what the model saw of one gesture, as a picture."""

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note, telling_choices
from swipefl.cli.drawing import DOTS_ACROSS, DOTS_DOWN, Canvas
from swipefl.cli.progress import showing
from swipefl.cli.rendering import console, number, table
from swipefl.database.files import check_not_ours, open_private
from swipefl.errors import UsageError
from swipefl.printable import printable
from swipefl.telling.plain import plain_candidates, plain_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from swipefl.decoder.search import Candidate
    from swipefl.decoder.sight import Sight
    from swipefl.device.prediction import Shown
    from swipefl.gesture.gesture import Example, Gesture

MARGIN = 0.8  # key widths around the outermost key centres
BEYOND = 1.0  # key widths that a path may leave those bounds by, and still be drawn where it is
LEAST_ROWS, MOST_COLUMNS = 12, 110
AROUND_TITLE = 6  # columns: corners, lines and blanks
OTHER_LINES = 8  # what stands around the picture besides the candidates, the next prompt included
SURE, UNSURE = 0.9, 0.6
# on a colour of their own, letters are readable on light and dark terminals alike; the rest is for NO_COLOR
STYLES = {"sure": "bold black on green", "less sure": "black on yellow", "unsure": "underline white on red"}
START, END = "○", "●"


def show(
    gesture_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Its id or handle, or how one begins; without any the newest."),
    ] = None,
    word: Annotated[str | None, typer.Option(help="The newest of this word.")] = None,
    worst: Annotated[bool, typer.Option("--worst", help="The held-out one whose word was the least probable.")] = False,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many words.")] = 5,
    model: Annotated[str, typer.Option(help="personal, global (received) or base (shipped).")] = "personal",
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it into this file; - for the output.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="The same as PNG, in light colours.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw what the model saw of one stored gesture."""
    with telling_choices(as_json), showing(as_json or not worst, "reading words") as seen:
        shown = device_of(home).show(gesture_id, word, worst, top, model, seen)
    if svg or png:
        _save(shown, svg, png)
    if as_json:
        emit(_plain(shown.handle, shown.example, shown.sight, shown.candidates))
    elif not (svg or png):
        _render(shown.handle, shown.example, shown.sight, shown.candidates)


def _save(shown: "Shown", svg: Path | None, png: Path | None) -> None:
    """Writes the pictures that were asked for. Raises UsageError where one cannot be made or written."""
    from swipefl.telling.pictures.gesture import gesture_picture

    picture = gesture_picture(shown)
    if png:
        from swipefl.telling.png import png_of

        _write(png, png_of(picture))
    if svg:
        _write(svg, picture.encode())


def _write(file: Path, content: bytes) -> None:
    """Into a file that is its owner's alone: it shows a word that they wrote; `-` is standard output."""
    if str(file) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    check_not_ours(file)
    try:
        with open(open_private(file, os.O_WRONLY | os.O_TRUNC), "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise UsageError(
            "unwritable-picture", "the picture {path} cannot be written ({why})", path=file, why=error.strerror or error
        ) from error
    note(f"the picture is {file}")


def _plain(handle: str, example: "Example", sight: "Sight", candidates: "Sequence[Candidate]") -> dict[str, object]:
    return {
        "gesture_id": example.gesture.id,
        "handle": handle,
        "keyboard": example.gesture.keyboard.name,
        "frames": plain_frames(sight),
        "greedy": sight.spelling,
        "candidates": plain_candidates(candidates),
        "word": example.word or None,
    }


def _render(handle: str, example: "Example", sight: "Sight", candidates: "Sequence[Candidate]") -> None:
    from rich.panel import Panel
    from rich.text import Text

    gesture, screen = example.gesture, console()
    picture = _picture(gesture, sight, *_room(screen, len(candidates)))
    about = f"{gesture.id} on {gesture.keyboard.name}, {gesture.points[-1, 2]:.1f} s, {len(sight.frames)} frames"
    title = Text(printable(f"{about}, {handle}"), "bold")  # a title that is no Text would be read as markup
    frame = Panel(picture, border_style="dim", padding=0, expand=False)
    if title.cell_len + AROUND_TITLE <= min(screen.width, MOST_COLUMNS):
        frame.title, frame.title_align = title, "left"
    else:  # in the frame it would be cut
        screen.print(title)
    screen.print(frame)
    screen.print(_legend())
    screen.print(f"without a lexicon: {sight.spelling or 'nothing'}")
    screen.print("", _words(example, candidates) if candidates else "no word found", sep="\n")
    if not any(candidate.spelled == example.spelled for candidate in candidates):
        screen.print(f"meant{', and not among these' if candidates else ''}: {example.word}")


def _room(screen: "Console", candidates: int) -> tuple[int, int]:
    """Columns and rows for the picture, so that the words below are seen with it."""
    return min(screen.width - 2, MOST_COLUMNS), max(LEAST_ROWS, screen.height - OTHER_LINES - candidates)


def _picture(gesture: "Gesture", sight: "Sight", columns: int, rows: int) -> "Text":
    """Keys, path, and letters where the model thinks that the finger meant them; at most `columns` by `rows`."""
    left, top, right, bottom = _bounds(sight)
    # dots a key width, the same both ways
    scale = min((columns * DOTS_ACROSS - 1) / (right - left), (rows * DOTS_DOWN - 1) / (bottom - top))

    def at(x: float, y: float) -> tuple[float, float]:
        return (min(max(x, left), right) - left) * scale, (min(max(y, top), bottom) - top) * scale

    across, down = at(right, bottom)
    canvas = Canvas(round(across) // DOTS_ACROSS + 1, round(down) // DOTS_DOWN + 1)
    path = [at(frame.x, frame.y) for frame in sight.frames]
    for here, there in pairwise(path):
        canvas.line(*here, *there)
    for key, (x, y) in zip(gesture.keyboard.keys, sight.layout.centres.tolist(), strict=True):
        canvas.mark(*at(x, y), printable(key.letter), "dim")
    for frame in sight.emissions():
        letter = frame.letter or ""
        shown = letter.upper() if len(letter.upper()) == 1 else letter
        canvas.mark(*at(frame.meant_x, frame.meant_y), shown, STYLES[_certainty(frame.probability)], over=letter)
    canvas.mark(*path[0], START, "bold")
    canvas.mark(*path[-1], END, "bold")
    return canvas.text()


def _bounds(sight: "Sight") -> tuple[float, float, float, float]:
    """Left, top, right, bottom in key widths: the keys, and the path and what it meant unless they stray far."""
    bounds = []
    for axis in (0, 1):
        centres = sight.layout.centres[:, axis].tolist()
        places = [(frame.x, frame.y)[axis] for frame in sight.frames]
        places += [(frame.meant_x, frame.meant_y)[axis] for frame in sight.emissions()]
        low, high = min(centres) - MARGIN, max(centres) + MARGIN
        bounds.append((max(low - BEYOND, min(low, *places)), min(high + BEYOND, max(high, *places))))
    (left, right), (top, bottom) = bounds
    return left, top, right, bottom


def _certainty(probability: float) -> str:
    return "sure" if probability >= SURE else "less sure" if probability >= UNSURE else "unsure"


def _legend() -> "Text":
    from rich.text import Text

    legend = Text(f"{START} start  {END} end  letters as the model read them: ")
    for name, style in STYLES.items():
        legend.append(f" {name} ", style).append(" ")
    return legend


def _words(meant: "Example", candidates: "Sequence[Candidate]") -> "Table":
    from rich.text import Text

    shown = table("word", number("sure"), "")
    for candidate in candidates:
        right = candidate.spelled == meant.spelled
        word = Text(candidate.word, "bold green" if right else "")
        sure = f"{candidate.probability:.0%}" if candidate.probability >= 0.005 else "<1%"
        shown.add_row(word, sure, Text("the word that was meant", "green") if right else "")
    return shown
