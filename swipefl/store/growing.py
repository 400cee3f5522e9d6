"""Personal words that are followed: where gestures were only added since, those alone are read and compared."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from swipefl.database.sql import Sql
from swipefl.gesture.spelling import straight
from swipefl.store.personal_words import ByHand, PersonalWord, Used, joined

Seen = tuple[int, bytes, int]


class Growing:
    """What `joined` makes of uses and starts, by families of words: those that differ in case, which join together."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._seen: Seen | None = None
        self._by_hand: list[ByHand] = []
        self._used: dict[str, dict[tuple[str, tuple[str, ...]], int]] = {}
        self._starts: dict[str, dict[str, int]] = {}
        self._joined: dict[str, list[PersonalWord]] = {}

    def seen(self) -> Seen:
        """The newest gesture, and how often what was stored was changed or erased. Raises StoreError."""
        rows = self._sql.rows(
            "SELECT number, trace, (SELECT times FROM rewritten) FROM gestures ORDER BY number DESC LIMIT 1"
        )
        return rows[0] if rows else (0, b"", -1)

    def grown_from(self, by_hand: list[ByHand], seen: Seen) -> int | None:
        """The number behind which all is new; None where anything may be different from what is known."""
        if self._seen is None or by_hand != self._by_hand or self._seen[2] != seen[2]:
            return None
        number, trace, _ = self._seen
        rows = self._sql.rows("SELECT 1 FROM gestures WHERE (number, trace) = (?, ?)", (number, trace))
        return number if rows else None

    def take(
        self, used: Iterable[Used], starts: dict[str, int], by_hand: list[ByHand], seen: Seen, anew: bool
    ) -> list[PersonalWord]:
        """The words that there are with these uses more, by language and word; `anew` forgets the ones before."""
        if anew:
            self._used, self._starts, self._joined = {}, {}, {}
        changed = self._count(used, starts)
        families = changed | ({family(row.word) for row in by_hand} if anew else set())
        self._joined.update({each: [] for each in families})
        for word in joined(
            sorted(self._of(families), key=in_order),
            [row for row in by_hand if row.removed or family(row.word) in families],
            {word: uses for each in families for word, uses in self._starts.get(each, {}).items()},
        ):
            self._joined[family(word.word)].append(word)
        self._seen, self._by_hand = seen, by_hand
        return sorted((word for some in self._joined.values() for word in some), key=lambda w: (w.languages, w.word))

    def _of(self, families: Iterable[str]) -> Iterator[Used]:
        for each in families:
            yield from (Used(*key, uses) for key, uses in self._used.get(each, {}).items())

    def _count(self, used: Iterable[Used], starts: dict[str, int]) -> set[str]:
        """Adds to what was counted; the families of it."""
        families = defaultdict(list)
        for row in used:
            families[family(row.word)].append(row)
        for each, rows in families.items():
            known = self._used.setdefault(each, {})
            for row in rows:
                known[row.word, row.languages] = known.get((row.word, row.languages), 0) + row.uses
        for word, uses in starts.items():
            of_family = self._starts.setdefault(family(word), {})
            of_family[word] = of_family.get(word, 0) + uses
        return set(families)


def in_order(used: Used) -> tuple[str, tuple[str, ...]]:
    """What uses are sorted by: a word's languages come in this order."""
    return used.word, used.languages


def family(word: str) -> str:
    """What a word shares with all that are the same in other case, in whatever language."""
    small = straight(unicodedata.normalize("NFC", word).casefold())
    return small.replace("i\u0307", "i").replace("ı", "i")
