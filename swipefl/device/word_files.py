"""Word lists of other programs: lines of `word count`, an AOSP `.combined` list, a hunspell `.dic`."""

import codecs
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from swipefl.device.hunspell import Affixes, affixes_beside
from swipefl.errors import DataError, RejectedLine
from swipefl.gesture.formats import unreadable
from swipefl.gesture.gesture import checked_letters
from swipefl.gesture.spelling import can_be_spelled, straight

MOST_BYTES = 64 << 20
MOST_WORDS = 1_000_000
LEAST, MOST = 1e-30, 1e30  # how often a word may be counted, in whatever unit
MOST_TOLD = 10  # bad lines
AOSP_STEP = 1.15  # a word whose f is one higher is so much more frequent
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
NO_WORD, UNSPELLED, OFFENSIVE, BAD_LINE = "no-word", "unspelled", "offensive", "bad-line"


@dataclass
class WordFile:
    """Words as they are written and their weights, in whatever unit; how many were left out, by reason.

    `bad_lines` are the numbers of the first lines that could not be read. `is_guessed`: nothing said the encoding, and
    it is no UTF-8. A word without a weight is as frequent as the rarest that has one; where none has, all count alike.
    """

    weights: dict[str, float] = field(default_factory=dict)
    unweighted: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    bad_lines: list[int] = field(default_factory=list)
    is_guessed: bool = False

    def take(self, word: str, weight: float | None) -> None:
        """One more word, unless no keyboard can spell it. Raises DataError where there are too many."""
        try:
            written = straight(checked_letters(word))
        except RejectedLine:
            written = ""
        if not written or not can_be_spelled(written):
            self.left_out[UNSPELLED] += 1
        elif weight is None:
            self.unweighted.add(written)
        else:
            self.weights[written] = self.weights.get(written, 0.0) + weight
        if len(self.weights) + len(self.unweighted) > MOST_WORDS:
            raise DataError("large-lexicon", "a lexicon may have {most:,} words at most", most=MOST_WORDS)

    def reject(self, number: int) -> None:
        """Counts a line that is none."""
        self.left_out[BAD_LINE] += 1
        if len(self.bad_lines) < MOST_TOLD:
            self.bad_lines.append(number)


def read_word_file(path: Path) -> WordFile:
    """The words of a file, of whatever kind it is. Raises DataError where it cannot be read or has none."""
    content = _content(path)
    head = content[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    words = WordFile()
    if head.startswith((b"dictionary=", b"word=")) or ".combined" in path.suffixes:
        _read(_lines(content, path), _combined, words)
    elif path.suffix.lower() == ".dic":
        affixes = affixes_beside(path)
        words.is_guessed = affixes.encoding is None and not _is_utf8(content)
        _read(_lines(content, path, affixes.encoding), _hunspell(affixes), words)
    else:
        _read(_lines(content, path), _counted, words)
    if not words.weights and not words.unweighted:
        what = "{path} has no word: it needs lines of `word count`, or be an AOSP .combined or a hunspell .dic list"
        raise DataError("empty-lexicon", what, path=path)
    return words


Parsed = tuple[str, float | None] | str | None
"""A word with its weight, why it is left out, or None for a line that says nothing of a word."""


def _read(lines: Iterator[tuple[int, str]], parse: Callable[[str], Parsed], words: WordFile) -> None:
    for number, line in lines:
        if not line.strip():
            continue
        parsed = parse(line)
        if parsed == BAD_LINE:
            words.reject(number)
        elif isinstance(parsed, str):
            words.left_out[parsed] += 1
        elif parsed:
            words.take(*parsed)


def _counted(line: str) -> Parsed:
    """A line of a word and how often it was counted, which may be missing."""
    if line.lstrip().startswith("#"):
        return None
    word, _, last = line.strip().rpartition("\t") if "\t" in line.strip() else line.strip().rpartition(" ")
    if not NUMBER.fullmatch(last):
        return BAD_LINE if word and ("\t" in line.strip() or _is_no_word(last)) else (line, None)
    return (word, float(last)) if word and LEAST <= float(last) <= MOST else BAD_LINE


def _is_no_word(last: str) -> bool:
    """Whether the end of a line is meant as a number, and is none that counts: `nan`, `1,500`."""
    return last.lower() in ("nan", "inf", "infinity") or not can_be_spelled(last)


def _combined(line: str) -> Parsed:
    """A line of an AOSP list; bigrams, shortcuts and the header say nothing of a word."""
    parts = line.strip().split(",")
    fields = dict(part.partition("=")[::2] for part in parts)
    if "word" not in fields:
        return None if line.strip().startswith(("dictionary=", "bigram=", "shortcut=")) else BAD_LINE
    try:
        if not all("=" in part for part in parts):
            return BAD_LINE
        f = int(fields["f"])
    except (KeyError, ValueError):
        return BAD_LINE
    if fields.get("not_a_word") == "true":
        return NO_WORD
    if fields.get("possibly_offensive") == "true" or f == 0:
        return OFFENSIVE
    return (fields["word"], AOSP_STEP**f) if 0 < f <= 255 else BAD_LINE


def _hunspell(affixes: Affixes) -> Callable[[str], Parsed]:
    """What reads the lines of a hunspell list with these affixes; its first has the number of words."""

    def parse(line: str) -> Parsed:
        if line.strip().isdigit():
            return None
        word, flags = affixes.split(line)
        if flags & affixes.no_words:
            return NO_WORD
        return OFFENSIVE if flags & affixes.offensive else (word, None)

    return parse


def _content(path: Path) -> bytes:
    """A file's bytes, unpacked where it is gzipped. Raises DataError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise unreadable(str(path), error) from error
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(BytesIO(content)) as packed:
                content = packed.read(MOST_BYTES + 1)
        except (zlib.error, OSError, EOFError) as error:
            raise DataError("no-lexicon-file", "{path} is damaged: it cannot be unpacked", path=path) from error
    if len(content) > MOST_BYTES:
        raise DataError("large-lexicon", "a file of words may have {most} MB at most", most=MOST_BYTES >> 20)
    return content


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(content: bytes, path: Path, encoding: str | None = "utf-8") -> Iterator[tuple[int, str]]:
    """The lines with their numbers; without an encoding UTF-8, else Latin-1. Raises DataError."""
    try:
        text = content.decode("utf-8-sig" if encoding in (None, "utf-8") else encoding or "")
    except UnicodeDecodeError as error:
        if encoding is not None:
            line = content.count(b"\n", 0, error.start) + 1
            what = "{path}, line {line}: this is no {encoding} text"
            raise DataError("no-lexicon-file", what, path=path, line=line, encoding=encoding) from None
        text = content.decode("latin-1")
    yield from enumerate(text.split("\n"), 1)
