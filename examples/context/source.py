"""The language model that the package's is made of, read from the file in which pocketsphinx carries it.

The file is a trie, grown backwards: under each word w stand the words v that a bigram has before it, and under those
the words u of the trigrams u v w. Nodes are packed bit by bit, logarithms are to the base 1.0001 and, but for those of
single words, numbers of a table.
"""

import struct
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles

Ids = npt.NDArray[np.int64]

PACKAGE, VERSION = "pocketsphinx", "5.1.1"
MODEL = "pocketsphinx/model/en-us/en-us.lm.bin"
START, END = "<s>", "</s>"
MAGIC, ORDER = b"Trie Language Model", 3
LN_BASE = np.log(1.0001)
LEVELS = 2**16  # numbers of each table
LEVEL_BITS, BACK_OFF_BITS = 16, 16
PADDING = 8  # bytes behind a level's nodes


@dataclass(frozen=True, eq=False)
class NGrams:
    """A back-off trigram model of W words.

    It has B bigrams (first, second) and T trigrams (pair, third), both in ascending order. `pair` (T,) is the row of
    the bigram that a trigram begins with. All else are natural logarithms: probabilities `ln_p1` (W,), `ln_p2` (B,),
    `ln_p3` (T,), back-off weights `ln_b1` (W,) and `ln_b2` (B,), and `ln_before` (W,), how often each word stands
    before another: as often as it comes, and the start of a sentence as often as an end.
    """

    words: list[str]
    ln_before: Doubles
    ln_p1: Doubles
    ln_b1: Doubles
    first: Ids
    second: Ids
    ln_p2: Doubles
    ln_b2: Doubles
    pair: Ids
    third: Ids
    ln_p3: Doubles


def source_bytes(wheel: Path | None = None) -> bytes:
    """The file, out of a wheel or of the installed package."""
    if wheel is not None:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MODEL)
    installed = metadata.distribution(PACKAGE)
    if installed.version != VERSION:
        raise SystemExit(f"{PACKAGE} {installed.version} is installed; the recipe is written for {VERSION}")
    return Path(str(installed.locate_file(MODEL))).read_bytes()


def read(blob: bytes) -> NGrams:
    """The model in a file. Raises ValueError where it is no trigram model of this kind."""
    if not blob.startswith(MAGIC + bytes([ORDER])):
        raise ValueError("not a trigram model as pocketsphinx 5 packs it")
    at = len(MAGIC) + 1
    count, most_pairs, most_triples = struct.unpack_from("<3I", blob, at)
    at += 4 * ORDER + 4  # a number that says nothing follows
    p2_of, b2_of, p3_of = np.frombuffer(blob, "<f4", 3 * LEVELS, at).reshape(3, LEVELS)
    at += 12 * LEVELS
    single = np.frombuffer(blob, np.dtype([("p", "<f4"), ("b", "<f4"), ("next", "<u4")]), count + 1, at)
    at += single.nbytes
    word_bits, next_bits = int(count).bit_length(), int(most_triples).bit_length()
    middle = _Nodes(blob, at, word_bits + BACK_OFF_BITS + LEVEL_BITS + next_bits)
    last = _Nodes(blob, at + middle.size(most_pairs), word_bits + LEVEL_BITS)
    at += middle.size(most_pairs) + last.size(most_triples)
    text = blob[at + 4 : at + 4 + int.from_bytes(blob[at : at + 4], "little")]
    words = text.decode().split("\0")[:count]
    ln_p1 = single["p"][:-1] * LN_BASE
    ln_before = ln_p1.copy()
    ln_before[words.index(START)] = ln_p1[words.index(END)]

    pairs = int(single["next"][-1])  # fewer than the header says
    first = middle.field(0, word_bits, pairs)
    ln_b2 = b2_of[middle.field(word_bits, BACK_OFF_BITS, pairs)] * LN_BASE
    ln_p2 = p2_of[middle.field(word_bits + BACK_OFF_BITS, LEVEL_BITS, pairs)] * LN_BASE
    ahead = middle.field(word_bits + BACK_OFF_BITS + LEVEL_BITS, next_bits, pairs + 1)
    second = np.repeat(np.arange(count), _differences(single["next"].astype(np.int64)))
    reached = int(ahead[-1])
    ln_p3 = p3_of[last.field(word_bits, LEVEL_BITS, reached)] * LN_BASE
    begins = last.field(0, word_bits, reached)  # the word that a trigram begins with
    inner = np.repeat(np.arange(pairs), _differences(ahead))  # the row of the bigram that it ends with

    sorted_pairs = np.lexsort((second, first))
    pair = rows_of((first * count + second)[sorted_pairs], begins * count + first[inner])
    sorted_triples = np.lexsort((second[inner], pair))
    return NGrams(
        words,
        ln_before,
        ln_p1,
        single["b"][:-1] * LN_BASE,
        first[sorted_pairs],
        second[sorted_pairs],
        ln_p2[sorted_pairs],
        ln_b2[sorted_pairs],
        pair[sorted_triples],
        second[inner][sorted_triples],
        ln_p3[sorted_triples],
    )


def _differences(numbers: Ids) -> Ids:
    return numbers[1:] - numbers[:-1]


def rows_of(keys: Ids, wanted: Ids) -> Ids:
    """Where each of `wanted` stands among ascending `keys`; -1 where it does not."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1) if len(keys) else np.zeros(len(wanted), np.int64)
    return np.where(keys[at] == wanted, at, -1) if len(keys) else at - 1


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The nodes of one level, `width` bits each, from byte `start` of the file."""

    blob: bytes
    start: int
    width: int

    def size(self, nodes: int) -> int:
        """Bytes of so many nodes; one more closes the last one's children."""
        return ((1 + nodes) * self.width + 7) // 8 + PADDING

    def field(self, offset: int, bits: int, nodes: int) -> Ids:
        """The `bits` from `offset` of each of the first `nodes`."""
        places = np.arange(nodes) * self.width + offset
        every = np.ndarray((len(self.blob) - self.start - 7,), "<u8", self.blob, self.start, (1,))  # from each byte on
        found: Ids = (every[places >> 3] >> (places & 7).astype(np.uint64) & np.uint64(2**bits - 1)).astype(np.int64)
        return found
