"""`swipefl lexicons`: the word lists of the languages."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note
from swipefl.cli.listing import Application, Commands
from swipefl.cli.rendering import console, counted, number, table

if TYPE_CHECKING:
    from swipefl.device.lexicons import LexiconReport

app = Application(cls=Commands, help="Word lists: one a language, those of swipefl and your own.", no_args_is_help=True)
LEFT_OUT = {
    "unspelled": "no keyboard can spell",
    "offensive": "the list calls offensive",
    "no-word": "the list has for other purposes",
}


@app.command("list")
def list_lexicons(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the languages that there are words of."""
    known = device_of(home).lexicons.list()
    if as_json:
        emit({"lexicons": [asdict(lexicon) for lexicon in known]})
        return
    shown = table("language", number("words"), "whose")
    for lexicon in known:
        whose = "came with swipefl" if lexicon.name is None else f"your own: {lexicon.name}"
        shown.add_row(lexicon.language, f"{lexicon.words:,}", whose)
    console().print(shown)


@app.command("add")
def add(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Lines of `word count`, an AOSP .combined list, or a hunspell .dic, whose words all count alike.",
        ),
    ] = None,
    language: Annotated[str | None, typer.Option(help="What it is a lexicon of, such as de.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it; else its file's name.")] = None,
    from_wordfreq: Annotated[
        str | None, typer.Option("--from-wordfreq", metavar="LANG", help="In place of a file: wordfreq's list.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Use a word list for a language, in place of swipefl's. It is kept here, and no export has it."""
    from swipefl.decoder.lexicon import shipped_tag

    added = device_of(home).lexicons.add(file, language, name, from_wordfreq)
    _tell(added)
    if file is None and shipped_tag(added.language):
        back = f"`swipefl lexicons remove {added.language}` brings swipefl's own back"
        note(f"wordfreq's words have no capitals; {back}")
    if as_json:
        emit(asdict(added))
    else:
        note(f"{counted(added.words, 'word')} of {added.language} from now on")


@app.command("remove")
def remove(
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="One of `swipefl lexicons list`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop a word list of your own. The one that came with swipefl, if there is one, comes back."""
    tag = device_of(home).lexicons.remove(language)
    if as_json:
        emit({"language": tag})
    else:
        note(f"your lexicon of {tag} is gone")


def _tell(added: "LexiconReport") -> None:
    """What was left out, and why; no word of it."""
    for reason, meaning in LEFT_OUT.items():
        if count := added.left_out.get(reason):
            note(f"left out: {counted(count, 'word')} that {meaning}")
    if bad := added.left_out.get("bad-line"):
        lines = ", ".join(map(str, added.bad_lines)) + (", ..." if bad > len(added.bad_lines) else "")
        note(f"left out: {counted(bad, 'line')} that cannot be read: {lines}")
    if added.is_guessed:
        note("its encoding was taken to be Latin-1: nothing says it, as the .aff file beside a .dic does")
