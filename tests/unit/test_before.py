"""What stood in front of a word, out of whatever text an input method sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.gesture.before import KEPT, LOOKED_AT, MOST_CHARACTERS, UNKNOWN, Before, before_in

TEXTS = {
    "": (),
    "   ": (),
    "i wanted to go": ("to", "go"),
    "I": ("I",),
    "Hello, World, ": ("Hello", "World"),
    "I went home. ": (),
    "I went home.": (),
    "I went home. Then": ("Then",),
    "Really?! Yes": ("Yes",),
    "He said “go!” and": ("and",),
    "a new line\nhere": ("here",),
    "a new line\r\n": (),
    "well... you": ("well", "you"),
    "well… you": ("well", "you"),
    "dear Mr. Smith": ("Mr", "Smith"),
    "J. R. Tolkien": ("R", "Tolkien"),
    "e.g. this": ("e.g", "this"),
    "So do I. You": ("You",),
    "am 3. Mai": ("#", "Mai"),
    "call 0176 5551234": ("#", "#"),
    "mail me@example.org now": ("#", "now"),
    "see https://example.org/x?y=z for": ("#", "for"),
    "so happy 😀": ("happy", "#"),
    "yes - and": ("yes", "and"),
    "and/or": ("and", "or"),
    "wait — what": ("wait", "what"),
    "it’s well-known": ("it’s", "well-known"),
    "don't 'quote'": ("don't", "quote"),
    "Größe der Straße": ("der", "Straße"),
    "привет. как дела": ("как", "дела"),
    "你好。": (),
    "क्या हाल है। मैं": ("मैं",),
    "x" * 300 + " y": ("#", "y"),
    "one two\u200b three": ("two", "three"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_last_words_of_the_sentence_are_kept(text: str) -> None:
    assert before_in(text) == Before(TEXTS[text])


CHARACTERS = st.one_of(st.characters(), st.sampled_from(" .!?\n'’-/#@😀ab3ßИİǅﬁ\u0301\u200d\u00ad…。"))


@given(st.text(CHARACTERS, max_size=60))
def test_what_is_kept_says_the_same_again(text: str) -> None:
    before = before_in(text)
    assert before_in(before.text) == before
    assert len(before.words) <= KEPT
    assert all(0 < len(word) <= MOST_CHARACTERS for word in before.words)


@given(st.text(CHARACTERS, max_size=30), st.text(st.sampled_from("0123456789"), min_size=1))
def test_no_number_is_ever_kept(text: str, number: str) -> None:
    assert not any(character.isdecimal() for character in before_in(f"{text} {number} {number}").text)


def test_however_much_is_sent_the_end_is_looked_at() -> None:
    long = "word " * LOOKED_AT
    assert before_in(long + "at last") == Before(("at", "last"))
    assert before_in("y" * 10_000) == Before((UNKNOWN,))
