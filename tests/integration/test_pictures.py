"""Pictures from the real process: on the command line and over HTTP."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from tests.support.command import ROOT, swipefl
from tests.support.people import examples
from tests.support.serving import HTTP, Serving, serving
from tests.support.swipes import lines

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = ("landings", "misses", "nights", "days")
SECRET = "keyboard"  # a word that is swiped


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with generated swipes on two keyboards."""
    home = tmp_path_factory.mktemp("pictures") / "home"
    russian = examples(10, seed=2, keyboard=built_in("jcuken-ru"), words=("привет", "погода"))
    swipes = home.parent / "swipes.jsonl"
    swipes.write_bytes(lines(*(to_line(example) for example in [*russian, *examples(80, seed=1)])))
    assert swipefl(home, "ingest", str(swipes)).code == 0
    return home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Serving]:
    with serving(home) as server:
        yield server


def said(svg: str | bytes) -> str:
    """What a picture says in words."""
    return ElementTree.fromstring(svg).findtext(f"{SVG}desc") or ""


def test_show_draws_an_svg_and_a_png_that_are_their_owners_alone(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    svg, png = tmp_path / "it.svg", tmp_path / "it.png"
    done = swipefl(home, "show", "--word", SECRET, "--svg", str(svg), "--png", str(png))
    assert (done.code, done.out) == (0, ""), done.err
    assert (str(svg) in done.err, str(png) in done.err, SECRET in done.err) == (True, True, False)
    assert f"A swipe of “{SECRET}”" in said(svg.read_bytes())
    assert png.read_bytes().startswith(b"\x89PNG")
    assert {stat.S_IMODE(file.stat().st_mode) for file in (svg, png)} == {0o600}
    piped = swipefl(home, "show", "--word", SECRET, "--svg", "-")
    assert piped.out == svg.read_text()
    told = swipefl(home, "show", "--worst", "--svg", str(svg), "--json")
    assert json.loads(told.out)["word"] in said(svg.read_bytes())


@pytest.mark.parametrize("place", ["missing/it.svg", ""])
def test_a_place_where_nothing_can_be_written_is_told(home: Path, tmp_path: Path, place: str) -> None:
    done = swipefl(home, "show", "--svg", str(tmp_path / place))
    assert (done.code, "cannot be written" in done.err) == (2, True), done.err


def test_without_resvg_a_png_is_refused_with_what_helps(home: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "resvg_py.py").write_text("raise ModuleNotFoundError('resvg_py')")
    path = os.pathsep.join((str(away), str(ROOT)))
    done = swipefl(home, "show", "--png", str(tmp_path / "it.png"), PYTHONPATH=path)
    told = "pip install resvg-py`" in done.err
    assert (done.code, told, (tmp_path / "it.png").exists()) == (2, True, False), done.err


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_an_svg_that_nobody_keeps_and_stays_as_it_is(server: Serving, name: str) -> None:
    url = f"{server.url}/api/v1/pictures/{name}.svg"
    first, again = (HTTP.get(url, headers=server.headers) for _ in range(2))
    assert (first.status_code, first.headers["content-type"]) == (200, "image/svg+xml")
    assert first.headers["cache-control"] == "no-store"
    assert said(first.content)
    assert again.content == first.content


def test_a_gesture_is_drawn_by_its_handle_and_its_word_is_in_no_log(home: Path, server: Serving) -> None:
    handle = json.loads(swipefl(home, "show", "--word", SECRET, "--json").out)["handle"]
    answer = HTTP.get(f"{server.url}/api/v1/pictures/gestures/{handle}.svg", headers=server.headers)
    assert f"“{SECRET}”" in said(answer.content)
    missing = HTTP.get(f"{server.url}/api/v1/pictures/gestures/{SECRET}.svg", headers=server.headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-id")
    assert SECRET not in missing.text
    assert SECRET not in server.log()


def test_landings_are_of_the_keyboard_that_is_asked_for(server: Serving) -> None:
    url = f"{server.url}/api/v1/pictures/landings.svg"

    def of(**asked: str) -> httpx.Response:
        return HTTP.get(url, params=asked, headers=server.headers)

    assert "on qwerty" in said(of().content)
    assert "on jcuken-ru" in said(of(keyboard="jcuken-ru").content)
    assert "Not enough swipes yet" in said(of(keyboard="greek").content)
    unknown = of(keyboard="/etc/passwd")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-keyboard")


def test_a_home_without_a_swipe_has_calm_pictures_and_stays_empty(tmp_path: Path) -> None:
    with serving(tmp_path / "empty") as server:
        for name in PICTURES:
            answer = HTTP.get(f"{server.url}/api/v1/pictures/{name}.svg", headers=server.headers)
            assert answer.status_code == 200, answer.text
            assert "Not enough swipes yet: " in said(answer.content)
