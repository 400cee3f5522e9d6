"""Which of the words that somebody swipes, adds and removes are words of their own."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from swipefl.gesture.language import Languages, is_turkic, primary
from swipefl.gesture.spelling import can_be_spelled, folded, lower, straight, uncapitalised

USES_TO_JOIN = 2


@dataclass(frozen=True)
class PersonalWord:
    """A word of the person's own as it is written, its languages, and how often its train examples carry it.

    Origin is "typed", "added" or "hidden". A `folded` one was kept by an older swipefl, and stands for every word that
    is spelled alike. One that was written `at_starts` of sentences alone has its capital from there, if any listed word
    is the same without.
    """

    word: str
    languages: Languages
    uses: int
    origin: str
    folded: bool = False
    at_starts: bool = False


@dataclass(frozen=True)
class Used:
    """A written word and how many train examples of a keyboard with these languages carry it."""

    word: str
    languages: Languages
    uses: int


@dataclass(frozen=True)
class ByHand:
    """A word that was added, removed or hidden by hand; a `folded` one stands for every word that is spelled alike."""

    word: str
    languages: Languages
    removed: bool
    folded: bool

    @property
    def stands_for_all(self) -> bool:
        """Whether it means every word of its spelling: with an apostrophe it was kept as it is written."""
        return self.folded and "'" not in self.word

    def stands_for(self, word: str) -> bool:
        """Whether a written word is meant by it: in whatever case."""
        if self.stands_for_all:
            return self.word == folded(word)
        turkic = is_turkic(self.languages)
        return caseless(self.word, turkic) == caseless(word, turkic)


def caseless(word: str, turkic: bool = False) -> str:
    """What words share that differ in case, or in the form of their apostrophes, alone."""
    return straight(lower(word, turkic))


def joined(
    used: Iterable[Used], by_hand: Sequence[ByHand], starts: Mapping[str, int] = MappingProxyType({})
) -> list[PersonalWord]:
    """The words that were added, or swiped at least twice and not removed, by language and word.

    Who begins a sentence writes a capital: as often as `starts` says a word is known to have begun one, it counts as
    the one without, where that is written too. Where nobody knows, a form with capitals joins where it is written more
    often than the one without. Where no form was written twice and the word was, in whatever case, the most frequent
    form joins.
    """
    removed, added = [row for row in by_hand if row.removed], [row for row in by_hand if not row.removed]
    uses, languages = _uses(_as_elsewhere(list(used), added, starts), removed)
    origin = {word: "typed" for word in _joining(uses, languages)}
    for row in added:
        origin[row.word] = "added"
        languages[row.word] = dict.fromkeys((*languages[row.word], *row.languages))
    folds = {row.word for row in added if row.folded}
    begun = {word for word, how in origin.items() if how == "typed" and uses[word] <= starts.get(word, 0)}
    found = [
        PersonalWord(word, tuple(languages[word]), uses[word], how, word in folds, word in begun)
        for word, how in origin.items()
    ]
    return sorted(found, key=lambda known: (known.languages, known.word))


def _as_elsewhere(used: Sequence[Used], added: Iterable[ByHand], starts: Mapping[str, int]) -> Iterator[Used]:
    """The same uses, those at sentences' starts as the word is written elsewhere."""
    known = {row.word for row in used} | {row.word for row in added}
    left = Counter(starts)
    for row in used:
        small = uncapitalised(row.word, is_turkic(row.languages)) if row.word in starts else None
        moved = min(left[row.word], row.uses) if small in known else 0
        left[row.word] -= moved
        if small is not None and moved:
            yield replace(row, word=small, uses=moved)
        if moved < row.uses:
            yield replace(row, uses=row.uses - moved)


def _uses(used: Iterable[Used], removed: Sequence[ByHand]) -> tuple[Counter[str], dict[str, dict[str, None]]]:
    """How often each form was written, and in which languages that it was not removed from."""
    uses: Counter[str] = Counter()
    languages: dict[str, dict[str, None]] = defaultdict(dict)
    is_removed = _removal(removed)
    for row in used:
        if left := [language for language in row.languages if not is_removed(row.word, language)]:
            uses[row.word] += row.uses
            languages[row.word] |= dict.fromkeys(left)
    return uses, languages


def _removal(removed: Iterable[ByHand]) -> Callable[[str, str], bool]:
    """What says whether a written word was removed from a language, of whatever region."""
    written: set[tuple[str, str]] = set()
    folds: set[tuple[str, str]] = set()
    for row in removed:
        of_row, word = (
            (folds, row.word) if row.stands_for_all else (written, caseless(row.word, is_turkic(row.languages)))
        )
        of_row.update((primary(tag), word) for tag in row.languages)

    def is_removed(word: str, language: str) -> bool:
        known = primary(language)
        exactly = bool(written) and (known, caseless(word, is_turkic((language,)))) in written
        return exactly or (bool(folds) and (known, folded(word)) in folds)

    return is_removed


def _joining(uses: Counter[str], languages: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """The forms that join. A number is no word, also where digits have keys: it may be a secret."""
    forms: dict[str, list[str]] = defaultdict(list)
    for word in uses:
        if word.isalpha() or can_be_spelled(word):
            forms[caseless(word, is_turkic(tuple(languages[word])))].append(word)
    for small, written in forms.items():
        usual = [word for word in written if uses[word] >= USES_TO_JOIN and (word == small or uses[word] > uses[small])]
        if not usual and sum(uses[word] for word in written) >= USES_TO_JOIN:
            usual = [max(written, key=lambda word: (uses[word], word == small, word))]
        yield from usual
