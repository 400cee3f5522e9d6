"""A generated month of one person who has habits of their own, and what comes out right of it.

Nothing of it was written by anybody. A person has names, places, set phrases and a corpus of words that they always put
beside one another, all drawn with a seed; of them are the sentences of their habits, by patterns of which they have
some, and each week has its own subjects. A third of the sentences are everyday English, drawn from the package's own
model: no habit is in them, and the package knows them as well as it can. Swipes are generated too.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from swipefl.arrays import Doubles
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.device.vocabulary import Own, Vocabulary
from swipefl.gesture.before import Before, before_in
from swipefl.gesture.gesture import Example, Gesture, verdict
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.spelling import can_be_spelled
from swipefl.gesture.synthesis import Person, draw_person, swipe
from swipefl.store.gestures import Judged
from swipefl.store.store import Store

DAY_S = 86_400.0
DAYS = 30
SWIPES_A_DAY = 100
EVERYDAY = 1 / 3  # of all sentences
CARELESS = 1.4  # times the noise of generated aims, which are drawn too well: the base reads recorded people worse
OF_THE_WEEK = 0.3  # of things that are named: what only this week is about
LIKELY = 8_000  # words that everyday English is made of
VOWELS, CONSONANTS = "aeiou", "bdgklmnrstvz"
PATTERNS = (
    "see you at {place} {when}", "can you call {name} about {thing}", "i am with {name} at {place}",
    "{name} and {name} are coming {when}", "did you bring the {thing}", "we need another {thing} for {place}",
    "on my way to {place}", "please tell {name} that {thing} is ready", "is {name} still at {place}",
    "the {thing} is not working again", "how was {thing} {when}", "let us do {thing} {when}",
    "i will be late for {thing}", "ask {name} for the {thing}", "{phrase}", "{phrase} {name}",
    "{phrase} see you {when}", "what does {name} think of {thing}", "i really like the {thing} from {place}",
    "thanks for the {thing} {name}", "happy to help with {thing}", "where did {name} put the {thing}",
    "{place} was lovely {when}", "dinner with {name} {when}", "i left the {thing} at {place}",
    "could you send {thing} to {name}", "no {thing} for me {when}", "meet me in front of {place}",
    "{name} says {phrase}", "about the {thing} we talked about", "the meeting on {thing} is {when}",
    "back from {place} {when}",
)  # fmt: skip
WHEN = (
    "tonight",
    "tomorrow",
    "on friday",
    "on monday",
    "this afternoon",
    "after lunch",
    "next week",
    "at noon",
    "later",
)


@dataclass(frozen=True)
class Habits:
    """What a person writes about: some patterns, and for each of their gaps what fills it, the most usual first."""

    patterns: tuple[str, ...]
    of_always: dict[str, tuple[str, ...]]
    of_weeks: tuple[dict[str, tuple[str, ...]], ...]


def draw_habits(rng: np.random.Generator) -> Habits:
    """A person's habits, out of the package's less frequent words and of names that are made up."""
    common, words = _usual(1_500), _usual(20_000)[1_500:]

    def names(count: int) -> tuple[str, ...]:
        return tuple(
            "".join(
                rng.choice(list(letters)) for letters in (CONSONANTS, VOWELS) * int(rng.integers(2, 4))
            ).capitalize()
            for _ in range(count)
        )

    def things(count: int) -> tuple[str, ...]:
        return tuple(" ".join(rng.choice(words, rng.integers(1, 4))) for _ in range(count))

    def phrases(count: int) -> tuple[str, ...]:
        return tuple(" ".join(rng.choice(common, rng.integers(2, 5))) for _ in range(count))

    def subjects(count: int) -> dict[str, tuple[str, ...]]:
        places = tuple(f"{place} {kind}" for place, kind in zip(names(count), rng.choice(words, count), strict=True))
        return {"name": names(count), "place": places, "thing": things(3 * count), "phrase": phrases(count)}

    when = tuple(str(one) for one in rng.permutation(WHEN)[:6])
    patterns = tuple(str(one) for one in rng.permutation(PATTERNS)[:20])
    weeks = tuple(subjects(3) for _ in range(-(-DAYS // 7)))
    return Habits(patterns, {**subjects(12), "when": when}, weeks)


def sentence_of(habits: Habits, day: int, rng: np.random.Generator) -> list[str]:
    """A sentence that a person writes out of habit: usual patterns and fillings come more often (Zipf)."""
    words: list[str] = []
    for piece in _usually(habits.patterns, rng).split():
        if piece[0] != "{":
            words.append(piece)
            continue
        always, week = habits.of_always, habits.of_weeks[day // 7]
        name = piece[1:-1]
        some = week if name in week and rng.random() < OF_THE_WEEK else always
        words += _usually(some[name], rng).split()
    return words


def _usually(some: Sequence[str], rng: np.random.Generator) -> str:
    chances = 1 / np.arange(1, len(some) + 1)
    return some[int(rng.choice(len(some), p=chances / chances.sum()))]


def _usual(count: int) -> list[str]:
    """The package's most frequent English words of plain letters."""
    lexicon = load_lexicon(("en",))
    words = lexicon.words
    usual = (words[row] for row in np.argsort(-lexicon.ln_frequencies).tolist())
    return list(islice((word for word in usual if word.isascii() and word.islower() and len(word) > 1), count))


