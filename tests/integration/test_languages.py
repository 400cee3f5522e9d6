"""Languages at the command line: what a new user, or one who writes in several, gets back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.decoder.lexicon import shipped
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import BUILT_IN, built_in
from tests.support.command import measured, swipefl
from tests.support.people import examples
from tests.support.stores import train_uses
from tests.support.swipes import lines
from tests.support.terminal import seen, swipefl_on_terminal
from tests.support.vocabularies import unlabelled, words_of

SWIPES = {  # a language, a keyboard of the package, and words as people write them
    "de": ("qwertz-de", ("Straße", "schön", "Mädchen", "Deutschland")),
    "fr": ("azerty-fr", ("français", "être", "aujourd'hui", "déjà")),
    "uk": ("jcuken-uk", ("м'ясо", "Київ", "їжа", "привіт")),
}


@pytest.mark.parametrize("language", SWIPES)
def test_a_new_user_gets_words_as_they_are_written(tmp_path: Path, language: str) -> None:
    """Nothing but the line, which names the keyboard: three of four words come first for one of three people."""
    name, words = SWIPES[language]
    if name not in BUILT_IN or language not in shipped():
        pytest.skip("no such layout or lexicon in the package")
    keyboard = built_in(name)
    given = [
        {field: value for field, value in to_line(example).items() if field != "word"} | {"keyboard": name}
        for word in words
        for seed in range(3)
        for example in examples(1, seed=seed, keyboard=keyboard, words=(word,))
    ]
    done = swipefl(tmp_path / "home", "predict", "--json", "-", "--top", "1", given=lines(*given))
    assert (done.code, done.err) == (0, "")
    found = [json.loads(line)["candidates"][0]["word"] for line in done.out.splitlines()]
    assert len(found) == 3 * len(words)
    assert len(set(found) & set(words)) >= 3, found


def test_a_flag_comes_before_the_line_that_before_the_keyboard_that_before_the_persons(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    for language, word in (("xa", "helot"), ("xb", "hello"), ("xc", "jello"), ("xd", "hells")):
        words.write_text(f"{word} 5\n")
        assert swipefl(tmp_path, "lexicons", "add", str(words), "--language", language).code == 0
    (tmp_path / "config.toml").write_text('languages = ["xd"]\n')
    swipe, labelled = unlabelled("hello"), unlabelled("hello", ("xc",))
    said = json.dumps(json.loads(labelled) | {"language": "xb"}).encode()
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe)) == ["hells"]
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe, SWIPEFL_LANGUAGES="xa,xd"))[1:]
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=labelled)) == ["jello"]
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=said)) == ["hello"]
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", "--language", "xa", given=said)) == ["helot"]
    assert set(words_of(swipefl(tmp_path, "predict", "--json", "-", "--language", "xa,xc", given=said))) == {
        "helot",
        "jello",
    }


def test_lines_of_many_languages_and_layouts_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Whoever sends lines chooses both."""
    tags, names = shipped(), tuple(BUILT_IN)
    swipe = json.loads(unlabelled("hello"))
    given = [
        swipe | {"keyboard": names[n % 12], "languages": ["en", *(tags[(n * 5 + k) % len(tags)] for k in range(7))]}
        for n in range(36)
    ]
    done, peak_mb = measured(tmp_path, "predict", "-", "--json", input=lines(*given))
    assert (done.code, len(done.out.splitlines()), peak_mb < 150) == (0, 36, True), peak_mb


def test_of_many_languages_of_a_line_the_first_three_count(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    for language, word in (("xa", "helot"), ("xb", "hello"), ("xc", "jello"), ("xd", "hells")):
        words.write_text(f"{word} 5\n")
        assert swipefl(tmp_path, "lexicons", "add", str(words), "--language", language).code == 0
    four = ("xa", "xb", "xc", "xd")
    said = lines(json.loads(unlabelled("hello")) | {"languages": four})
    for swipe in (said, unlabelled("hello", four)):
        assert set(words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe))) == {"helot", "hello", "jello"}
    flag = words_of(swipefl(tmp_path, "predict", "--json", "-", "--language", ",".join(four), given=said))
    assert set(flag) == {"helot", "hello", "jello", "hells"}


