"""`swipefl words`: the personal lexicon, and words that are never offered."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note
from swipefl.cli.rendering import console, counted, number, printable, table

if TYPE_CHECKING:
    from swipefl.device.words import Change

app = typer.Typer(help="Personal words: those you added, swiped twice, or hid.", no_args_is_help=True)
Word = Annotated[str, typer.Argument(metavar="WORD", help="Its letters; case and accents do not matter.")]
Offered = Annotated[str, typer.Argument(metavar="WORD", help="As it is offered; case and accents do not matter.")]
LanguageOption = Annotated[str, typer.Option(help="en or ru.")]
ORIGINS = {"added": "added", "typed": "swiped at least twice", "hidden": "hidden: never offered"}


@app.command("add")
def add(word: Word, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a word swipeable, also a hidden one."""
    _change(word, language, home, as_json, "add")


@app.command("remove")
def remove(word: Word, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Take a word out; it does not come back by itself."""
    _change(word, language, home, as_json, "remove")


@app.command("hide")
def hide(word: Offered, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Never offer a word, however often it is swiped."""
    _change(word, language, home, as_json, "hide")


@app.command("unhide")
def unhide(
    word: Offered, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Offer a hidden word again."""
    _change(word, language, home, as_json, "unhide")


@app.command("list")
def list_words(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the personal words and the hidden ones."""
    from swipefl.device.words import known_words

    with home_of(home).store() as store:
        words = known_words(store)
    if as_json or not is_terminal():
        emit({"words": [asdict(word) for word in words]})
        return
    shown = table("word", "language", number("swiped"), "how it came here")
    for word in words:
        shown.add_row(printable(word.word), printable(word.language), str(word.uses), ORIGINS[word.origin])
    console().print(shown if words else "no personal words yet; `swipefl words add WORD` adds one")


def _change(word: str, language: str, home: HomeOption, as_json: bool, change: "Change") -> None:
    from swipefl.device.words import change_word, is_offered_so

    with home_of(home).store() as store:
        report = change_word(store, word, language, change)
    counts = f"{counted(report.words, 'personal word')} and {counted(report.hidden, 'hidden word')} now"
    done = {"add": "added", "remove": "removed", "hide": "hidden", "unhide": "no longer hidden"}[change]
    if change == "hide" and not is_offered_so(word):  # `its` may be meant to stay where `it's` is not wanted
        note("words are offered without apostrophes for now: hide it without one too, if it is not to be offered so")
    if as_json:
        emit(asdict(report))
    else:
        note(f"{done}; {counts}")
