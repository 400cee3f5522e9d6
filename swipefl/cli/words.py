"""`swipefl words`: the personal lexicon, and words that are never offered."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note
from swipefl.cli.listing import Application, Commands
from swipefl.cli.options import LanguageOption
from swipefl.cli.rendering import console, counted, moment, number, prose, table

if TYPE_CHECKING:
    from swipefl.device.words import WordsReport
    from swipefl.store.personal_words import PersonalWord
    from swipefl.store.phrases import Phrase

app = Application(cls=Commands, help="Personal words: those you added, swiped twice, or hid.", no_args_is_help=True)
Word = Annotated[str, typer.Argument(metavar="WORD", help="As it is written.")]
Offered = Annotated[str, typer.Argument(metavar="WORD", help="As it is offered; case does not matter.")]
SHOWN = 40  # phrases, at a terminal
ORIGINS = {"added": "added", "typed": "swiped at least twice", "hidden": "hidden: never offered"}


@app.command("add")
def add(word: Word, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a word swipeable, also a hidden one."""
    _tell("added", device_of(home).words.add(word, language), as_json)


@app.command("remove")
def remove(
    word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Take a word out; it does not come back by itself."""
    _tell("removed", device_of(home).words.remove(word, language), as_json)


@app.command("hide")
def hide(word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Never offer a word, however often it is swiped."""
    _tell("hidden", device_of(home).words.hide(word, language), as_json)


@app.command("unhide")
def unhide(
    word: Offered, language: LanguageOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Offer a hidden word again."""
    _tell("no longer hidden", device_of(home).words.unhide(word, language), as_json)


@app.command("list")
def list_words(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the personal words and the hidden ones."""
    words = device_of(home).words.list()
    if as_json:
        emit({"words": [_plain(word) for word in words]})
        return
    shown = table("word", prose("languages"), number("swiped"), "how it came here")
    for word in words:
        languages = ", ".join(word.languages)
        shown.add_row(word.word, languages, str(word.uses), ORIGINS[word.origin])
    console().print(shown if words else "no personal words yet; `swipefl words add WORD` adds one")


@app.command("phrases")
def phrases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show which words you write behind which; they never leave."""
    known = device_of(home).words.phrases()
    if as_json:
        emit({"phrases": [_told(phrase) for phrase in known]})
        return
    shown = table("behind", "word", number("swiped"), "last")
    for phrase in known[:SHOWN]:
        behind = " ".join(phrase.before) or "(a sentence's start)"
        shown.add_row(behind, phrase.word, str(phrase.uses), moment(phrase.last_at))
    console().print(shown if known else "none yet: they come with swipes that say what stood `before` their word")
    if len(known) > SHOWN:
        note(f"and {len(known) - SHOWN} more; `--json` has them all")


def _told(phrase: "Phrase") -> dict[str, object]:
    return {"before": " ".join(phrase.before), "word": phrase.word, "uses": phrase.uses, "last_at": phrase.last_at}


def _plain(word: "PersonalWord") -> dict[str, object]:
    languages = {"language": ",".join(word.languages), "languages": list(word.languages)}
    return {"word": word.word, **languages, "uses": word.uses, "origin": word.origin}


def _tell(done: str, report: "WordsReport", as_json: bool) -> None:
    counts = f"{counted(report.words, 'personal word')} and {counted(report.hidden, 'hidden word')} now"
    if as_json:
        emit(asdict(report))
    else:
        note(f"{done}; {counts}")