def test_what_was_taken_for_the_persons_language_is_said_once_a_home_and_on_standard_error(tmp_path: Path) -> None:
    home, swipe = tmp_path / "home", unlabelled("hello")
    assert swipefl(home, "ingest", "-", given=unlabelled("hello", ("en",))).code == 0
    first = swipefl(home, "predict", "-", "--json", given=swipe * 2, LANG="ru_RU.UTF-8")
    assert (first.err.count("ru: LANG says so"), first.err.count("\n")) == (1, 1)
    assert swipefl(home, "predict", "-", given=swipe, LANG="ru_RU.UTF-8").err == ""
    new = tmp_path / "other"
    assert swipefl(new, "ingest", "-", given=unlabelled("hello", ("en",))).code == 0
    assert "en: nothing says what you write in" in swipefl(new, "predict", "-", given=swipe, LANG="C.UTF-8").err
    assert swipefl(new, "predict", "-", given=swipe, LANG="C.UTF-8").err == ""
    assert "ru: LANG says so" in swipefl(new, "predict", "-", given=swipe, LANG="ru_RU.UTF-8").err
    for words, more in ((("--language", "en"), {}), ((), {"SWIPEFL_LANGUAGES": "en"})):
        assert swipefl(tmp_path / "new", "predict", "-", *words, given=swipe, **more).err == ""
    assert swipefl(tmp_path / "new", "predict", "-", given=unlabelled("hello", ("en",)), LANG="de_DE").err == ""
    assert not (tmp_path / "new").exists()


def test_the_systems_language_counts_also_for_processes_that_are_told_none_or_another(tmp_path: Path) -> None:
    """A shell has LANG, a timer none, and both are of one person: also for what they learn."""
    word, swipe = "Zyzzogeton", unlabelled("zyzzogeton")
    uses = [to_line(use) for use in train_uses(word.lower(), 4)]
    for use in uses:
        use["keyboard"] = built_in("qwerty").to_json() | {"name": "mine", "languages": []}
    assert swipefl(tmp_path, "ingest", "-", given=lines(*uses), LANG="de_DE.UTF-8").code == 0
    for extra in ({}, {"LANG": "C"}, {"LANG": "ru_RU.UTF-8"}):
        shown = {one["name"]: one for one in swipefl(tmp_path, "config", "--json", **extra).json["settings"]}
        assert (shown["languages"]["value"], shown["languages"]["source"]) == ("de", "swipefl.db")
        (known,) = swipefl(tmp_path, "words", "list", "--json", **extra).json["words"]
        assert (known["languages"], known["language"]) == (["de"], "de")
    first = swipefl(tmp_path, "predict", "--json", "-", given=swipe, LANG="ru_RU.UTF-8")
    assert (words_of(first)[0].lower(), "de: your system said so" in first.err) == (word.lower(), True)
    assert swipefl(tmp_path, "predict", "-", given=swipe).err == ""
    (tmp_path / "config.toml").write_text('languages = "en"\n')
    assert swipefl(tmp_path, "words", "list", "--json").json["words"][0]["languages"] == ["en"]


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "", "en_GB.UTF-8", "nonsense!"])
def test_a_locale_that_names_no_language_means_english(tmp_path: Path, locale: str) -> None:
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=unlabelled("hello"), LC_ALL=locale))[0] == "hello"


def test_config_shows_the_languages_and_where_they_come_from(tmp_path: Path) -> None:
    def shown(**extra: str) -> tuple[str, str]:
        settings = {one["name"]: one for one in swipefl(tmp_path, "config", "--json", **extra).json["settings"]}
        return settings["languages"]["value"], settings["languages"]["source"]

    assert shown() == ("en", "default")
    assert shown(LANG="de_AT.UTF-8") == ("de", "LANG")
    assert shown(LANG="de_AT.UTF-8", LC_ALL="pt_BR") == ("pt", "LC_ALL")
    (tmp_path / "config.toml").write_text('languages = "pt-BR, EN"\n')
    assert shown(LANG="de_AT.UTF-8") == ("pt-br,en", "config.toml")
    assert shown(SWIPEFL_LANGUAGES="uk") == ("uk", "SWIPEFL_LANGUAGES")
    for wrong in ("languages = 5\n", "languages = 'd e'\n", "languages = [5]\n"):
        (tmp_path / "config.toml").write_text(wrong)
        done = swipefl(tmp_path, "config")
        assert (done.code, "languages (config.toml)" in done.err, done.err.count("\n")) == (2, True, 1)


