"""Which keys and words are missed, and what is read in their place: of swipes that no training saw, beyond chance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from swipefl.decoder.decoder import Decoder
from swipefl.device.chance import beyond_chance, more_than_others
from swipefl.device.memory import Memory
from swipefl.store.gestures import Stored

MOST, MOST_S = 300, 10.0  # swipes, the newest first
LEAST = 4  # times seen, for a key or a word to be looked at


@dataclass(frozen=True)
class Confusion:
    """What was `missed` so often of the swipes that had it; `read` is what came in its place most often, so many times.

    An empty `read` says that nothing stood in its place. `chance` is how likely so many are by chance alone, were it
    missed no more than others.
    """

    meant: str
    read: str
    seen: int
    missed: int
    times: int
    chance: float


@dataclass(frozen=True)
class Confusions:
    """Of so many held-out swipes so many were read right. Keys and words that are missed more than chance would have
    it, the most certain first: of as many as were looked at, all are so with 95 %."""

    swipes: int
    right: int
    keys: tuple[Confusion, ...]
    words: tuple[Confusion, ...]


@dataclass(frozen=True)
class Read:
    """A word that was meant and the first candidate, as they are written and as they are spelled."""

    meant: str
    spelled: str
    read: str
    read_spelled: str


Known = Memory[tuple[str, str, str], Read]
"""By swipe, word and keyboard, of one decoder."""


def confusions(swipes: Sequence[Stored], decoder: Decoder, known: Known) -> Confusions:
    """What is missed of held-out swipes, the newest of which come first."""
    by_key = {(s.handle, s.example.word, s.example.gesture.keyboard.name): s for s in swipes}
    return confused(known.each(by_key, lambda key: _read(by_key[key], decoder), MOST_S))


def _read(stored: Stored, decoder: Decoder) -> Read:
    example = stored.example
    first = next(iter(decoder.decode(example.gesture, 1)), None)
    return Read(example.word, example.spelled, first.word if first else "", first.spelled if first else "")


def confused(reads: Sequence[Read]) -> Confusions:
    """What was missed of what was read. A swipe counts once for each word and each of its keys."""
    right = sum(read.spelled == read.read_spelled for read in reads)
    words = _beyond_chance(((r.spelled, r.spelled != r.read_spelled, r.read), r.meant) for r in reads)
    keys = _beyond_chance((what, what[0]) for read in reads for what in _keys(read))
    return Confusions(len(reads), right, keys, words)


What = tuple[str, bool, str]  # a key or a word, whether it was missed, and what was read in its place


def _keys(read: Read) -> Iterator[What]:
    """Each key of a word once: the first place where it was missed counts, if it was."""
    seen: dict[str, What] = {}
    for meant, instead in substitutions(read.spelled, read.read_spelled):
        if meant and (meant not in seen or not seen[meant][1]):
            seen[meant] = (meant, meant != instead, instead)
    yield from seen.values()


def _beyond_chance(seen: Iterable[tuple[What, str]]) -> tuple[Confusion, ...]:
    """Those that are missed more than the others; each comes with the form that it is shown in."""
    missed: defaultdict[str, list[bool]] = defaultdict(list)
    instead, forms = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for (what, is_missed, read), form in seen:
        missed[what].append(is_missed)
        forms[what][form] += 1
        if is_missed:
            instead[what][read] += 1
    all_missed, all_seen = sum(map(sum, missed.values())), sum(map(len, missed.values()))
    looked_at = [what for what, times in missed.items() if len(times) >= LEAST]
    chances = [more_than_others(sum(missed[what]), len(missed[what]), all_missed, all_seen) for what in looked_at]
    found = [
        Confusion(
            _commonest(forms[what])[0], *_first(_commonest(instead[what]), len(missed[what]), sum(missed[what])), chance
        )
        for what, chance, is_found in zip(looked_at, chances, beyond_chance(chances), strict=True)
        if is_found
    ]
    return tuple(sorted(found, key=lambda one: (one.chance, -one.missed, one.meant)))


def _first(commonest: tuple[str, int], seen: int, missed: int) -> tuple[str, int, int, int]:
    return commonest[0], seen, missed, commonest[1]


def _commonest(counts: Counter[str]) -> tuple[str, int]:
    return min(counts.items(), key=lambda one: (-one[1], one[0]), default=("", 0))


def substitutions(meant: str, read: str) -> list[tuple[str, str]]:
    """Letters of both, side by side, by the fewest changes that make one of the other; "" where one has none."""
    rows = [list(range(len(read) + 1))]
    for i, letter in enumerate(meant, 1):
        row = [i]
        for j, other in enumerate(read, 1):
            row.append(min(rows[-1][j - 1] + (letter != other), rows[-1][j] + 1, row[-1] + 1))
        rows.append(row)
    pairs, i, j = list[tuple[str, str]](), len(meant), len(read)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (meant[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((meant[i], read[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            pairs.append((meant[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]
