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
    # what input methods send beside words
    "to go \u00a0\t ": ("to", "go"),
    "\u202bשלום עולם\u202c ": ("שלום", "עולם"),
    "\u2067مرحبا بك\u2069 ": ("مرحبا", "بك"),
    "\ufeffhi\u2060": ("hi",),
    "half \ud83d": ("half",),
    "ab\x00c": ("#",),
    "Best,\nJohn\n-- \n": (),
    "para\u2029": (),
    # bullets, numbering, quotes and emoji in front of a sentence
    "\n- ": (),
    "• eggs and": ("eggs", "and"),
    "1. ": (),
    "Buy:\n12. milk ": ("milk",),
    "(b) next": ("next",),
    "[ ] task": ("task",),
    "> quoted": ("quoted",),
    "Hola. ¿": (),
    "Hola, ¿cómo": ("Hola", "cómo"),
    "“": (),
    "Great! 😀 ": (),
    "😀 hello": ("hello",),
    "\ufffc ": (),
    "happy 😀 then": ("#", "then"),
    # ends of sentences
    "Really?.. ": (),
    "wow...! ": (),
    "hello . ": (),
    "« Oui ! » dit": ("dit",),
    "τι κάνεις; ": (),
    "Hello; world": ("Hello", "world"),
    "كيف حالك؟ انا": ("انا",),
    "خوب است۔ من": ("من",),
    "Բարև։ ": (),
    "ሰላም። ": (),
    "네. ": (),
    "o que é. ": (),
    "ты и я. ": (),
    "I said so. I": ("I",),
    "z. B. das": ("B", "das"),
    "z.B. das": ("z.B", "das"),
    "U.S. army": ("U.S", "army"),
    "at 5 p.m. we": ("p.m", "we"),
    # numbers, addresses, links, names of files and of people, faces
    "at 5:30 on": ("#", "on"),
    "it is 3.5 km": ("#", "km"),
    "m² of x½": ("of", "#"),
    "Ⅷ ①": ("#", "#"),
    "see example.org now": ("#", "now"),
    "https://example.org/john/doe": ("#",),
    "bit.ly/abc": ("#",),
    "(http://x.y) then": ("#", "then"),
    "C:\\Users\\bob": ("#",),
    "/home/bob": ("#",),
    "~/secret": ("#",),
    "ask @bob now": ("#", "now"),
    "so :D ": ("so", "#"),
    "a :smile: b": ("#", "b"),
    "IBAN DE89 3704": ("#", "#"),
    "hunter2 is": ("#", "is"),
    "and / or": ("and", "or"),
    # no blanks between words: what there is, is a sentence
    "我想去北京": ("#",),
    "东京 に行く": ("#", "#"),
    "ฉันรักคุณ": ("#",),
    # words with signs
    "l'": ("l'",),
    "intel·ligent x": ("intel·ligent", "x"),
    'צה"ל של': ('צה"ל', "של"),
    "*bold* text": ("bold", "text"),
    "don‘t ‘do’": ("don‘t", "do"),
    "rock 'n' roll": ("n", "roll"),
    "my iPhone McDonald": ("iPhone", "McDonald"),
    "mother-in-law YouTube": ("mother-in-law", "YouTube"),
    "ինչպե՞ս ես": ("ինչպե՞ս", "ես"),
    "Ph.D and": ("Ph.D", "and"),
    "note: this": ("note", "this"),
    # signs between letters may be of a password, a key or an address
    "it hello?world": ("it", "#"),
    "it yes:no": ("it", "#"),
    "it hunter!dog": ("it", "#"),
    "it foo_bar": ("it", "#"),
    "it one,two": ("it", "#"),
    "it a*b": ("it", "#"),
    'he"llo you': ("#", "you"),
    "sk-abc-DEF-ghi x": ("#", "x"),
    "aBcDeF is": ("#", "is"),
    "at localhost:8080/token": ("at", "#"),
    "at host9/secret": ("at", "#"),
    "at mailto:bob": ("at", "#"),
    "at magnet:?xt": ("at", "#"),
    "at de:ad:be:ef:ca:fe": ("at", "#"),
    "at dead:beef::cafe": ("at", "#"),
    "at bob(at)example(dot)com": ("at", "#"),
    "at example.c": ("at", "#"),
    "at bob＠host": ("at", "#"),
    "at bob﹫example": ("at", "#"),
    "at https:／／foo．com／secret": ("at", "#"),
    "at ｅｘ．ｃｏｍ": ("at", "#"),
    "at ex.ﬁ": ("at", "#"),
    "at http://foo。com/secret": ("at", "#"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_last_words_of_the_sentence_are_kept(text: str) -> None:
    assert before_in(text) == Before(TEXTS[text])


CHARACTERS = st.one_of(
    st.characters(), st.sampled_from(" .!?\n'’-/#@:;()>~😀ab3½ßИΑ三กİǅﬁ\u0301\u200d\u00ad\u202b\ud83d…。")
)


@given(st.text(CHARACTERS, max_size=60))
def test_what_is_kept_says_the_same_again(text: str) -> None:
    before = before_in(text)
    assert before_in(before.text) == before
    assert len(before.words) <= KEPT
    assert all(0 < len(word) <= MOST_CHARACTERS for word in before.words)


@given(st.text(CHARACTERS, max_size=30), st.text(st.sampled_from("0123456789"), min_size=1))
def test_no_number_is_ever_kept(text: str, number: str) -> None:
    assert not any(character.isnumeric() for character in before_in(f"{text} {number} {number}").text)


@given(
    st.text(CHARACTERS, max_size=20),
    st.lists(st.text(st.sampled_from("abcdefgh"), min_size=1, max_size=6), min_size=2, max_size=4),
    st.sampled_from('!?,;:_*+=&%$^(){}[]<>~"＠：．！'),
)
def test_nothing_that_signs_are_in_is_ever_kept(text: str, parts: list[str], sign: str) -> None:
    assert before_in(f"{text} so {sign.join(parts)} ").words[-1] == UNKNOWN


NAMES = st.text(st.sampled_from("abcdefgh"), min_size=2, max_size=6)


@given(
    st.text(CHARACTERS, max_size=20),
    NAMES,
    NAMES,
    st.sampled_from(("{}@{}.org", "http://{}.org/{}", "/{}/{}", "{}.{}")),
)
def test_no_address_is_ever_kept(text: str, one: str, other: str, address: str) -> None:
    before = before_in(f"{text} see {address.format(one, other)} ")
    assert before.words[-1] == UNKNOWN


def test_however_much_is_sent_the_end_is_looked_at() -> None:
    long = "word " * LOOKED_AT
    assert before_in(long + "at last") == Before(("at", "last"))
    assert before_in("y" * 10_000) == Before((UNKNOWN,))
