"""`swipefl words`: the personal lexicon."""

from dataclasses import asdict
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, console, emit, is_terminal, note, store_of

app = typer.Typer(
    help="The personal lexicon: words that you add, and words that you swiped twice.", no_args_is_help=True
)
LanguageOption = Annotated[str, typer.Option(help="en or ru.")]


@app.command("add")
def add(word: str, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a word swipeable."""
    _change(word, language, home, as_json, added=True)


@app.command("remove")
def remove(word: str, language: LanguageOption = "en", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Take a word out; it does not come back by itself."""
    _change(word, language, home, as_json, added=False)


@app.command("list")
def list_words(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the personal words."""
    _, store = store_of(home)
    with store:
        words = store.words.all()
    if as_json or not is_terminal():
        emit({"words": [asdict(word) for word in words]})
        return
    from rich.table import Table

    table = Table("word", "language", "uses", "origin")
    for word in words:
        table.add_row(word.word, word.language, str(word.uses), word.origin)
    console().print(table)


def _change(word: str, language: str, home: HomeOption, as_json: bool, added: bool) -> None:
    from swipefl.decoder.lexicon import LANGUAGES
    from swipefl.errors import UsageError
    from swipefl.gesture.gesture import fold

    folded = fold(word)
    if not folded.isalpha() or len(folded) > 64:
        raise UsageError("a personal word is made of letters, 64 at most")
    if language not in LANGUAGES:
        raise UsageError(f"there is no lexicon for language {language!r}; say --language {' or '.join(LANGUAGES)}")
    _, store = store_of(home)
    with store:
        change = store.words.add if added else store.words.remove
        with store.transaction():
            change(folded, language)
        count = len(store.words.all())
    if as_json:
        emit({"words": count})
    else:
        note(f"{'added' if added else 'removed'}; {count} personal words")