class Everyday:
    """Sentences drawn from the package's model of English."""

    def __init__(self) -> None:
        lexicon = load_lexicon(("en",))
        rows, words = np.argsort(-lexicon.ln_frequencies)[:LIKELY], lexicon.words
        self._words = [words[row] for row in rows.tolist()]
        self._ln_frequencies: Doubles = lexicon.ln_frequencies[rows].astype(np.float64)

    def sentence(self, rng: np.random.Generator) -> list[str]:
        """A sentence of three to eleven words."""
        context = shipped_context(("en",))
        assert context is not None
        said: list[str] = []
        for _ in range(int(rng.integers(3, 12))):
            gains = context.gain(Before(tuple(said[-2:])), self._words, self._ln_frequencies)
            chances = np.exp(self._ln_frequencies + gains)
            said.append(self._words[int(rng.choice(len(chances), p=chances / chances.sum()))])
        return said


def month(seed: int, days: int = DAYS, swipes_a_day: int = SWIPES_A_DAY) -> list[list[Example]]:
    """The swipes of each day of one person, with what stood before."""
    rng = np.random.default_rng([seed, 15])
    habits, everyday, person = draw_habits(rng), Everyday(), _careless(draw_person(rng))
    return [list(_swiped(_day(habits, everyday, day, swipes_a_day, rng), f"{day}", person, rng)) for day in range(days)]


def _careless(person: Person) -> Person:
    def noisier(noise: tuple[float, float]) -> tuple[float, float]:
        return CARELESS * noise[0], CARELESS * noise[1]

    return replace(
        person,
        start_noise=noisier(person.start_noise),
        end_noise=noisier(person.end_noise),
        inner_noise=CARELESS * person.inner_noise,
        drift=CARELESS * person.drift,
        slip=CARELESS * person.slip,
        wobble=CARELESS * person.wobble,
    )


def _day(habits: Habits, everyday: Everyday, day: int, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """What is written on a day: each word with the text before it."""
    written: list[tuple[str, str]] = []
    while len(written) < count:
        words = everyday.sentence(rng) if rng.random() < EVERYDAY else sentence_of(habits, day, rng)
        words[0] = words[0][0].upper() + words[0][1:]
        written += [(" ".join(words[:place]), word) for place, word in enumerate(words) if can_be_spelled(word)]
    return written[:count]


def _swiped(
    written: Sequence[tuple[str, str]], name: str, person: Person, rng: np.random.Generator
) -> Iterator[Example]:
    keyboard = built_in("qwerty")
    paths = swipe([word for _, word in written], keyboard, person, rng)
    for number, ((before, word), path) in enumerate(zip(written, paths, strict=True)):
        where = (keyboard, keyboard.width, keyboard.height)
        yield Example(Gesture(f"{name}-{number}", path, *where, before=before_in(before)), word)


@dataclass(frozen=True)
class Day:
    """Which of a day's swipes came out right at once: without the words before, with the package's model, and own."""

    blind: tuple[bool, ...]
    package: tuple[bool, ...]
    own: tuple[bool, ...]


def days_of(days: Sequence[Sequence[Example]]) -> Iterator[Day]:
    """Each day predicted with what was in the store the night before."""
    now = [0.0]
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "swipefl.db", lambda: now[0]) as store:
        for examples in days:
            words = Vocabulary(Own(store.words.all(), behind=store.phrases.behind))
            arms = (lambda languages: None, shipped_context, words.context)
            decoders = [Decoder(base_checkpoint(), words.lexicon, context_of=context_of) for context_of in arms]
            yield Day(*(tuple(_is_right(decoder, example) for example in examples) for decoder in decoders))
            with store.transaction():
                store.gestures.add([Judged(example, verdict(example)) for example in examples])
            now[0] += DAY_S


def _is_right(decoder: Decoder, example: Example) -> bool:
    found = decoder.decode(example.gesture, 1)
    return bool(found) and found[0].spelled == example.spelled


def table(days: Sequence[Day]) -> Iterator[str]:
    """The rows of a table, a week each; the last is of the last seven days."""
    yield "| days | swipes | without the words before | the package's model | and the person's own | gain |"
    yield "|---|---|---|---|---|---|"
    for first in [*range(0, len(days) - 7, 7), len(days) - 7]:
        week = days[first : first + 7]
        blind, package, own = (
            np.array([right for day in week for right in getattr(day, arm)]) for arm in ("blind", "package", "own")
        )
        gain = 100 * (own.astype(float) - package)
        error = gain.std() / np.sqrt(len(gain))
        shares = " | ".join(f"{100 * arm.mean():.1f}" for arm in (blind, package, own))
        yield f"| {first + 1} to {first + len(week)} | {len(own)} | {shares} | {gain.mean():+.1f} ± {error:.1f} |"
