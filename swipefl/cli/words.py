"""`swipefl words`: the personal lexicon."""

from dataclasses import asdict
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note
from swipefl.cli.rendering import console, counted, number, table

app = typer.Typer(help="Personal words: those you added, and those you swiped twice.", no_args_is_help=True)
Word = Annotated[str, typer.Argument(metavar="WORD", help="Its letters; case and accents do not matter.")]
LanguageOption = Annotated[str, typer.Option(help="en or ru.")]


@app.command("add")
def add(word: Word, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a word swipeable."""
    _change(word, language, home, as_json, added=True)


@app.command("remove")
def remove(word: Word, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Take a word out; it does not come back by itself."""
    _change(word, language, home, as_json, added=False)


@app.command("list")
def list_words(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the personal words."""
    with home_of(home).store() as store:
        words = store.words.all()
    if as_json or not is_terminal():
        emit({"words": [asdict(word) for word in words]})
        return
    shown = table("word", "language", number("swiped"), "how it came here")
    for word in words:
        how = "added" if word.origin == "added" else "swiped at least twice"
        shown.add_row(word.word, word.language, str(word.uses), how)
    console().print(shown if words else "no personal words yet; `swipefl words add WORD` adds one")


def _change(word: str, language: str, home: HomeOption, as_json: bool, added: bool) -> None:
    from swipefl.device.words import change_word

    with home_of(home).store() as store:
        report = change_word(store, word, language, added)
    if as_json:
        emit(asdict(report))
    else:
        note(f"{'added' if added else 'removed'}; {counted(report.words, 'personal word')} now")
