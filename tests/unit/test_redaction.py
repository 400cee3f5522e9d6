"""A word that is forgotten stands before no other, in whatever form."""

from pathlib import Path

import pytest

import swipefl
from swipefl.database.lock import in_turn
from swipefl.errors import StoreBusy
from swipefl.gesture.formats.own import to_line
from swipefl.stopping import never
from tests.support.people import examples


@pytest.mark.parametrize(
    ("word", "stood", "left"),
    [
        ("Wendy", "with Wendy's ", "with #"),
        ("Wendy", "Wendy-Ann and ", "# and"),
        ("Wendy", "with Wendys ", "with Wendys"),
        ("homme", "de l'homme ", "de #"),
        ("and/or", "this and/or ", "# #"),
        ("well-known", "so well ", "so well"),
        ("new york", "in New York ", "# #"),
    ],
)
def test_each_form_of_a_forgotten_word_is_gone(tmp_path: Path, word: str, stood: str, left: str) -> None:
    (example,) = examples(1, words=("hello",))
    with swipefl.open(tmp_path) as device:
        device.ingest([{**to_line(example), "before": stood}])
        device.forget(word=word)
        (line,) = device.export()
    assert line["before"] == left


def test_whose_turn_does_not_come_is_told_so(tmp_path: Path) -> None:
    with in_turn(tmp_path, never), pytest.raises(StoreBusy), in_turn(tmp_path, never, most_s=0):
        raise AssertionError("two at once")