def test_a_keyboard_that_can_spell_no_word_of_its_languages_says_what_to_do(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "predict", "--json", "-", given=unlabelled("hello", ("ru",)))
    assert (done.code, "candidates" in done.json, "--language" in done.json["error"]) == (0, False, True)
    unknown = swipefl(tmp_path, "predict", "--json", "-", given=unlabelled("hello", ("xx",)))
    assert "lexicons add" in unknown.json["error"]
    screen = seen(swipefl_on_terminal(tmp_path, "predict", "-", given=unlabelled("hello", ("xx",))).out)
    assert any("--language" in line for line in screen)


def test_a_flag_of_a_language_without_words_lists_those_that_have_some(tmp_path: Path) -> None:
    for command in (["predict", "-"], ["evaluate", "-"]):
        done = swipefl(tmp_path, *command, "--language", "en,xx", given=unlabelled("hello"))
        assert (done.code, "'xx'" in done.err, "en, " in done.err, "lexicons add" in done.err) == (2, True, True, True)
        assert swipefl(tmp_path, *command, "--language", "no tag", given=unlabelled("hello")).code == 2


def test_a_word_that_was_learned_on_a_keyboard_of_two_languages_is_offered_in_both(tmp_path: Path) -> None:
    word = "Zyzzogeton"
    keyboard = replace(built_in("qwerty"), name="both", languages=("xx", "en"))
    uses = [
        to_line(replace(use, word=word, gesture=replace(use.gesture, keyboard=keyboard)))
        for use in train_uses(word.lower(), 3)
    ]
    assert swipefl(tmp_path, "ingest", "-", "--json", given=lines(*uses[:2])).json["stored"] == 2
    known = {"word": word, "language": "xx,en", "languages": ["xx", "en"], "uses": 2, "origin": "typed"}
    assert swipefl(tmp_path, "words", "list", "--json").json["words"] == [known]
    for languages in (("xx",), ("en",), ("en", "ru"), ("xx-yy",)):
        assert (
            words_of(swipefl(tmp_path, "predict", "--json", "-", given=unlabelled(word.lower(), languages)))[0] == word
        )
    assert swipefl(tmp_path, "words", "remove", word.upper(), "--language", "xx").code == 0
    known |= {"language": "en", "languages": ["en"]}
    assert swipefl(tmp_path, "words", "list", "--json").json["words"] == [known]
    swipe = unlabelled(word.lower(), ("xx",))
    assert "candidates" not in swipefl(tmp_path, "predict", "--json", "-", given=swipe).json


def test_words_take_every_language_and_several_and_else_the_persons(tmp_path: Path) -> None:
    for word, *flags in (("Straße", "--language", "de,gsw"), ("l'homme", "--language", "fr"), ("hygge",)):
        assert swipefl(tmp_path, "words", "add", word, *flags, SWIPEFL_LANGUAGES="da,nb").code == 0
    rows = {row["word"]: row["languages"] for row in swipefl(tmp_path, "words", "list", "--json").json["words"]}
    assert rows == {"Straße": ["de", "gsw"], "l'homme": ["fr"], "hygge": ["da", "nb"]}
    screen = seen(swipefl_on_terminal(tmp_path, "words", "list").out)
    assert any(line.split()[:3] == ["Straße", "de,", "gsw"] for line in screen)
    assert "en: nothing says" in swipefl(tmp_path, "words", "hide", "the").err
    assert "nothing says" not in swipefl(tmp_path, "words", "hide", "of").err
    done = swipefl(tmp_path, "words", "add", "c++")
    assert (done.code, "c++" in done.err) == (2, False)
