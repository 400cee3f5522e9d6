"""The personal lexicon: words that the person added, swipes again and again, or does not want to be offered."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from swipefl.database.sql import Sql
from swipefl.errors import RejectedLine, UsageError
from swipefl.gesture.gesture import checked_letters
from swipefl.gesture.language import Languages, is_turkic, languages_of
from swipefl.gesture.spelling import can_be_spelled, folded
from swipefl.store.growing import Growing, in_order
from swipefl.store.personal_words import ByHand, PersonalWord, Used, caseless, joined
from swipefl.store.scope import Scope

# Held-out examples do not count: a word learned from them would flatter the score that they measure.
_USED = """SELECT g.word, coalesce(g.languages, k.language), count(*)
FROM gestures g JOIN keyboards k ON k.name = g.keyboard
WHERE g.verdict = 'good' AND g.held_out = 0{where} GROUP BY 1, 2"""

_STARTS = """SELECT word, count(*) FROM gestures INDEXED BY gestures_by_before
WHERE follows = '' AND verdict = 'good' AND held_out = 0{where} GROUP BY 1"""

_NEWER = """SELECT g.word, coalesce(g.languages, k.language), g.follows = ''
FROM gestures g NOT INDEXED JOIN keyboards k ON k.name = g.keyboard
WHERE g.number > ? AND g.verdict = 'good' AND g.held_out = 0"""

# One search of the index for each word and keyboard: no page of points is read, and not each gesture either.
_TYPED = """WITH asked AS (SELECT value AS word FROM json_each(?))
SELECT a.word FROM asked a CROSS JOIN keyboards k WHERE EXISTS (
    SELECT 1 FROM gestures g
    WHERE g.verdict = 'good' AND g.held_out IN (0, 1) AND g.keyboard = k.name AND g.word = a.word
)"""


class Words:
    """Personal words as they are written, by language, and those that are hidden.

    `person` are the languages of what was swiped on a keyboard that names none. What an older swipefl kept is folded,
    and stands for all words that are spelled alike.
    """

    def __init__(self, sql: Sql, person: Languages) -> None:
        self._sql = sql
        self._person = person
        self._growing = Growing(sql)

    def add(self, word: str, language: str, alike: bool = False) -> None:
        """Add a word, also one that was removed or hidden, in whatever case.

        With `alike`, here and below, it stands for all that are spelled alike, as an older swipefl kept it.

        Raises UsageError for a word that can never be spelled and for what is no language, StoreError.
        """
        written, tag = _checked(word), _checked_tag(language)
        self._drop("hidden_words", written, tag)
        self._drop("words", written, tag, " AND (removed OR folded)")
        self._put("words", "(word, language, removed, folded)", (written, tag, False, alike))

    def remove(self, word: str, language: str, alike: bool = False) -> None:
        """Remove a word, in whatever case: swiping it does not bring it back. Raises UsageError, StoreError."""
        written, tag = _checked(word), _checked_tag(language)
        self._drop("words", written, tag)
        self._put("words", "(word, language, removed, folded)", (written, tag, True, alike))

    def hide(self, word: str, language: str, alike: bool = False) -> None:
        """Never offer a written word, in whatever case, however often it is swiped. Raises UsageError, StoreError."""
        written, tag = _checked(word), _checked_tag(language)
        self._drop("hidden_words", written, tag)
        self._put("hidden_words", "(word, language, folded)", (caseless(written, is_turkic((tag,))), tag, alike))

    def unhide(self, word: str, language: str) -> None:
        """Offer a hidden word like any other. Raises UsageError, StoreError."""
        self._drop("hidden_words", _checked(word), _checked_tag(language))

    def all(self) -> list[PersonalWord]:
        """Words that were added or used at least twice, less those removed, by language and word. Raises StoreError.

        A hidden one is among them: what is learned of it counts for the model.
        """
        return joined(self._used(), self._rows("words"), self._starts())

    def followed(self) -> list[PersonalWord]:
        """The same, for who asks at every change, of a store that this connection does not write to meanwhile.

        Of a store that only grew since it was last asked, the new gestures alone are read. Raises StoreError.
        """
        with self._sql.reading():
            by_hand, seen = self._rows("words"), self._growing.seen()
            last = self._growing.grown_from(by_hand, seen)
            if last is None:
                return self._growing.take(self._used(), self._starts(), by_hand, seen, anew=True)
            new = self._sql.rows(_NEWER, (last,))
            used = [Used(word, self._languages(language), 1) for word, language, _ in new]
            starts = Counter(word for word, _, is_start in new if is_start)
            return self._growing.take(used, starts, by_hand, seen, anew=False)

    def left(self, erased: Scope) -> int:
        """How many of `all` are left once the gestures of a scope are gone, and by hand its word or, of the scope of
        all, every one. Raises StoreError."""
        by_hand = [] if erased.is_all else self._rows("words")
        kept = [row for row in by_hand if erased.word is None or not _alike(row.word, erased.word)]
        left = (f" AND NOT ({erased.where})", erased.parameters)
        return len(joined(self._used(*left), kept, self._starts(*left)))

    def hidden(self, word: str | None = None, counted: bool = True) -> list[PersonalWord]:
        """Words that are never offered, those spelled like `word` or all, by language and word.

        Their uses are 0 where they are not `counted`, which reads every use. Raises StoreError.
        """
        rows = [row for row in self._rows("hidden_words") if word is None or _alike(row.word, word)]
        languages: dict[tuple[str, bool], Languages] = defaultdict(tuple)
        for row in rows:
            languages[row.word, row.folded] += row.languages
        uses: Counter[str] = Counter()
        for used in self._used() if rows and counted else ():
            uses[caseless(used.word, is_turkic(used.languages))] += used.uses
        found = [
            PersonalWord(word, tuple(dict.fromkeys(tags)), uses[word], "hidden", folded)
            for (word, folded), tags in languages.items()
        ]
        return sorted(found, key=lambda known: (known.languages, known.word))

    def typed(self, words: Iterable[str]) -> set[str]:
        """Which of these words the person typed themselves: swiped once, or added by hand. Raises StoreError.

        In lower case, capitals or with a capital; what they removed by hand is none.
        """
        alike: dict[str, set[str]] = defaultdict(set)
        for word in words:
            for form in _forms(word):
                alike[form].add(word)
        rows = self._sql.rows(_TYPED, (json.dumps(list(alike)),))
        found = {word for (form,) in rows for word in alike[form]}
        by_hand = self._rows("words")
        removed = {folded(row.word) for row in by_hand if row.removed}
        added = {folded(row.word) for row in by_hand if not row.removed}
        asked = {word for of_form in alike.values() for word in of_form}
        return {word for word in asked if folded(word) in added or (word in found and folded(word) not in removed)}

    def by_hand(self) -> list[tuple[str, str, str, bool]]:
        """Word, language and state of what was added, removed or hidden by hand, hidden last; and whether it stands for
        all that are spelled alike. Raises StoreError."""
        rows = self._sql.rows(
            """SELECT word, language, iif(removed, 'removed', 'added'), folded, 0 FROM words
            UNION ALL SELECT word, language, 'hidden', folded, 1 FROM hidden_words ORDER BY 5, 2, 1"""
        )
        return [(word, language, state, bool(alike)) for word, language, state, alike, _ in rows]

    def erase(self, word: str | None = None) -> None:
        """Erase what was added, removed and hidden by hand, of what is spelled like `word` or all of it."""
        for table in ("words", "hidden_words"):
            gone = {(row.word,) for row in self._rows(table) if word is None or _alike(row.word, word)}
            self._sql.run_many(f"DELETE FROM {table} WHERE word = ?", gone)

    def _used(self, where: str = "", parameters: Mapping[str, object] | None = None) -> list[Used]:
        """What train examples carry."""
        rows = self._sql.rows(_USED.format(where=where), dict(parameters or {}))
        used = [Used(word, self._languages(language), uses) for word, language, uses in rows]
        return sorted(used, key=in_order)

    def _starts(self, where: str = "", parameters: Mapping[str, object] | None = None) -> dict[str, int]:
        """How often each word is known to have been the first of a sentence."""
        return dict(self._sql.rows(_STARTS.format(where=where), dict(parameters or {})))

    def _languages(self, text: str) -> Languages:
        try:
            return languages_of(text) or self._person
        except ValueError:  # an older swipefl took any name
            return (text,)

    def _rows(self, table: str) -> list[ByHand]:
        removed = "removed" if table == "words" else "0"
        rows = self._sql.rows(f"SELECT word, language, {removed}, folded FROM {table} ORDER BY language, word")
        return [
            ByHand(word, self._languages(language), bool(gone), bool(folds)) for word, language, gone, folds in rows
        ]

    def _drop(self, table: str, written: str, tag: str, where: str = "") -> None:
        """Deletes what stands for a written word in a language."""
        languages = self._languages(tag)
        turkic = is_turkic(languages)
        alike = caseless(written, turkic)
        rows = self._sql.rows(f"SELECT word, folded FROM {table} WHERE language = ?{where}", (tag,))
        gone = [  # of what may be thousands of words, a thousand times
            word
            for word, folds in rows
            if (ByHand(word, languages, False, True).stands_for(written) if folds else caseless(word, turkic) == alike)
        ]
        self._sql.run_many(f"DELETE FROM {table} WHERE (word, language) = (?, ?)", [(word, tag) for word in gone])

    def _put(self, table: str, columns: str, row: tuple[object, ...]) -> None:
        marks = ", ".join("?" * len(row))
        self._sql.run(f"INSERT OR REPLACE INTO {table} {columns} VALUES ({marks})", row)


def _alike(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _forms(word: str) -> Iterator[str]:
    yield from (word, word.lower(), word.upper(), word.capitalize(), word.title(), folded(word))
    if "i" in word:  # as Turkish has its capital
        yield from (word.replace("i", "İ").upper(), word[0].replace("i", "İ").upper() + word[1:])


def _checked(word: str) -> str:
    """A word as it is written. Raises UsageError for one that no keyboard can spell."""
    try:
        written = checked_letters(word)
    except RejectedLine as error:
        raise UsageError("no-word", "{why}", why=error) from error
    if not can_be_spelled(written):
        raise UsageError("no-word", "a personal word has a letter, and nothing that no keyboard has a key for")
    return written


def _checked_tag(language: str) -> str:
    """One language's tag, or none. Raises UsageError."""
    try:
        (tag,) = languages_of(language) or ("",)
    except ValueError as error:
        raise UsageError("no-language", "a language is a tag such as de or pt-br") from error
    return tag
