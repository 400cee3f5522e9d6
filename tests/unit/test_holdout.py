"""What other people's swipes are judged with: whatever languages their lines say, and also where they say none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.lexicon import lexicon_of_any, load_lexicon
from swipefl.federation.coordinator.holdout import holdout
from swipefl.federation.strategy import Strategy
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.language import Languages
from swipefl.simulation.scenario import Scenario
from tests.support.people import examples
from tests.support.simulations import PLAN, simulation


def swipes_of(path: Path, *languages: Languages) -> Path:
    """A file of one person's swipes, twelve in each of `languages`, on a keyboard that says none."""
    nobodys = replace(built_in("qwerty"), name="nobodys", languages=())
    lines = []
    for number, said in enumerate(languages):
        for example in examples(12, seed=number, keyboard=nobodys, words=("hello", "keyboard")):
            theirs = replace(example, gesture=replace(example.gesture, languages=said, user="somebody"))
            lines.append(orjson.dumps(to_line(theirs)) + b"\n")
    path.write_bytes(b"".join(lines))
    return path


@pytest.mark.parametrize("unlisted", [("eo",), ("eu", "eo"), ("xx-latn",)])
def test_a_swipe_of_a_language_without_a_lexicon_counts_as_wrong_and_ends_nothing(
    tmp_path: Path, unlisted: Languages
) -> None:
    english, both = (swipes_of(tmp_path / f"{n}.jsonl", (), *[unlisted] * n) for n in (0, 1))
    alone, together = (holdout(path)(base_checkpoint(), lambda: None) for path in (english, both))
    assert alone > 0.5, "where nothing says a language it is English"
    assert together == alone / 2


def test_the_languages_of_one_swipe_that_have_lexicons_are_looked_in() -> None:
    one, mixed = load_lexicon("de"), lexicon_of_any(("eo", "de-at", "de"))
    assert mixed.languages == ("eo", "de")
    assert mixed.words == one.words
    np.testing.assert_array_equal(mixed.ln_frequencies, one.ln_frequencies)
    assert lexicon_of_any(("en",)) is load_lexicon(()) is lexicon_of_any(())


def test_people_of_a_language_without_a_lexicon_train_and_are_evaluated(tmp_path: Path) -> None:
    swipes = swipes_of(tmp_path / "swipes.jsonl", ("eo",), ())
    start, result = simulation(swipes, tmp_path / "out", Scenario(1, 1, PLAN, Strategy(optimizer="fedavg"))).rounds(
        swipes
    )
    assert (start.round, start.clients) == (0, 0)
    assert (result.clients, result.examples) == (1, 24)
    assert result.top1 is not None
    assert 0 < result.top1 <= 0.5
