"""`swipefl predict`: gestures in, words out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, console, emit, is_terminal

if TYPE_CHECKING:
    from swipefl.prediction import Answer


def predict(
    path: Annotated[str, typer.Argument(metavar="[PATH|-]", help="A file of gestures, or - for standard input.")] = "-",
    top: Annotated[int, typer.Option(min=1, max=100, help="How many words a gesture.")] = 5,
    model: Annotated[str, typer.Option(help="personal, global or base.")] = "personal",
    language: Annotated[str | None, typer.Option(help="en or ru; else the keyboard says.")] = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn gestures into words; `-` answers each line as it comes."""
    from swipefl.cli.decoding import decoder_parts
    from swipefl.decoder.decoder import Decoder
    from swipefl.prediction import answers

    parts = decoder_parts(home, model, keyboard)
    decoder = Decoder(parts.checkpoint, parts.lexicon_of, language)
    found = answers(parts.entries(path), decoder, top)
    if as_json or not is_terminal():
        for answer in found:
            emit(_plain(answer))
    else:
        _render(found)


def _plain(answer: "Answer") -> dict[str, object]:
    if answer.error is not None:
        return {"gesture_id": answer.gesture_id, "error": answer.error}
    candidates = [
        {"word": c.word, "score": round(c.score, 4), "probability": round(c.probability, 6)} for c in answer.candidates
    ]
    return {"gesture_id": answer.gesture_id, "candidates": candidates}


def _render(found: "Iterator[Answer]") -> None:
    for answer in found:
        words = "  ".join(f"{c.word} [dim]{c.probability:.0%}[/dim]" for c in answer.candidates)
        name = (answer.gesture_id or "?")[:24]
        console().print(f"[bold]{name:24}[/bold]  {words or '[red]' + (answer.error or 'no word found') + '[/red]'}")
