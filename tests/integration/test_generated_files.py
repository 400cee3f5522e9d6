"""Files of the package that a script writes."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from swipefl.decoder import word_list
from tests.support.command import ROOT


def test_manual_pages_are_what_the_help_says_and_sound() -> None:
    wanted = re.search(r"^typer==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    if not wanted or version("typer") != wanted[1]:
        pytest.skip("another typer writes help in other words")
    command = [sys.executable, "-m", "examples.manual", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    if not shutil.which("mandoc"):
        pytest.skip("there is no mandoc")
    files = sorted(map(str, (ROOT / "examples" / "man").iterdir()))
    lint = subprocess.run(["mandoc", "-T", "lint", *files], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")


@pytest.mark.parametrize("page", sorted((ROOT / "examples" / "man").iterdir()), ids=lambda page: page.stem)
def test_an_example_of_a_manual_page_stands_under_a_heading_and_no_bracket_is_doubled(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "[[" not in text
    for part in re.split(r"^\.SH ", text, flags=re.M):
        name, _, below = part.partition("\n")
        before = below.split("\n.EX\n")[0]
        assert "\n.EX\n" not in below or name == "EXAMPLES" or "\n.SS Examples\n" in before, name


def test_what_is_written_anew_is_looked_at_too() -> None:
    """By make: each script that has a --check is in both of its lists."""
    rules = (ROOT / "Makefile").read_text("utf-8")
    check, generated = (rules.split(f"\n{name}: ")[1].split("\n\n")[0] for name in ("check", "generated"))
    scripts = [path for path in (ROOT / "examples").rglob("*.py") if '"--check"' in path.read_text("utf-8")]
    for script in scripts:
        name = (script.parent if script.stem == "__main__" else script).stem
        assert re.search(rf"examples[./]{name}(\.py)? --check", check), name
        assert re.search(rf"examples[./]{name}(\.py)?$", generated, re.M), name


def test_a_language_is_what_the_build_script_writes() -> None:
    """One of them, a short one: `make check` compares all."""
    for package in ("babel", "badwords", "pymorphy3", "simplemma", "spacy_lookups_data", "wordfreq"):
        if not importlib.util.find_spec(package):
            pytest.skip(f"there is no {package}")
    command = [sys.executable, "-m", "examples.lexicons", "--check", "--language", "ro"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_words_in_order_are_what_the_build_script_writes() -> None:
    if not importlib.util.find_spec("pocketsphinx"):
        pytest.skip("there is no pocketsphinx")
    command = [sys.executable, "-m", "examples.context", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@cache
def ranks(language: str) -> dict[str, int]:
    """The words of a file of the package, with the place that each has."""
    data = (ROOT / "swipefl" / "decoder" / "lexicons" / f"{language}.bin").read_bytes()
    words = word_list.unpacked(zlib.decompress(data)).words.text()
    return {word: rank for rank, word in enumerate(words)}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "I I'm I'll don't it's its we'll well Monday London O'Brien o'clock Polish polish may May US us",
        ),
        ("de", "Straße Strasse ich München weiß dass Haus Sie sie Leben leben gibt's"),
        ("fr", "c'est j'ai qu'il l'homme d'accord s'il aujourd'hui peut-être Paris lundi l'Allemagne homme été l'été"),
        ("it", "c'è l'uomo dell'anno un'altra po' d'Italia Roma lunedì perché"),
        ("ca", "l'estat d'acord Catalunya intel·ligent novel·la col·legi l'il·lusió"),
        ("es", "España mañana Juan él lunes León león"),
        ("pt", "Brasil coração João você"),
        ("nl", "zo'n 's Nederland auto's ik IJsselmeer IJsland"),
        ("pl", "Polska Warszawa się Kraków poniedziałek"),
        ("sv", "Sverige Stockholm måndag år"),
        ("tr", "İstanbul Türkiye'de Türkiye ışık çok Ayşe Mehmet Ahmet Mehmet'in"),
        ("uk", "м'ята п'ять Україна Київ ім'я будь-який"),
        ("ru", "Россия ещё еще Москва что-то Иван"),
        ("el", "και της Ελλάδα Γιώργος Νίκος Αθήνα Αθήνας σ' απ' γι'"),
        ("de-ch", "weiss heisst Strasse Fussball grösser München"),
        ("bg", "България София Иван Мария"),
        ("fi", "Tampere Turku Matti Jukka Helsingin"),
        ("nb", "Anna Ola Norge"),
        ("hu", "Szeged Tamás Budapest"),
        ("hr", "Zagrebu Jelena Božić"),
        ("cs", "Česko František Praha"),
        ("ro", "Dumnezeu București s-a m-am n-am într-un dintr-o și-a"),
        ("he", 'צה"ל ארה"ב ח"כ'),
    ],
)
def test_words_are_written_as_people_write_them(language: str, words: str) -> None:
    assert [word for word in words.split() if word not in ranks(language)] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "i i'm london monday english LONDON i'll However Yes DON'T CANNOT"),
        ("de", "strasse haus münchen daß muß Ich"),
        ("fr", "l c'et l'il d'il l'hommes france l'héros i'm"),
        ("it", "l po don't"),
        ("tr", "istanbul ı'm ayşe ahmet"),
        ("nl", "IJs Ijsland ijsselmeer"),
        ("de-ch", "weiß Straße Fußball"),
        ("bg", "българия иван Български"),
        ("fi", "tampere jukka"),
        ("uk", "i'm что київ"),
        ("ru", "the москва"),
        ("el", "τησ και' γι ς γιώργος Ελληνικά"),
    ],
)
def test_what_nobody_writes_is_no_word(language: str, words: str) -> None:
    assert [word for word in words.split() if word in ranks(language)] == []


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "may", "May"),
        ("en", "polish", "Polish"),
        ("en", "it's", "its"),
        ("de", "Straße", "Strasse"),
        ("de", "Essen", "essen"),
        ("fr", "homme", "l'hommage"),
        ("ru", "еще", "ещё"),
        ("fr", "Noël", "noël"),
        ("es", "Dios", "dios"),
        ("cs", "Vánoce", "vánoce"),
        ("hr", "Rijeka", "rijeka"),
        ("pl", "Bóg", "bóg"),
        ("fi", "Suomessa", "suomessa"),
    ],
)
def test_the_more_frequent_form_is_first(language: str, first: str, second: str) -> None:
    assert ranks(language)[first] < ranks(language)[second]


def test_swiss_words_are_the_german_ones_with_ss() -> None:
    assert ranks("de-ch").keys() == {word.replace("ß", "ss") for word in ranks("de")}
