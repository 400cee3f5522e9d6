"""Words of the person's own: as they are written, in which languages, and which of them join."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.ownership import exported
from swipefl.device.words import change_word, known_words
from swipefl.errors import UsageError
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.language import Languages, primary
from swipefl.store.personal_words import ByHand, PersonalWord, Used, caseless, joined
from swipefl.store.store import Store
from tests.support.stores import RARE, put, train_uses

EN, DE = ("en",), ("de",)


def joining(uses: dict[str, int]) -> set[str]:
    return {known.word for known in joined([Used(word, EN, count) for word, count in uses.items()], [])}


@pytest.mark.parametrize(
    ("uses", "join"),
    [
        ({"zuzanka": 2}, {"zuzanka"}),
        ({"zuzanka": 1}, set()),
        ({"Zuzanka": 2}, {"Zuzanka"}),
        ({"zuzanka": 1, "Zuzanka": 1}, {"zuzanka"}),
        ({"the": 40, "The": 6}, {"the"}),
        ({"polish": 2, "Polish": 5}, {"polish", "Polish"}),
        ({"polish": 3, "Polish": 3}, {"polish"}),
        ({"polish": 1, "Polish": 3}, {"Polish"}),
        ({"iPhone": 2, "iphone": 1, "Iphone": 1}, {"iPhone"}),
        ({"IPHONE": 1, "Iphone": 1}, {"Iphone"}),
        ({"don't": 1, "don’t": 1}, {"don't"}),
        ({"don't": 2, "dont": 2}, {"don't", "dont"}),
        ({"Straße": 2, "strasse": 1}, {"Straße"}),
        ({"New York": 2}, {"New York"}),
    ],
)
def test_a_form_joins_that_was_written_twice_and_is_not_that_of_a_sentences_start(
    uses: dict[str, int], join: set[str]
) -> None:
    assert joining(uses) == join


@given(st.dictionaries(st.sampled_from(["ab", "Ab", "AB", "a'b", "A’b", "äb", "c", "C"]), st.integers(1, 4)))
def test_of_what_was_written_twice_some_form_joins_and_of_what_was_not_none(uses: dict[str, int]) -> None:
    total: dict[str, int] = {}
    for word, count in uses.items():
        total[caseless(word)] = total.get(caseless(word), 0) + count
    assert {caseless(word) for word in joining(uses)} == {word for word, count in total.items() if count >= 2}
    assert joining(uses) <= uses.keys()


@pytest.mark.parametrize(
    ("used", "by_hand", "known"),
    [
        ([Used("hej", ("de", "en"), 2)], [], [PersonalWord("hej", ("de", "en"), 2, "typed")]),
        ([Used("hej", DE, 1), Used("hej", EN, 1)], [], [PersonalWord("hej", ("de", "en"), 2, "typed")]),
        ([Used("hej", ("de", "en"), 2)], [ByHand("HEJ", DE, True, False)], [PersonalWord("hej", EN, 2, "typed")]),
        ([Used("hej", ("de-at",), 2)], [ByHand("hej", DE, True, False)], []),
        ([Used("hej", DE, 3)], [ByHand("hej", EN, False, False)], [PersonalWord("hej", ("de", "en"), 3, "added")]),
        ([Used("dont", EN, 3), Used("don't", EN, 3)], [ByHand("dont", EN, True, True)], []),
        ([Used("dont", EN, 3), Used("don't", EN, 3)], [ByHand("dont", EN, True, False)],
         [PersonalWord("don't", EN, 3, "typed")]),
    ],
)  # fmt: skip
def test_a_word_is_of_the_languages_that_it_was_learned_or_added_in(
    used: list[Used], by_hand: list[ByHand], known: list[PersonalWord]
) -> None:
    assert joined(used, by_hand) == known


def with_languages(example: Example, languages: Languages) -> Example:
    keyboard = replace(example.gesture.keyboard, name="-".join(("mine", *languages)), languages=languages)
    return replace(example, gesture=replace(example.gesture, keyboard=keyboard))


@pytest.mark.parametrize("languages", [DE, ("de", "en"), ("pt-br",), ()])
def test_a_swiped_word_is_of_its_keyboards_languages_else_of_the_persons(path: Path, languages: Languages) -> None:
    with Store(path, person=lambda meta: ("fr", "nl")) as store:
        put(store, [with_languages(example, languages) for example in train_uses(RARE, 2)])
        assert store.words.all() == [PersonalWord(RARE, languages or ("fr", "nl"), 2, "typed")]


def test_words_are_kept_as_their_owner_wrote_them(store: Store) -> None:
    for word in ("O'Brien", "Straße", "l'homme", " New  York ", "İstanbul", "Cafe\u0301"):
        change_word(store, word, ("de", "fr"), "add")
    assert [known.word for known in store.words.all()] == [
        "Café", "New York", "O'Brien", "Straße", "l'homme", "İstanbul"
    ]  # fmt: skip
    assert {known.languages for known in store.words.all()} == {("de", "fr")}
    assert change_word(store, "o’brien", ("de", "fr"), "remove").words == 5
    assert {line["word"] for line in exported(store) if line["personal"] == "removed"} == {"o’brien"}


@pytest.mark.parametrize("word", ["", "'", "...", "42", "c++", "mp³⁄", "x" * 65, "☃", "a\x00"])
@pytest.mark.parametrize("change", ["add", "remove", "hide", "unhide"])
def test_a_word_that_no_keyboard_can_spell_is_none(store: Store, word: str, change) -> None:
    with pytest.raises(UsageError) as raised:
        change_word(store, word, EN, change)
    assert (raised.value.code, not word or word not in str(raised.value)) == ("no-word", True)


@pytest.mark.parametrize("language", ["1", "de,en", "x" * 99, "\x1b[2Jen"])
def test_a_language_that_is_none_is_refused(store: Store, language: str) -> None:
    for change in (store.words.add, store.words.remove, store.words.hide, store.words.unhide):
        with pytest.raises(UsageError, match="language"):
            change("word", language)


def test_capitals_and_small_letters_are_words_of_their_own_and_removed_together(store: Store) -> None:
    for word in ("polish", "Polish"):
        change_word(store, word, EN, "add")
    assert [known.word for known in known_words(store)] == ["Polish", "polish"]
    assert change_word(store, "POLISH", EN, "remove").words == 0
    assert change_word(store, "Polish", EN, "add").words == 1


def test_a_turkish_word_is_compared_as_turkish(store: Store) -> None:
    change_word(store, "ILICA", ("tr",), "hide")
    assert change_word(store, "ilica", ("tr",), "unhide").hidden == 1
    assert change_word(store, "ılıca", ("tr",), "unhide").hidden == 0


@pytest.mark.parametrize(
    ("words", "join"),
    [
        (("Işıkk", "ışıkk"), {"ışıkk"}),
        (("ISPARTAK", "ıspartak"), {"ıspartak"}),
        (("ISPARTAK", "ispartak"), set()),
        (("İzmirr", "izmirr"), {"izmirr"}),
    ],
)
def test_forms_of_a_turkish_word_are_those_of_turkish(words: tuple[str, ...], join: set[str]) -> None:
    assert {known.word for known in joined([Used(word, ("tr", "en"), 1) for word in words], [])} == join


def test_a_hidden_turkish_word_is_known_once(store: Store) -> None:
    for change in ("add", "hide"):
        for word, language in (("IŞIKK", "tr-cy" if change == "add" else "tr"), ("ISI", "en")):
            change_word(store, word, (language,), change)  # type: ignore[arg-type]
    assert [(known.word, known.origin) for known in known_words(store)] == [("isi", "hidden"), ("ışıkk", "hidden")]


LETTERS = "aAbıIiİ'’é"


@given(
    st.lists(st.tuples(st.text(LETTERS, min_size=1, max_size=2), st.sampled_from(["tr", "en", "en-gb"])), max_size=9),
    st.lists(
        st.tuples(st.text(LETTERS, min_size=1, max_size=2), st.sampled_from(["tr", "en"]), st.booleans()), max_size=9
    ),
)
def test_a_word_is_removed_where_something_stands_for_it(
    words: list[tuple[str, str]], gone: list[tuple[str, str, bool]]
) -> None:
    removed = [ByHand(word, (tag,), True, folds) for word, tag, folds in gone]
    used = [Used(word, (tag,), 1) for word, tag in words]
    stay = [
        row for row in used
        if not any(primary(row.languages[0]) == one.languages[0] and one.stands_for(row.word) for one in removed)
    ]  # fmt: skip
    assert joined(used, removed) == joined(stay, [])


def test_what_digit_keys_teach_can_be_taken_out_again_and_numbers_are_no_words(store: Store) -> None:
    assert joining({"mp3": 2, "4711": 9, "R2D2": 2}) == {"mp3", "R2D2"}
    for change in ("add", "hide", "unhide", "remove"):
        change_word(store, "mp3", EN, change)  # type: ignore[arg-type]
    assert known_words(store) == []


def test_an_older_swipefls_words_keep_their_meaning(path: Path) -> None:
    """They were kept as they are swiped: what was removed is every word that is spelled alike."""
    with Store(path) as store:
        for word, removed in (("strasse", True), ("obrien", False)):
            store.sql.run("INSERT INTO words VALUES (?, 'en', ?, 1)", (word, removed))
        put(store, [replace(example, word="Straße") for example in train_uses("strasse", 3)])
        assert store.words.all() == [PersonalWord("obrien", EN, 0, "added", folded=True)]
        change_word(store, "Straße", EN, "add")
        change_word(store, "O'Brien", EN, "remove")
        assert store.words.all() == [PersonalWord("Straße", EN, 3, "added")]


def test_the_step_marks_what_there_was(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    from sqlite_utils import Database

    from swipefl.database.migrations import migrate
    from swipefl.store.schema import STORE

    path = tmp_path / "home" / "swipefl.db"
    path.parent.mkdir()
    before = next(n for n, step in enumerate(STORE.steps) if step.name == "lexicons of one's own")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:before])
        conn.execute("INSERT INTO words VALUES ('obrien', 'en', 0)")
        conn.execute("INSERT INTO hidden_words VALUES ('dont', 'en')")
    with Store(path) as store:
        assert store.words.all() == [PersonalWord("obrien", EN, 0, "added", folded=True)]
        assert store.words.hidden() == [PersonalWord("dont", EN, 0, "hidden", folded=True)]
        assert change_word(store, "Don't", EN, "unhide").hidden == 0


def test_a_keyboard_of_the_package_teaches_its_own_language(path: Path) -> None:
    with Store(path, person=lambda meta: ("tr",)) as store:
        put(store, train_uses(RARE, 2))
        assert built_in("qwerty").languages == EN
        assert store.words.all() == [PersonalWord(RARE, EN, 2, "typed")]


@pytest.mark.parametrize(
    ("uses", "starts", "join"),
    [
        ({"Hello": 9, "hello": 1}, {"Hello": 9}, {"hello"}),
        ({"Hello": 9, "hello": 1}, {"Hello": 6}, {"hello"}),
        ({"Hello": 9, "hello": 1}, {"Hello": 4}, {"hello"}),
        ({"Polish": 5, "polish": 2}, {"Polish": 1}, {"polish", "Polish"}),
        ({"Polish": 5, "polish": 2}, {}, {"polish", "Polish"}),
        ({"Hello": 1, "hello": 1}, {"Hello": 1}, {"hello"}),
        ({"Zuzanka": 2}, {"Zuzanka": 2}, {"Zuzanka"}),
        ({"IPhone": 3, "iPhone": 1}, {"IPhone": 3}, {"iPhone"}),
        ({"IJs": 3, "ijs": 1}, {"IJs": 3}, {"ijs"}),
        ({"LOL": 3, "lol": 2}, {"LOL": 3}, {"LOL", "lol"}),
    ],
)
def test_a_capital_of_a_sentences_start_is_no_form_of_its_own(
    uses: dict[str, int], starts: dict[str, int], join: set[str]
) -> None:
    found = joined([Used(word, EN, count) for word, count in uses.items()], [], starts)
    assert {known.word for known in found} == join
    assert {known.word: known.at_starts for known in found} == {w: uses.get(w) == starts.get(w) for w in join}


def test_a_capital_of_a_sentences_start_is_that_of_the_persons_language() -> None:
    found = joined([Used("İyi", ("tr",), 3), Used("iyi", ("tr",), 1), Used("Iyi", ("tr",), 3)], [], {"İyi": 3})
    assert [(known.word, known.uses) for known in found] == [("Iyi", 3), ("iyi", 4)]


def test_uses_at_starts_are_shared_out_among_the_languages_of_a_word() -> None:
    used = [Used("Die", EN, 2), Used("Die", DE, 2), Used("die", DE, 1)]
    assert [(known.word, known.uses) for known in joined(used, [], {"Die": 3})] == [("die", 4)]
