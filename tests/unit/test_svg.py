"""Pictures are well-formed whatever stands in them, and say in words what they show."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.search import Candidate
from swipefl.decoder.sight import SeenFrame, Sight
from swipefl.device.confusions import Confusion, Confusions
from swipefl.device.daily import Day
from swipefl.device.fingers import KeyLandings, Landings
from swipefl.device.gain import standing
from swipefl.device.prediction import Shown
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import BUILT_IN, Key, Keyboard, built_in
from swipefl.store.nights import Night
from swipefl.telling import svg
from swipefl.telling.pictures.days import days_picture
from swipefl.telling.pictures.gesture import gesture_picture
from swipefl.telling.pictures.landings import ellipse, landings_picture
from swipefl.telling.pictures.misses import misses_picture
from swipefl.telling.pictures.nights import nights_picture

SVG = "{http://www.w3.org/2000/svg}"
TEXTS = st.text(st.characters(), max_size=70)  # control characters, surrogates and what turns letters round among them
SHARES = st.floats(0, 1)
SIZES = st.floats(0.01, 100)
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def looked_at(picture: str) -> ElementTree.Element:
    """The picture's root, once it is found to be what every picture is."""
    root = ElementTree.fromstring(picture.encode())
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    for name in ("title", "desc"):
        (said,) = root.findall(f"{SVG}{name}")
        assert said.text
        assert said.get("id") in (root.get("aria-labelledby"), root.get("aria-describedby"))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    assert width == svg.WIDE
    assert 60 <= height <= 900
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        assert not TURNING.search("".join(element.itertext()))
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert "href" not in name
            for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?|nan|inf", value) if name in NUMBERS else ():
                assert math.isfinite(float(number))
    assert "nan" not in numbers_of(picture)
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "", 1) or "http" in "".join(root.itertext())
    return root


ALLOWED = {"svg", "title", "desc", "style", "rect", "circle", "ellipse", "polyline", "polygon", "text"}
NUMBERS = {"x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "points", "transform", "stroke-width"}


def numbers_of(picture: str) -> str:
    return " ".join(re.findall(r' (?:x|y|width|height|c[xy]|r[xy]?|points|transform)="([^"]*)"', picture))


def texts_in(root: ElementTree.Element) -> Iterator[tuple[float, float, str]]:
    """Where texts begin and how wide about they are, in units of the picture."""
    for element in root.iter(f"{SVG}text"):
        said, size = element.text or "", float(element.get("font-size", 0))
        width = 0.55 * size * svg.wide(said)
        look = element.get("class", "").split()
        x = float(element.get("x", 0)) - (width if "end" in look else width / 2 if "middle" in look else 0)
        yield x, x + width, said


def seen(letters: str, word: str, names: str, probabilities: list[float], places: list[tuple[float, float]]) -> Shown:
    """A swipe on a keyboard of these letters, in a row."""
    keys = tuple(Key(letter, i + 0.5, 0.5, 1, 1.5) for i, letter in enumerate(letters))
    keyboard = Keyboard(names, (), len(keys), 1.5, keys)
    points = np.array([(x, y, 0.1 * t) for t, (x, y) in enumerate(places)], np.float32)
    gesture = Gesture("g", points, keyboard, len(keys), 1.5)
    frames = [
        SeenFrame(x, y, x + 0.3, y - 0.2, letters[i % len(letters)], p)
        for i, ((x, y), p) in enumerate(zip(places, probabilities, strict=False))
    ]
    candidates = tuple(Candidate(word[:i], "s", 0.0, p, {}) for i, p in enumerate(probabilities[:5], 1))
    return Shown("h", Example(gesture, word), Sight(tuple(frames), keyboard.layout(len(keys), 1.5)), candidates)


@settings(deadline=None)
@given(
    st.text(st.characters(), min_size=2, max_size=40),
    TEXTS,
    TEXTS,
    st.lists(SHARES, max_size=9),
    st.lists(st.tuples(st.floats(-1e4, 1e4, width=32), st.floats(-1e4, 1e4, width=32)), min_size=2, max_size=30),
)
def test_any_swipe_of_any_word_on_any_keyboard_is_a_picture(
    letters: str, word: str, names: str, probabilities: list[float], places: list[tuple[float, float]]
) -> None:
    looked_at(gesture_picture(seen(letters, word, names, probabilities, places)))


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_keyboard_of_the_package_has_room_in_it(name: str) -> None:
    """Letters are within the picture, and large enough to be read on a phone."""
    keyboard = built_in(name)
    report = Landings(keyboard, keyboard.width, keyboard.height, 9, 40, 0.1, 0.2, (of_key(keyboard.letters[0]),))
    root = looked_at(landings_picture(report))
    for left, right, said in texts_in(root):
        assert left >= 0, said
        assert right <= svg.WIDE + 4, said
    keys = [element for element in root.iter(f"{SVG}text") if "letter" in element.get("class", "").split()]
    assert len({key.text for key in keys}) >= 2
    assert min(float(key.get("font-size", 0)) for key in keys) >= 6


def of_key(letter: str, **said: float) -> KeyLandings:
    return replace(KeyLandings(letter, 7, 0.1, -0.2, 0.2, 0.3, 0.4), **said)  # type: ignore[arg-type]


@settings(deadline=None)
@given(TEXTS, st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 2), st.floats(0, 2), st.floats(-1, 1), SIZES, SIZES)
def test_any_landings_are_a_picture(
    name: str, right: float, down: float, wide: float, high: float, slant: float, width: float, height: float
) -> None:
    keyboard = replace(built_in("qwerty"), name=name)
    key = KeyLandings("q", 5, right, down, wide, high, slant)
    looked_at(landings_picture(Landings(keyboard, width, height, 8, 20, right, down, (key,))))
    major, minor, _ = ellipse(key)
    assert major >= minor >= 0
    assert major * minor == pytest.approx(2 * math.log(3) * wide * high * math.sqrt(1 - slant**2), abs=1e-6)


