"""Word lists of other programs, and what becomes of their lines."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.word_list import packed, unpacked
from swipefl.device.lexicons import FLAT, add_lexicon, frequencies, known_lexicons, remove_lexicon
from swipefl.device.word_files import MOST_WORDS, WordFile, read_word_file
from swipefl.errors import DataError, UsageError
from swipefl.store.store import Store

COMBINED = """dictionary=main:de,locale=de,description=Deutsch,date=1,version=54
 word=der,f=222,flags=,originalFreq=222
  bigram=Mann,f=10
 word=Straße,f=160,flags=
  shortcut=Str,f=14
 word=böse,f=100,possibly_offensive=true
 word=aufn,f=90,not_a_word=true
 word=tabu,f=0
 word=you++,f=9
 word=ohne
 nonsense
"""


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("text", "weights", "unweighted", "left_out", "bad_lines"),
    [
        ("the 500\nof\t20.5\n", {"the": 500, "of": 20.5}, set(), {}, []),
        ("\ufeffthe 5\r\nthe 2\r\n\r\n", {"the": 7}, set(), {}, []),
        ("# a comment\nNew York 12\nl’homme 3\n", {"New York": 12, "l'homme": 3}, set(), {}, []),
        ("Cafe\u0301 1\nCafé 2\n", {"Café": 3}, set(), {}, []),
        ("nan\ninf 3\nhello\n", {"inf": 3}, {"nan", "hello"}, {}, []),
        ("the 5\nto -1\nof 0\n12\nis 1e999\n", {"the": 5}, set(), {"bad-line": 4}, [2, 3, 4, 5]),
        ("the 5\nmp3 6\nc++ 7\n... 3\n42 3\n" + "x" * 65 + " 1\n", {"the": 5, "mp3": 6}, set(), {"unspelled": 4}, []),
    ],
)
def test_lines_of_words_and_counts(
    tmp_path: Path, text: str, weights: dict[str, float], unweighted: set[str], left_out: dict[str, int], bad_lines
) -> None:
    words = read_word_file(written(tmp_path / "words.txt", text))
    assert (words.weights, words.unweighted) == (weights, unweighted)
    assert (dict(words.left_out), words.bad_lines) == (left_out, bad_lines)


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_an_aosp_list_has_its_frequencies_on_a_scale_of_logarithms(tmp_path: Path, pack) -> None:
    words = read_word_file(written(tmp_path / "main_de.combined", pack(COMBINED.encode())))
    assert words.weights.keys() == {"der", "Straße"}
    assert words.weights["der"] / words.weights["Straße"] == pytest.approx(1.15**62)
    assert words.left_out == {"offensive": 2, "no-word": 1, "unspelled": 1, "bad-line": 2}
    assert words.bad_lines == [10, 11]


@pytest.mark.parametrize(
    ("affixes", "encoding"),
    [
        ("SET UTF-8\nFORBIDDENWORD x\nNOSUGGEST n\nONLYINCOMPOUND c\n", "utf-8"),
        ("SET ISO8859-1\nFORBIDDENWORD x\nNOSUGGEST n\nONLYINCOMPOUND c\n", "latin-1"),
        (None, "utf-8"),
        (None, "latin-1"),
    ],
)
def test_a_hunspell_list_is_read_in_its_encoding_without_its_flags(
    tmp_path: Path, affixes: str | None, encoding: str
) -> None:
    text = "7\nStraße/Sm\nund/oder\\/A\tpo:conj\nfalsch/x\nböse/nS\nTeil-/c po:noun\nhaus\n"
    path = written(tmp_path / "de.dic", text.encode(encoding))
    if affixes is not None:
        written(tmp_path / "de.aff", affixes)
    words = read_word_file(path)
    assert not words.weights
    assert {"Straße", "haus"} <= words.unweighted
    assert len(words.unweighted) == (3 if affixes else 6)
    assert words.left_out == ({"no-word": 2, "offensive": 1} if affixes else {})


@pytest.mark.parametrize(("flags", "of_bad"), [("long", "aaXX"), ("num", "12,999"), ("UTF-8", "aß")])
def test_flags_are_split_as_the_affixes_say(tmp_path: Path, flags: str, of_bad: str) -> None:
    bad = {"long": "XX", "num": "999", "UTF-8": "ß"}[flags]
    written(tmp_path / "a.aff", f"SET UTF-8\nFLAG {flags}\nFORBIDDENWORD {bad}\n")
    words = read_word_file(written(tmp_path / "a.dic", f"2\ngut/aa\nfalsch/{of_bad}\n"))
    assert words.unweighted == {"gut"}


@pytest.mark.parametrize(
    ("line", "left_out"),
    [
        ("hello nan", "bad-line"),
        ("world inf", "bad-line"),
        ("hello\tworld", "bad-line"),
        ("the 1,500", "bad-line"),
        ("the\t1.500,0", "bad-line"),
        ("the 1e308", "bad-line"),
        ("the 1e-320", "bad-line"),
        ("New York", None),
        ("the 1e30", None),
    ],
)
def test_a_count_that_is_none_is_no_part_of_a_word(tmp_path: Path, line: str, left_out: str | None) -> None:
    words = read_word_file(written(tmp_path / "words.txt", f"fine 3\n{line}\n{line}\n"))
    assert words.left_out == ({left_out: 2} if left_out else {})
    packed(frequencies(words))


@pytest.mark.parametrize("name", ["de.combined", "de.txt"])
def test_an_aosp_list_may_lack_its_head(tmp_path: Path, name: str) -> None:
    words = read_word_file(written(tmp_path / name, " word=der,f=222\n word=a,b,f=9\n"))
    assert (set(words.weights), words.left_out) == ({"der"}, {"bad-line": 1})


def test_a_gzipped_list_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    two = gzip.compress(b"the 5\n") + gzip.compress(b"of 4\n")
    assert read_word_file(written(tmp_path / "two.gz", two)).weights == {"the": 5, "of": 4}
    for cut in range(2, len(two)):
        if cut != len(gzip.compress(b"the 5\n")):
            with pytest.raises(DataError):
                read_word_file(written(tmp_path / "cut.gz", two[:cut]))


def test_a_guess_of_the_encoding_is_told(tmp_path: Path) -> None:
    for content, is_guessed in (("Straße\n".encode("latin-1"), True), ("Straße\n".encode(), False)):
        assert read_word_file(written(tmp_path / "a.dic", content)).is_guessed is is_guessed


@pytest.mark.parametrize(
    ("affixes", "known"),
    [
        ("AF 3\nAF a # 1\nAF ax # 2\nAF x\nFORBIDDENWORD x\n", {"eins", "vier", "neun"}),
        ("FLAG long\nAF 3\nAF aabb\nAF aaxx\nAF xxbb\nFORBIDDENWORD xx\n", {"eins", "vier", "neun"}),
        ("FLAG num\nAF 3\nAF 1,7\nAF 7,9\nAF 9\nFORBIDDENWORD 9\n", {"eins", "vier", "neun"}),
        ("FORBIDDENWORD 2\n", {"eins", "drei", "vier", "neun"}),
    ],
)
def test_flags_may_be_numbers_of_aliases(tmp_path: Path, affixes: str, known: set[str]) -> None:
    written(tmp_path / "a.aff", affixes)
    words = read_word_file(written(tmp_path / "a.dic", "5\neins/1\nzwei/2\ndrei/3\nvier\nneun/4\n"))
    assert words.unweighted == known


@pytest.mark.parametrize(
    "encoding",
    [
        "rot13",
        "hex",
        "base64",
        "zip",
        "undefined",
        "idna",
        "punycode",
        "utf-16",
        "unicode_escape",
        "nonsense",
        "a\0b",
        "é",
    ],
)
def test_an_encoding_that_no_list_is_in_says_nothing(tmp_path: Path, encoding: str) -> None:
    written(tmp_path / "a.aff", f"SET {encoding}\nFORBIDDENWORD x\n")
    words = read_word_file(written(tmp_path / "a.dic", "2\nStraße/a\nfalsch/x\n"))
    assert words.unweighted == {"Straße"}


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"# nothing\n", b"1 2 3\n", b"\x00\xff\xfe", b"\x1f\x8bnothing", "a b".encode("utf-16")]
)
def test_what_is_no_list_is_told_without_its_words(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError):
        read_word_file(written(tmp_path / "words.txt", content))
    with pytest.raises(DataError):
        read_word_file(tmp_path / "none.txt")


def test_a_line_that_is_no_text_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 3"):
        read_word_file(written(tmp_path / "words.txt", b"the 5\nof 4\nsecret\xff 3\n"))


def test_there_is_a_bound_on_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("swipefl.device.word_files.MOST_WORDS", 100)
    monkeypatch.setattr("swipefl.device.word_files.MOST_BYTES", 1000)
    assert MOST_WORDS == 1_000_000
    letters = "abcdefghijk"
    lines = "".join(f"{a}{b}\n" for a in letters for b in letters)
    with pytest.raises(DataError, match="words at most"):
        read_word_file(written(tmp_path / "a.txt", lines))
    with pytest.raises(DataError, match="MB at most"):
        read_word_file(written(tmp_path / "b.txt", gzip.compress(b"a" * 2000)))


@given(
    st.dictionaries(st.text("abcäß", min_size=1, max_size=5), st.floats(1e-12, 1e15), max_size=20),
    st.sets(st.text("xyz", min_size=1, max_size=5), max_size=5),
)
def test_frequencies_can_be_packed_keep_their_order_and_sum_to_one(weights: dict[str, float], more: set[str]) -> None:
    words = WordFile(weights, more)
    shares = frequencies(words)
    assert shares.keys() == weights.keys() | more
    assert all(0 < share <= 1 for share in shares.values())
    if weights:
        assert sum(shares[word] for word in weights) == pytest.approx(1)
        assert all(shares[word] == min(shares[known] for known in weights) for word in more)
    else:
        assert set(shares.values()) <= {FLAT}
    back = unpacked(packed(shares))
    assert set(back.words.text()) == set(shares)


def test_ones_own_lexicon_stands_in_place_of_the_packages_and_gives_it_back(store: Store, tmp_path: Path) -> None:
    shipped = known_lexicons(store)
    file = written(tmp_path / "words.txt", "the 5\nc++ 1\n")
    report = add_lexicon(store, file, "en")
    assert (report.words, report.name, report.left_out) == (1, "words.txt", {"unspelled": 1})
    assert [(known.name, known.words) for known in known_lexicons(store) if known.language == "en"] == [
        ("words.txt", 1)
    ]
    assert add_lexicon(store, file, "xx", "mine").name == "mine"
    assert len(known_lexicons(store)) == len(shipped) + 1
    for language in ("en", "xx"):
        remove_lexicon(store, language)
    assert known_lexicons(store) == shipped
    with pytest.raises(UsageError, match="your own"):
        remove_lexicon(store, "en")
