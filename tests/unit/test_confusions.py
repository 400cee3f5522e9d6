"""What is missed, and for what: only beyond chance."""

import random

from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.confusions import Read, confused, substitutions


def read(meant: str, first: str) -> Read:
    return Read(meant, meant, first, first)


def distance(a: str, b: str) -> int:
    """Levenshtein's, as its definition says."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        distance(a[1:], b[1:]) + (a[0] != b[0]),
        distance(a[1:], b) + 1,
        distance(a, b[1:]) + 1,
    )


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_letters_stand_side_by_side_by_the_fewest_changes(meant: str, first: str) -> None:
    pairs = substitutions(meant, first)
    assert "".join(a for a, _ in pairs) == meant
    assert "".join(b for _, b in pairs) == first
    assert ("", "") not in pairs
    assert sum(a != b for a, b in pairs) == distance(meant, first)


OTHERS = ("the", "cat", "sat", "mat", "hat", "water", "great", "then", "tea", "ten", "set", "ate", "wet", "what", "get")


def test_a_word_that_is_always_another_is_found_and_its_key_is_not() -> None:
    others = [read(word, word) for word in ("the", "cat", "sat", "mat", "hat", "water", "great", "then", "tea", "ten")]
    found = confused([*[read("on", "in")] * 6, *[read("on", "on")] * 3, *others * 6])
    assert (found.swipes, found.right) == (69, 63)
    (word,) = found.words
    assert (word.meant, word.read, word.seen, word.missed, word.times) == ("on", "in", 9, 6, 6)
    assert 0 < word.chance < 0.05
    assert found.keys == ()


def test_a_key_that_many_words_miss_is_found() -> None:
    words = ("on", "or", "of", "so", "no", "do")
    missed = [read(word, word.replace("o", "i")) for word in words] * 2
    found = confused(
        [*missed, *[read(word, word) for word in ("on", "or")], *[read(word, word) for word in OTHERS] * 2]
    )
    (key,) = found.keys
    assert (key.meant, key.read, key.seen, key.missed, key.times) == ("o", "i", 14, 12, 12)


def test_words_that_no_list_has_say_nothing_of_keys() -> None:
    names = [Read(word, word, "ten", "ten", listed=False) for word in ("okon", "orlo", "oto", "bono", "loro", "moo")]
    found = confused([*names * 2, *[read(word, word) for word in OTHERS] * 2])
    assert found.keys == ()
    assert found.right == 30


def test_what_is_written_is_shown_where_it_is_more_than_a_spelling() -> None:
    others = [read(word, word) for word in ("the", "cat", "sat", "mat")] * 10
    found = confused([*[Read("don't", "dont", "", "")] * 6, *others])
    assert [(one.meant, one.read, one.times) for one in found.words] == [("don't", "", 6)]


def test_chance_alone_is_found_once_in_twenty_at_most() -> None:
    """Five hundred people whose every word is missed one time of eight."""
    words = [a + b for a in "abcdef" for b in "ghij"]
    rng, found = random.Random(1), 0
    for _ in range(500):
        swiped = rng.choices(words, k=150)
        some = confused([read(word, "x" * len(word) if rng.random() < 1 / 8 else word) for word in swiped])
        found += bool(some.words)
    assert found <= 25 + 3 * 5


def test_nothing_seen_is_nothing_missed() -> None:
    found = confused([])
    assert (found.swipes, found.right, found.keys, found.words) == (0, 0, (), ())
    nothing_right = confused([read("on", "in")] * 9)
    assert nothing_right.words == ()  # there are no others to be worse than
