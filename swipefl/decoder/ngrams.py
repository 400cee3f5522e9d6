"""The package's models of words in order: what up to two words before say about a word, as an n-gram model has it.

A model knows gains, `ln p(w | before) - ln p(w)`: of pairs of words, of triples, and by back-off of all others. What
p(w) itself is, the lexicon says: p(w | before) is the frequency there times e to the gain.

A file has a header, then the arrays of `NGramModel` one after the other. It is not compressed: a wheel does that. So
that it does it well, numbers that ascend are kept as what each adds to the one before, high bytes and low bytes apart.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles
from swipefl.decoder.word_index import Rows
from swipefl.errors import CheckpointError, Remedy
from swipefl.gesture.before import Before, context_form
from swipefl.gesture.language import Languages, primary

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint16]
Steps = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

MAGIC = b"swipefl-context1"
HEADER = struct.Struct("<16sI")  # magic, CRC-32 of what follows
SIZES = struct.Struct("<5I")  # hashes, words, pairs, contexts of triples, triples
STEP = 0.5  # nats, of gains and of back-off weights in files
START = 0  # the number of the start of a sentence among the words
MOST_WORDS = 2**16 - 1
# How far people write as the texts did that the model learnt from, measured on swipes: gains are taken times that.
TRUST_IN_STRANGERS = 0.6  # where it never met the two words before in this order
TRUST_IN_TRIPLES = 1.3  # where it met the word behind both of them
LEAST_AT_START = -0.5  # nats: nearly every word may begin a sentence, or stand alone


@dataclass(frozen=True, eq=False)
class NGramModel:
    """Pairs of words and triples, with gains in nats over STEP.

    Words have numbers, the start of a sentence has START. `hashes` (H,) ascend, `words` (H,) has the number of each.
    Behind word v stand `nexts[begins[v] : begins[v + 1]]`, ascending, with their `gains` (P,), and `back_off` (V,) for
    all others. Triples continue C of the P pairs: behind pair `contexts[c]`, the words u v, stand those of the pairs of
    v that `thirds[context_begins[c] : context_begins[c + 1]]` count, ascending, from the first on; each gains `more`
    (T,) than its pair, and the others of v's pairs and all words else `context_back_off` (C,).
    """

    hashes: npt.NDArray[np.uint32]
    words: Numbers
    begins: Rows
    nexts: Numbers
    gains: Steps
    back_off: Steps
    contexts: Rows
    context_begins: Rows
    thirds: Numbers
    more: Steps
    context_back_off: Steps

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """ln p(word | before) - ln p(word) of each (N,); 0 where the last word before is not known.

        A word that the model does not know gains what one does that it never met behind these.
        """
        *earlier, last = (START, *self._numbers(before.words))[-2:]
        if last < 0:
            return np.zeros(len(words))
        place, paired = self._behind(int(last), self._numbers(words))
        gains = np.full(len(words), float(self.back_off[last]))
        gains[paired] = self.gains[self.begins[last] + place[paired]]
        gains *= STEP
        if not earlier:
            return gains.clip(LEAST_AT_START)
        (before_last,), (is_pair,) = self._behind(int(earlier[0]), last[None])
        if not is_pair:
            return gains * TRUST_IN_STRANGERS
        more, tripled = self._more(int(self.begins[earlier[0]] + before_last), place, paired)
        trusted: Doubles = (gains + more * STEP) * np.where(tripled, TRUST_IN_TRIPLES, 1.0)
        return trusted

    def _numbers(self, words: Sequence[str]) -> Rows:
        """The number (N,) of each word, -1 for those that are not known."""
        at, found = _places(self.hashes, np.array([hash_of(word) for word in words], np.uint32))
        numbers = np.full(len(words), -1)
        numbers[found] = self.words[at[found]]
        return numbers

    def _behind(self, word: int, numbers: Rows) -> tuple[Rows, Flags]:
        """The place (N,) of each of these words among those behind a word, and whether it is there."""
        ascending = self.nexts[self.begins[word] : self.begins[word + 1]] if word >= 0 else self.nexts[:0]
        return _places(ascending, numbers.astype(np.uint16))

    def _more(self, pair: int, place: Rows, paired: Flags) -> tuple[Doubles, Flags]:
        """What the word before the last adds (N,), in steps, to words that stand at these places behind the last.

        And whether the model met each of them behind both.
        """
        (at,), (known,) = _places(self.contexts, np.array([pair]))
        if not known:
            return np.zeros(len(place)), np.zeros(len(place), bool)
        begin, end = self.context_begins[at : at + 2]
        third, found = _places(self.thirds[begin:end], place.astype(np.uint16))
        found &= paired
        more = np.full(len(place), float(self.context_back_off[at]))
        more[found] = self.more[begin + third[found]]
        return more, found


def _places(ascending: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> tuple[Rows, Flags]:
    """Where each of `wanted` (N,) stands among numbers of the same type, and whether it does."""
    if not len(ascending):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return at, ascending[at] == wanted


def hash_of(word: str) -> int:
    """32 bits for a word in whatever case, with whatever apostrophe."""
    return zlib.crc32(context_form(word).encode())


def packed(model: NGramModel) -> bytes:
    """The content of a model's file."""
    arrays = (model.hashes, model.back_off, model.nexts, model.contexts, model.thirds)
    body = b"".join(
        (
            SIZES.pack(*(len(array) for array in arrays)),
            model.hashes.astype("<u4").tobytes(),
            *_planes(model.words),
            *_planes(_counts(model.begins)),
            *_planes(_added(model.nexts, model.begins)),
            model.gains.tobytes(),
            model.back_off.tobytes(),
            *_planes(_added(model.contexts, np.array([0, len(model.contexts)]))),
            *_planes(_counts(model.context_begins)),
            *_planes(_added(model.thirds, model.context_begins)),
            model.more.tobytes(),
            model.context_back_off.tobytes(),
        )
    )
    return HEADER.pack(MAGIC, zlib.crc32(body)) + body


