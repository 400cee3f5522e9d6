"""What a search may meet, and swipes of keyboards that name whatever languages."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.prior import Prior
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.language import Languages
from tests.support.command import Done
from tests.support.people import examples
from tests.support.swipes import lines


def searched(lexicon: Lexicon, letters: str) -> set[str]:
    """The words that a search on a keyboard of these letters may meet."""
    tables = lexicon.index(letters).tables
    rows = [np.setdiff1d(np.arange(len(table)), table.hidden) for table in tables]
    return {word for table, shown in zip(tables, rows, strict=True) for word in table.written.text(shown)}


def prior_of(words: Mapping[str, float]) -> Prior:
    """Written words with their ln probabilities."""
    return Prior(tuple(words), np.array(list(words.values()), np.float32))


def unlabelled(word: str, languages: Languages = (), seed: int = 0) -> bytes:
    """A swipe on a keyboard of qwerty's keys that names these languages, or none."""
    (example,) = examples(1, seed=seed, words=(word,))
    keyboard = replace(built_in("qwerty"), name="-".join(("mine", *languages)), languages=languages)
    return lines(to_line(replace(example, gesture=replace(example.gesture, keyboard=keyboard))))


def words_of(done: Done) -> list[str]:
    """The candidates of one answer."""
    assert done.code == 0, done.err
    return [candidate["word"] for candidate in done.json["candidates"]]
