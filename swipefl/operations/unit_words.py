"""How a path is written in a systemd unit: every character stays what it is."""

from collections.abc import Sequence
from pathlib import Path

from swipefl.errors import UsageError


def word(text: str) -> str:
    """One word of a line, quoted where it has to be, `%` doubled. Raises UsageError for what no unit can say.

    A quote stands in quotes of the other kind: of escapes, systemd's lists of paths know only that of the backslash.
    `$` stays as it is: command lines that hold one begin with `:`.
    """
    if not text.isprintable():  # line ends, and halves of characters, which are no UTF-8
        raise UsageError("unwritable-unit", "no systemd unit can name {text!r}", text=text)
    text = text.replace("%", "%%")
    plain = all(letter.isalnum() or letter in "/._-+=@,%~" for letter in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '"\'"\'"') + '"'


def command(words: Sequence[str]) -> str:
    """A command line; the `:` before it keeps systemd from putting variables in.

    A program whose path has a quote or a backslash in it systemd does not take: another runs it.
    """
    through = ("/usr/bin/env",) if set(words[0]) & set("\"'\\") else ()
    return ":" + " ".join(map(word, (*through, *words)))


def rest_of_line(path: Path) -> str:
    """A path that is the rest of its line, as in a condition: nothing is quoted there, but its end is no blank."""
    word(str(path))
    text = str(path).replace("%", "%%")
    return f"{text}/" if text[-1] in "\\ " else text
