"""Which keys and words are missed, and what is read in their place: of swipes that no training saw, beyond chance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
    """A word that was meant and the first candidate, as they are written and as they are spelled.

    Unless it is `listed` no word list has it: it cannot be read, wherever the finger goes.
    """

    meant: str
    spelled: str
    read: str
    read_spelled: str
    listed: bool = True


Known = Memory[tuple[str, str, str], Read]
"""By swipe, word and keyboard, of one decoder."""


def confusions(swipes: Sequence[Stored], decoder: Decoder, known: Known) -> Confusions:
    """What is missed of held-out swipes, the newest of which come first."""
    by_key = {(s.handle, s.example.word, s.example.gesture.keyboard.name): s for s in swipes}
    return confused(known.each(by_key, lambda key: _read(by_key[key], decoder), MOST_S))


def _read(stored: Stored, decoder: Decoder) -> Read:
    example = stored.example
    first = next(iter(decoder.decode(example.gesture, 1)), None)
    spelled = (example.spelled, first.word if first else "", first.spelled if first else "")
    return Read(example.word, *spelled, decoder.knows(example))


def confused(reads: Sequence[Read]) -> Confusions:
    """What was missed of what was read.

    The keys of a missed word are missed together, and each time that it is swiped. So a key is tested by words: each is
    one chance to miss it, taken where that happened more often than not. Words that no list has say nothing of keys.
    Keys and words are tested together. (Simulated, 150 people each, every key as hard as another, words not: some key
    was reported for 10 % by swipes, for none by words; with three names of no list among 300 swipes for 55 of 60, and
    for none. A key that is missed in 3 swipes of 10 where others are in none is found for 85 %.)
    """
    right = sum(read.spelled == read.read_spelled for read in reads)
    words = [Seen(r.spelled, r.spelled, r.spelled != r.read_spelled, r.read, r.meant) for r in reads]
    keys = [seen for read in reads if read.listed for seen in _keys(read)]
    chances = [_chances(_by_swipe(words)), _chances(_by_word(keys))]
    found = iter(beyond_chance([chance for some in chances for chance in some.values()]))
    told = [{what: chance for what, chance in some.items() if next(found)} for some in chances]
    return Confusions(len(reads), right, _told(keys, told[1]), _told(words, told[0]))


class Seen(NamedTuple):
    """A key or a word of a swipe, the word it was in, whether it was missed and what was read in its place, and the
    form that it is shown in."""

    what: str
    word: str
    missed: bool
    read: str
    form: str


Trials = dict[str, list[bool]]
"""Of each key or word, whether it was missed, one time after the other."""


def _keys(read: Read) -> Iterator[Seen]:
    """Each key of a word once: the first place where it was missed counts, if it was."""
    seen: dict[str, Seen] = {}
    for meant, instead in substitutions(read.spelled, read.read_spelled):
        if meant and (meant not in seen or not seen[meant].missed):
            seen[meant] = Seen(meant, read.spelled, meant != instead, instead, meant)
    yield from seen.values()


def _by_swipe(seen: Iterable[Seen]) -> Trials:
    trials = defaultdict[str, list[bool]](list)
    for one in seen:
        trials[one.what].append(one.missed)
    return trials


def _by_word(seen: Iterable[Seen]) -> Trials:
    swipes = defaultdict[tuple[str, str], list[bool]](list)
    for one in seen:
        swipes[one.what, one.word].append(one.missed)
    trials = defaultdict[str, list[bool]](list)
    for (what, _), missed in swipes.items():
        trials[what].append(2 * sum(missed) > len(missed))
    return trials


def _chances(trials: Trials) -> dict[str, float]:
    """Of what was seen often enough, how likely it would be missed as often as it was, were it as others are."""
    all_missed, all_seen = sum(map(sum, trials.values())), sum(map(len, trials.values()))
    return {
        what: more_than_others(sum(missed), len(missed), all_missed, all_seen)
        for what, missed in trials.items()
        if len(missed) >= LEAST
    }


def _told(seen: Iterable[Seen], chances: Mapping[str, float]) -> tuple[Confusion, ...]:
    """Those that have a chance here, counted by swipes."""
    missed = defaultdict[str, list[bool]](list)
    instead, forms = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for one in seen:
        missed[one.what].append(one.missed)
        forms[one.what][one.form] += 1
        if one.missed:
            instead[one.what][one.read] += 1
    found = []
    for what, chance in chances.items():
        read, times = _commonest(instead[what])
        counts = (len(missed[what]), sum(missed[what]), times)
        found.append(Confusion(_commonest(forms[what])[0], read, *counts, chance))
    return tuple(sorted(found, key=lambda one: (one.chance, -one.missed, one.meant)))


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
