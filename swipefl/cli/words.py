"""`swipefl words`: the personal lexicon, and words that are never offered."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note
from swipefl.cli.options import LanguageOption
from swipefl.cli.rendering import console, counted, number, printable, table

if TYPE_CHECKING:
    from swipefl.device.words import Change
    from swipefl.store.personal_words import PersonalWord

app = typer.Typer(help="Personal words: those you added, swiped twice, or hid.", no_args_is_help=True)
Word = Annotated[str, typer.Argument(metavar="WORD", help="As it is written.")]
Offered = Annotated[str, typer.Argument(metavar="WORD", help="As it is offered; case does not matter.")]
ORIGINS = {"added": "added", "typed": "swiped at least twice", "hidden": "hidden: never offered"}


@app.command("add")
def add(word: Word, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a word swipeable, also a hidden one."""
    _change(word, language, home, as_json, "add")


@app.command("remove")
def remove(
    word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Take a word out; it does not come back by itself."""
    _change(word, language, home, as_json, "remove")


@app.command("hide")
def hide(word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Never offer a word, however often it is swiped."""
    _change(word, language, home, as_json, "hide")


@app.command("unhide")
def unhide(
    word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False
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
        emit({"words": [_plain(word) for word in words]})
        return
    shown = table("word", "languages", number("swiped"), "how it came here")
    for word in words:
        languages = printable(", ".join(word.languages))
        shown.add_row(printable(word.word), languages, str(word.uses), ORIGINS[word.origin])
    console().print(shown if words else "no personal words yet; `swipefl words add WORD` adds one")


def _plain(word: "PersonalWord") -> dict[str, object]:
    languages = {"language": ",".join(word.languages), "languages": list(word.languages)}
    return {"word": word.word, **languages, "uses": word.uses, "origin": word.origin}


def _change(word: str, language: str | None, home: HomeOption, as_json: bool, change: "Change") -> None:
    from swipefl.device.languages import said_languages
    from swipefl.device.words import change_word

    device = home_of(home)
    languages = said_languages(language) or device.person()
    with device.store() as store:
        report = change_word(store, word, languages, change)
    counts = f"{counted(report.words, 'personal word')} and {counted(report.hidden, 'hidden word')} now"
    done = {"add": "added", "remove": "removed", "hide": "hidden", "unhide": "no longer hidden"}[change]
    if as_json:
        emit(asdict(report))
    else:
        note(f"{done}; {counts}")
