"""A word list with frequencies: how it lies in a file, how words are found in it, how a keyboard spells them.

A file is a zlib stream of: the magic, the numbers of words and of characters in the alphabet (little-endian uint32),
the alphabet (UTF-32-LE), for each word, most frequent first, how far its frequency lies below the one before (uint16,
steps of STEP decades; the first: below 1), then the words as they are written, a 0 before each and 1 + place in the
alphabet for each character (uint8, or uint16 for an alphabet of more than 254).
"""

import math
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.decoder.lookup import alike_in
from swipefl.decoder.spelled_words import spelled_words
from swipefl.decoder.word_index import Rows, Words, WordTable, hashes, joined, ordered, words_of
from swipefl.gesture.spelling import lower

# Lists on alphabets, of all lists together, whose tables are kept, 5 MB each: whoever sends gestures chooses both.
KEPT = 3
MAGIC = b"swipefl-lexicon2"
STEP = 0.01  # decades; what the source has too
HEADER = struct.Struct("<16sII")
LOOK_FACTOR = np.uint16(37)


@dataclass(frozen=True, eq=False)
class WordList:
    """N words as they are written, and their ln frequencies (N,); those of files most frequent first."""

    words: Words
    ln_frequencies: Floats

    def __len__(self) -> int:
        return len(self.words)

    def truncated(self, count: int) -> "WordList":
        """The first `count` words."""
        return WordList(self.words.head(count), self.ln_frequencies[:count])

    def table(self, letters: str, turkic: bool = False) -> WordTable:
        """The words that can be spelled with `letters`; kept for the next time."""
        return _table(self, letters, turkic)

    def find(self, wanted: Sequence[str], turkic: bool | None = None) -> list[tuple[int, int]]:
        """The numbers of the words that are among `wanted`, each with the number there.

        With `turkic` given words are equal whose lower case is: that of Turkish, or of other languages.
        """
        alphabet = self.words.alphabet
        alike, number = alike_in(alphabet, turkic)
        places, given = _coded([word if turkic is None else lower(word, turkic) for word in wanted], number, alphabet)
        if not places:
            return []
        same = np.arange(len(alike))
        near = np.arange(len(self))
        for inside in (False, True):  # the ends leave a sixth of a long list, the inside next to nothing
            looks = np.zeros(2**16, bool)
            looks[_looks(given, np.arange(len(given)), same, inside)] = True
            near = near[looks[_looks(self.words, near, alike, inside)]]
        known = hashes(alike[self.words.run(near)], self.words.lengths[near].astype(np.intp))
        others = hashes(given.flat, given.lengths.astype(np.intp))
        equal = defaultdict(list)
        for place, hashed in zip(places, others.tolist(), strict=True):
            equal[hashed].append(place)
        in_order = np.sort(others)
        found = in_order[np.searchsorted(in_order[:-1], known)] == known
        pairs = zip(near[found].tolist(), known[found].tolist(), strict=True)
        return [(row, place) for row, hashed in pairs for place in equal[hashed]]


def list_of(ln_frequencies: Mapping[str, float]) -> WordList:
    """A list of composed (NFC) words with their ln frequencies, in the order given."""
    return WordList(words_of(tuple(ln_frequencies)), np.array(list(ln_frequencies.values()), np.float32))


def packed(frequencies: Mapping[str, float]) -> bytes:
    """The content of a list file, before zlib, of written words; ties in frequency go by spelling.

    Raises ValueError for frequencies outside (0, 1], and for words without characters or with more than 255.
    """
    if not all(0 < frequency <= 1 for frequency in frequencies.values()):
        raise ValueError("frequencies must lie between 0 and 1")
    steps = {word: -round(math.log10(frequency) / STEP) for word, frequency in frequencies.items()}
    ordered = sorted(steps, key=lambda word: (steps[word], word))
    below = np.diff([steps[word] for word in ordered], prepend=0)
    words = words_of([unicodedata.normalize("NFC", word) for word in ordered])
    header = HEADER.pack(MAGIC, len(words), len(words.alphabet))
    wide = words.flat.astype(words.flat.dtype.newbyteorder("<"))
    return b"".join((header, words.alphabet.encode("utf-32-le"), below.astype("<u2").tobytes(), wide.tobytes()))


def unpacked(content: bytes) -> WordList:
    """The word list that `packed` wrote. Raises ValueError where it is something else."""
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise ValueError("not a lexicon file of this version")
    _, count, size = HEADER.unpack_from(content)
    start = HEADER.size + 4 * size
    if len(content) < start + 2 * count or (size > 254 and len(content) % 2):
        raise ValueError("a damaged lexicon file")
    alphabet = content[HEADER.size : start].decode("utf-32-le")
    below = np.frombuffer(content, "<u2", count, start)
    flat = np.frombuffer(content, np.uint8 if size < 255 else "<u2", offset=start + 2 * count)
    starts = np.flatnonzero(flat == 0).astype(np.uint32)
    lengths = np.diff(starts, append=np.uint32(len(flat))) - 1
    if len(starts) != count or lengths.max(initial=0) > 255 or flat.max(initial=0) > size:
        raise ValueError("a damaged lexicon file")
    ln_frequencies = np.cumsum(below, dtype=np.uint32).astype(np.float32) * np.float32(-STEP * math.log(10))
    return WordList(Words(alphabet, flat, starts, lengths.astype(np.uint8)), ln_frequencies)


def size_of(head: bytes) -> int:
    """How many words there are in a list file, by its header."""
    return int(HEADER.unpack_from(head)[1])


def _coded(wanted: Sequence[str], number: Mapping[str, int], alphabet: str) -> tuple[list[int], Words]:
    """The places of those words that have no other characters, and the words as their numbers."""
    coded = {place: [number.get(character, 0) for character in word] for place, word in enumerate(wanted)}
    known = {place: codes for place, codes in coded.items() if 0 < len(codes) < 256 and 0 not in codes}
    run = np.array([code for codes in known.values() for code in codes], np.intp)
    return list(known), joined(run, np.array(list(map(len, known.values())), np.intp), alphabet)


def _looks(words: Words, rows: Rows, alike: Rows, inside: bool) -> npt.NDArray[np.uint16]:
    """What can be seen of each word (N,) at a glance, of its ends or inside: words that are equal look alike."""
    number, starts, lengths = alike.astype(np.uint16), words.starts[rows], words.lengths[rows]
    places = (lengths // 2 + 1, lengths // 4 + 1) if inside else (1, lengths)
    one, other = (number.take(words.flat.take(starts + place)) for place in places)
    return (one * LOOK_FACTOR + other) * LOOK_FACTOR + lengths


@lru_cache(KEPT)
def _table(listed: WordList, letters: str, turkic: bool) -> WordTable:
    return table_of(listed, letters, turkic)


def table_of(listed: WordList, letters: str, turkic: bool) -> WordTable:
    """The words of a list that can be spelled with `letters`; not kept."""
    spelled = spelled_words(listed.words, letters, turkic)
    kind = np.uint16 if len(letters) < 256 else np.uint32
    first, last = (spelled.flat[spelled.starts + place].astype(kind) for place in (1, spelled.lengths))
    first *= kind(1 + len(letters))
    first += last
    unspelled = np.flatnonzero(spelled.lengths == 0)
    first[unspelled] = 0
    order = ordered(first, listed.ln_frequencies)
    return WordTable(spelled, first, listed.ln_frequencies, listed.words, unspelled, order, 0.0, unspelled[:0])
