"""What the `.aff` file beside a hunspell `.dic` says of its words: their encoding, and which of them are none."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 16 << 20
# What each encoding of hunspell writes as it is, and codecs that are for other things do not.
ASCII = "".join(chr(code) for code in range(128) if chr(code) != "\\") + r"\x41\u0041+AGE-"
NO_WORDS = ("FORBIDDENWORD", "ONLYINCOMPOUND", "NEEDAFFIX", "PSEUDOROOT")


@dataclass(frozen=True)
class Affixes:
    """The encoding (None: not said), how flags are written, and those of what is no word, or is not to be suggested.

    Where there are `aliases`, a word has the number of one, from 1, in place of its flags.
    """

    encoding: str | None = None
    flag: str = "char"
    no_words: frozenset[str] = frozenset()
    offensive: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()

    def split(self, line: str) -> tuple[str, frozenset[str]]:
        """The word of a line without what stands behind it, and its flags."""
        word = re.split(r"\t|\s+(?=[a-z]{2}:)", line.strip(), maxsplit=1)[0]
        slash = re.search(r"(?<!\\)/", word)
        flags = word[slash.end() :] if slash else ""
        return (word[: slash.start()] if slash else word).replace("\\/", "/"), frozenset(self._flags(flags))

    def _flags(self, text: str) -> list[str]:
        if self.aliases and re.fullmatch("[0-9]{1,9}", text):
            number = int(text)
            text = self.aliases[number - 1] if 0 < number <= len(self.aliases) else ""
        if self.flag == "num":
            return text.split(",")
        size = 2 if self.flag == "long" else 1
        return [text[i : i + size] for i in range(0, len(text), size)]


def affixes_beside(path: Path) -> Affixes:
    """What is said beside a `.dic`; nothing where there is no such file, or none that can be read."""
    file = next((file for suffix in (".aff", ".AFF") if (file := path.with_suffix(suffix)).is_file()), None)
    if file is None:
        return Affixes()
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES).removeprefix(codecs.BOM_UTF8)
    except OSError:
        return Affixes()
    text = content.decode("latin-1")
    said = _said(text)
    encoding = _encoding(said["SET"]) if "SET" in said else None
    if encoding == "utf-8":
        text = content.decode("utf-8", "replace")  # where a flag may be any character
        said = _said(text)
    no_words = frozenset(said[name] for name in NO_WORDS if name in said)
    offensive = frozenset(said[name] for name in ("NOSUGGEST",) if name in said)
    _, *aliases = re.findall(r"^AF[ \t]+(\S+)", text, re.M) or [""]  # the first says how many there are
    return Affixes(encoding, said.get("FLAG", "char"), no_words, offensive, tuple(aliases))


def _said(text: str) -> dict[str, str]:
    """The options of an affix file, each with what stands behind it."""
    return dict(found.groups() for found in re.finditer(r"^([A-Z]+)[ \t]+(\S+)", text, re.M))  # type: ignore[misc]


def _encoding(name: str) -> str | None:
    """Python's name of an encoding, None for one that it does not know, or that no list of words is in."""
    try:
        known = codecs.lookup(name.replace("microsoft-", "")).name
        return known if (ASCII.encode() + b"\xc3\x9f").decode(known, "replace").startswith(ASCII) else None
    except (LookupError, ValueError):  # a name with a null character, too
        return None
