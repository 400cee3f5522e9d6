"""Words that are gone, and stood before others: UNKNOWN takes their place there."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable

from swipefl.database.sql import Sql
from swipefl.gesture.before import UNKNOWN, Before, before_in
from swipefl.gesture.spelling import APOSTROPHES, folded
from swipefl.store.scope import Scope

# Of gestures with a word that is gone the next two, in the order of coming: it may have stood before these.
_NEXT = """SELECT g.number, g.before, gone.word FROM ({gone}) gone CROSS JOIN gestures g
ON g.number IN (SELECT number FROM gestures WHERE number > gone.number ORDER BY number LIMIT 2)
WHERE g.follows > '' AND g.number NOT IN (SELECT number FROM gestures WHERE {erased})"""
_LISTED = "SELECT json_extract(value, '$[0]') AS number, json_extract(value, '$[1]') AS word FROM json_each(:gone)"
_ANYWHERE = """SELECT number, before, :word FROM gestures INDEXED BY gestures_by_before
WHERE follows > '' AND (:before IS NULL OR stored_at < :before)
AND number NOT IN (SELECT number FROM gestures WHERE {erased})"""


_PARTS = re.compile("[-‐‑" + "".join(sorted(APOSTROPHES)) + "]")


class Redaction:
    """What is left of the words before gestures once others are erased, taken back or get another word."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def of(self, scope: Scope) -> dict[int, Before]:
        """What is to be left before gestures that stay, by number, once those of a scope are erased.

        The word of each goes before the two that came next, and the word that was asked for before any, however they
        are spelled there. Raises StoreError.
        """
        query = _NEXT.format(gone=f"SELECT number, word FROM gestures WHERE {scope.where}", erased=scope.where)
        if scope.word is not None:
            query += f" UNION ALL {_ANYWHERE.format(erased=scope.where)}"
        return self._left(query, scope.parameters)

    def erase(self, left: dict[int, Before]) -> int:
        """Leave this before gestures; returns before how many. The caller owes a rewriting. Raises StoreError."""
        rows = [(before.text, before.follows, number) for number, before in left.items()]
        self._sql.run_many("UPDATE gestures SET (before, follows) = (?, ?) WHERE number = ?", rows)
        return len(rows)

    def erase_words(self, gone: Iterable[tuple[int, str]]) -> int:
        """Erase words that gestures of these numbers have no longer, before the next two. Raises StoreError."""
        query = _NEXT.format(gone=_LISTED, erased="0")
        return self.erase(self._left(query, {"gone": json.dumps(list(gone))}))

    def _left(self, query: str, parameters: dict[str, object]) -> dict[int, Before]:
        texts: dict[int, str] = {}
        gone: dict[int, set[str]] = defaultdict(set)
        for number, text, word in self._sql.each(query, parameters):
            texts[number] = text
            gone[number].update(filter(None, map(folded, (word, *word.split(), *before_in(word).words))))
        left = {
            number: Before(tuple(UNKNOWN if _forms(word) & gone[number] else word for word in text.split()))
            for number, text in texts.items()
        }
        return {number: before for number, before in left.items() if before.text != texts[number]}


def _forms(word: str) -> set[str]:
    """A word as words are compared, and each of its parts: Wendy's and Wendy-Ann are gone with Wendy."""
    return set(map(folded, (word, *_PARTS.split(word))))


def is_left_of(known: str | None, said: str) -> bool:
    """Whether what is known to stand before a word is what is said of it, or what a redaction left of that."""
    words, others = (known or "").split(), said.split()
    pairs = zip(words, others, strict=False)
    return known is not None and len(words) == len(others) and all(word in (other, UNKNOWN) for word, other in pairs)