def unpacked(content: bytes) -> NGramModel:
    """The model that `packed` wrote. Raises CheckpointError where it is something else, or damaged."""
    body = memoryview(content)[HEADER.size :]
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise CheckpointError("unknown-context-format", "not a model of words in order, or one of another version")
    if zlib.crc32(body) != HEADER.unpack_from(content)[1]:
        raise CheckpointError("damaged-context", "the model of words in order is damaged", Remedy.INSTALL_AGAIN)
    hashes, words, pairs, contexts, triples = SIZES.unpack_from(body)
    read = _Reader(body, SIZES.size)
    return NGramModel(
        read.array(hashes, "<u4").astype(np.uint32),
        read.planes(hashes),
        begins := _begins(read.planes(words)),
        _summed(read.planes(pairs), begins),
        read.array(pairs, "i1"),
        read.array(words, "i1"),
        np.cumsum(read.planes(contexts).astype(np.intp) + 1) - 1,
        context_begins := _begins(read.planes(contexts)),
        _summed(read.planes(triples), context_begins),
        read.array(triples, "i1"),
        read.array(contexts, "i1"),
    )


@dataclass
class _Reader:
    body: memoryview
    at: int

    def array(self, count: int, kind: str) -> npt.NDArray[Any]:
        found = np.frombuffer(self.body, kind, count, self.at)
        self.at += found.nbytes
        return found

    def planes(self, count: int) -> Numbers:
        high, low = self.array(count, "u1"), self.array(count, "u1")
        numbers: Numbers = high.astype(np.uint16) << 8 | low
        return numbers


def _planes(numbers: Rows | Numbers) -> tuple[bytes, bytes]:
    """High bytes, low bytes. Raises ValueError for numbers of more than two bytes."""
    if numbers.max(initial=0) >= 2**16:
        raise ValueError("numbers of more than two bytes")
    return (numbers >> 8).astype(np.uint8).tobytes(), (numbers & 255).astype(np.uint8).tobytes()


def _counts(begins: Rows) -> Rows:
    return begins[1:] - begins[:-1]


def _begins(counts: Numbers) -> Rows:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.intp)))


def _added(ascending: Numbers | Rows, begins: Rows) -> Rows:
    """What each number adds to the one before in its group, less one: the first of a group to -1."""
    wide = ascending.astype(np.intp)
    added: Rows = wide - np.append(0, wide)[:-1] - 1
    firsts = begins[:-1][_counts(begins) > 0]
    added[firsts] = ascending[firsts]
    return added


def _summed(added: Numbers, begins: Rows) -> Numbers:
    """The inverse of `_added`; sums run on through groups, modulo 2**16, and what ran before each is taken off."""
    sums = np.cumsum(added + np.uint16(1), dtype=np.uint16)
    groups = begins[:-1][_counts(begins) > 0]
    before = np.append(np.uint16(0), sums)[groups] + np.uint16(1)
    return sums - np.repeat(before, np.diff(np.append(groups, len(sums))))


@cache
def shipped_contexts() -> Languages:
    """The languages of which the package has a model."""
    names = (file.name for file in resources.files("swipefl.decoder").joinpath("contexts").iterdir())
    return tuple(sorted(name[:-4] for name in names if name.endswith(".bin")))


def shipped_context(languages: Languages) -> NGramModel | None:
    """The package's model of the first of the languages that has one; None where none has."""
    known = (primary(language) for language in languages)
    return next((_loaded(language) for language in known if language in shipped_contexts()), None)


@cache
def _loaded(language: str) -> NGramModel:
    return unpacked(resources.files("swipefl.decoder").joinpath("contexts", f"{language}.bin").read_bytes())