def night(number: int, unseen: int, base: int, yours: int) -> Night:
    counts = dict.fromkeys(("right_base", "right_before", "right_new", "right_now", "only_base", "only_now"), 0)
    fair = {"unseen": unseen, "unseen_base": base, "unseen_yours": yours}
    return Night(1.7e9 + 86_400 * number, number, 9, unseen, **counts, surer=0.0, adopted=True, **fair)


@given(st.lists(st.tuples(st.integers(0, 500), SHARES, SHARES), max_size=90))
def test_any_nights_are_a_picture(counts: list[tuple[int, float, float]]) -> None:
    nights = [night(i, swipes, int(base * swipes), int(now * swipes)) for i, (swipes, base, now) in enumerate(counts)]
    said = looked_at(nights_picture(nights)).findtext(f"{SVG}desc") or ""
    stood = standing(nights)
    if not stood:
        assert "Not enough swipes yet" in said
    else:
        last = stood[-1]
        assert f"Of the last {last.swipes:,} held-out swipes your model read {last.right_yours:,} right" in said
        assert f"came with swipefl {last.right_base:,}." in said


@given(st.lists(st.integers(0, 10**7), max_size=30))
def test_any_days_are_a_picture(counts: list[int]) -> None:
    days = [Day(date(2026, 1, 1) + timedelta(i), count) for i, count in enumerate(counts)]
    root = looked_at(days_picture(days))
    bars = [bar for bar in root.iter(f"{SVG}rect") if bar.get("class") == "yours"]
    assert len(bars) == sum(count > 0 for count in counts)
    if counts:
        assert f"{sum(counts):,} in {len(counts)} days" in (root.findtext(f"{SVG}desc") or "")


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(1, 999), SHARES), max_size=12), st.booleans())
def test_any_misses_are_a_picture(some: list[tuple[str, str, int, float]], of_keys: bool) -> None:
    rows = tuple(Confusion(meant, read, seen, max(1, int(share * seen)), 1, 0.01) for meant, read, seen, share in some)
    root = looked_at(misses_picture(Confusions(300, 200, rows if of_keys else (), rows)))
    assert "200 are read right" in (root.findtext(f"{SVG}desc") or "")
    for left, right, said in texts_in(root):
        assert left >= 0, said
        assert right <= svg.WIDE + 4, said


def test_too_little_to_say_is_said_calmly() -> None:
    qwerty = built_in("qwerty")
    for picture in (
        landings_picture(None),
        landings_picture(Landings(qwerty, 10, 4, 3, 4, 0.1, 0.1, ())),
        misses_picture(Confusions(3, 2, (), ())),
        nights_picture([]),
        days_picture([]),
    ):
        assert "Not enough swipes yet: " in (looked_at(picture).findtext(f"{SVG}desc") or "")
    nothing = looked_at(misses_picture(Confusions(80, 70, (), ())))
    assert "No key and no word is missed more often than chance" in (nothing.findtext(f"{SVG}desc") or "")


def test_what_is_no_number_has_no_place() -> None:
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="no number"):
            svg.shape("rect", x=value)


@given(TEXTS, st.integers(1, 30))
def test_what_is_cut_is_not_wider_than_its_room(said: str, room: int) -> None:
    shown = svg.cut(said, room)
    assert svg.wide(shown) <= max(room, 1)
    assert shown == said or shown.endswith("…")
    for line in svg.broken(said, room):
        assert svg.wide(line) <= max(room, 1)


def test_it_is_light_and_dark_without_anything_from_elsewhere() -> None:
    style = looked_at(days_picture([])).findtext(f"{SVG}style") or ""
    day, _, night = style.partition("@media (prefers-color-scheme:dark)")
    for name, (_, light, dark) in svg.COLOURS.items():
        assert f".{name}{{" in day
        assert light in day
        assert dark in night
    assert not re.search(r"url|import|@font-face|script|expression", style)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("which", [1, 2], ids=["light", "dark"])
def test_letters_are_legible_on_what_is_under_them(which: int) -> None:
    """As WCAG asks of text (4.5) and of what is drawn (3)."""
    colour = {name: rule[which] for name, rule in svg.COLOURS.items()}
    for text in ("ink", "quiet", "sure", "unsure"):
        assert contrast(colour[text], colour["ground"]) >= 4.5, text
    for key in ("key", "faint"):
        assert contrast(colour["letter"], colour[key]) >= 4.5, key
    for look in ("sure", "less-sure", "unsure"):
        assert contrast(colour["on-colour"], colour[look]) >= 4.5, look
    for look in ("yours", "base", "sure", "unsure", "mark"):
        assert contrast(colour[look], colour["ground"]) >= 3, look
