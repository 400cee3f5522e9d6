"""Bad input gets a clear error and loses nothing: what, where, and what to do next; good lines land."""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from swipefl.device.ingestion import Ingestion
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import built_in
from swipefl.store.store import Store
from tests.support.command import AS_ANYONE, environment, measured, swipefl
from tests.support.swipes import EXAMPLE, SHARED, gesture, lines

GOOD = EXAMPLE.read_bytes().splitlines(keepends=True)


def coords(*points: tuple[Any, Any, Any]) -> list[dict[str, Any]]:
    return [{"x": x, "y": y, "t": t} for x, y, t in points]


BAD_LINES = {
    "broken-json": b'{"gesture_id": \n',
    "not-finite": lines(gesture(coords=coords((1, 1, 0), (float("nan"), 2, 1)))),
    "negative-time": lines(gesture(coords=coords((1, 1, -1), (2, 2, 1)))),
    "time-backwards": lines(gesture(coords=coords((1, 1, 0), (2, 2, 1), (3, 3, 0.5)))),
    "few-points": lines(gesture(coords=coords((1, 1, 0)))),
    "many-points": lines(gesture(coords=coords(*[(i % 300, 3, i / 1e4) for i in range(100_000)]))),
    "unknown-keyboard": lines(gesture(keyboard="nonesuch")),
    "letter-not-on-keyboard": lines(gesture(word="приветище")),
    "no-word": lines({key: value for key, value in gesture().items() if key != "word"}),
    "no-points": lines(gesture(coords="none")),
    "bad-size": lines(gesture(width=-3)),
    "not-a-gesture": b"17\n",
    "not-a-number": lines(gesture(coords=coords(("a", 1, 0), (2, 2, 1)))),
    "long-line": b'{"gesture_id": "' + b"x" * (9 << 20) + b'"}\n',
    "binary": bytes(range(256)).replace(b"\n", b"") + b"\n",
}


@pytest.mark.parametrize("reason", BAD_LINES)
def test_a_bad_line_is_counted_shown_and_kept_apart(tmp_path: Path, reason: str) -> None:
    """Between two good lines, at line 2: both good ones land, and no word or point is shown."""
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(GOOD[0] + BAD_LINES[reason] + GOOD[1])
    done = swipefl(tmp_path / "home", "ingest", str(path), "--json", "--rejects", str(tmp_path / "bad"))
    assert done.code == 0
    report = done.json
    assert (report["read"], report["stored"], report["rejected"]) == (3, 2, 1)
    assert list(report["reasons"]) == [reason]
    assert f"{path}:2: {reason}: " in done.err
    assert "приветище" not in done.err
    assert (tmp_path / "bad").read_bytes()[:40].rstrip(b"\n") == BAD_LINES[reason].rstrip(b"\n")[:40]


@pytest.fixture(scope="module")
def a_gigabyte(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good lines with one of a gigabyte between them; a hole in the file, so that it takes no space."""
    path = tmp_path_factory.mktemp("long") / "swipes.jsonl"
    with path.open("wb") as file:
        file.write(GOOD[0])
        file.seek(1 << 30, os.SEEK_CUR)
        file.write(b"\n" + GOOD[1])
    return path


@pytest.mark.parametrize("streamed", [False, True])
def test_a_line_of_a_gigabyte_is_passed_by_in_flat_memory(tmp_path: Path, a_gigabyte: Path, streamed: bool) -> None:
    path, name = ("-", "standard input") if streamed else (str(a_gigabyte), a_gigabyte)
    with subprocess.Popen(["cat", a_gigabyte] if streamed else ["true"], stdout=subprocess.PIPE) as pipe:
        done, peak_mb = measured(tmp_path, "ingest", path, "--json", stdin=pipe.stdout)
    assert (done.code, done.json["stored"], done.json["reasons"]) == (0, 2, {"long-line": 1})
    assert f"{name}:2: long-line: " in done.err
    assert peak_mb < 150


def test_predict_answers_on_after_a_line_of_a_gigabyte(tmp_path: Path, a_gigabyte: Path) -> None:
    with subprocess.Popen(["cat", a_gigabyte], stdout=subprocess.PIPE) as pipe:
        done, peak_mb = measured(tmp_path, "predict", "-", stdin=pipe.stdout)
    answers = [json.loads(text) for text in done.out.splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, False]
    assert peak_mb < 150


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x7fELF\0\0\0\0nonsense", b"just some prose\n"])
def test_a_file_with_nothing_readable_is_exit_3(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(content)
    done = swipefl(tmp_path / "home", "ingest", str(path))
    assert done.code == 3
    assert "nothing could be read" in done.err


def test_a_folder_without_swipes_and_a_missing_file_are_exit_3(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no swipes" in (done := swipefl(tmp_path, "ingest", str(empty))).err
    assert done.code == 3
    assert "cannot read" in (done := swipefl(tmp_path, "ingest", str(tmp_path / "none.jsonl"))).err
    assert done.code == 3


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """A function that takes every permission from a file or a folder until the test is over."""
    modes: dict[Path, int] = {}

    def close(path: Path) -> Path:
        modes[path] = path.stat().st_mode
        path.chmod(0)
        return path

    yield close
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.skipif(bool(AS_ANYONE) and not shutil.which("setpriv"), reason="root may read everything")
def test_no_permission_is_told_with_the_path(tmp_path: Path, closed: Callable[[Path], Path]) -> None:
    """Of a file, a folder, a file in such a folder, the store, and the place of the rejects."""
    home, path, folder = tmp_path / "home", tmp_path / "swipes.jsonl", tmp_path / "folder"
    path.write_bytes(GOOD[0])
    folder.mkdir()
    assert swipefl(home, "ingest", str(path), before=AS_ANYONE).code == 0
    for closed_path in (closed(path), closed(folder), folder / "swipes.jsonl"):
        done = swipefl(home, "ingest", str(closed_path), before=AS_ANYONE)
        assert (done.code, f"cannot read {closed_path}: Permission denied; check" in done.err) == (3, True), done.err
    assert swipefl(home, "predict", str(path), before=AS_ANYONE).code == 3
    done = swipefl(home, "ingest", "-", "--rejects", str(folder / "bad"), before=AS_ANYONE)
    assert (done.code, "cannot write --rejects" in done.err) == (2, True), done.err
    closed(home / "swipefl.db")
    done = swipefl(home, "ingest", "-", given=GOOD[1], before=AS_ANYONE)
    assert (done.code, "belong to you" in done.err) == (5, True), done.err


def test_a_folder_is_read_with_all_formats_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b"".join(GOOD[:5]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(GOOD[5:9])))
    (folder / "notes.txt").write_text("not swipes")
    assert swipefl(tmp_path / "home", "ingest", str(tmp_path / "in"), "--json").json["stored"] == 9


def test_a_gzip_bomb_stops_early_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(GOOD[0])
        for _ in range(400):
            stream.write(b"\0" * (1 << 20))
    done = swipefl(tmp_path / "home", "ingest", str(path), "--json")
    assert done.code == 0
    assert done.json["stored"] == 1
    assert {"gzip-bomb", "long-line"} & set(done.json["reasons"])


def test_a_gzip_that_is_cut_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(GOOD))[:-5000])
    done = swipefl(tmp_path / "home", "ingest", str(path), "--json")
    assert done.json["stored"] > 50
    assert "gzip" in done.json["reasons"]


def test_a_file_that_grew_is_read_on_and_an_unfinished_line_waits(tmp_path: Path) -> None:
    path, home = tmp_path / "swipes.jsonl", tmp_path / "home"
    path.write_bytes(b"".join(GOOD[:3]) + GOOD[3][:50])
    assert swipefl(home, "ingest", str(path), "--json").json["read"] == 3
    with path.open("ab") as stream:
        stream.write(GOOD[3][50:] + b"broken\n" + GOOD[4])
    done = swipefl(home, "ingest", str(path), "--json")
    assert (done.json["read"], done.json["stored"], done.json["rejected"]) == (3, 2, 1)
    assert f"{path}:5: broken-json" in done.err
    assert swipefl(home, "ingest", str(path), "--json").json["read"] == 0
    path.write_bytes(b"".join(GOOD[10:12]))  # rotated: another file under the same name
    assert swipefl(home, "ingest", str(path), "--json").json["stored"] == 2


def test_duplicates_by_id_and_by_trace(tmp_path: Path) -> None:
    renamed = {**json.loads(GOOD[0]), "gesture_id": "another"}
    same_id = {**json.loads(GOOD[1]), "gesture_id": json.loads(GOOD[0])["gesture_id"]}
    done = swipefl(tmp_path, "ingest", "-", "--json", given=GOOD[0] + lines(renamed, same_id))
    assert (done.json["stored"], done.json["duplicates"]) == (1, 2)


def test_ends_far_from_the_keys_are_suspect(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "ingest", "-", "--json", given=lines(gesture(word="pm")))
    assert (done.json["stored"], done.json["suspect"]) == (1, 1)


def test_stores_that_cannot_be_used_are_exit_5_and_stay_as_they_are(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", "-", given=GOOD[0])
    path = tmp_path / "swipefl.db"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2 + 100], b"overwritten " * 4000, b""):
        path.write_bytes(damaged)
        done = swipefl(tmp_path, "status")
        assert done.code == 5
        assert str(path) in done.err
        assert path.read_bytes() == damaged
    path.write_bytes(whole)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    done = swipefl(tmp_path, "ingest", "-", given=GOOD[1])
    assert done.code == 5
    assert "newer" in done.err


@pytest.mark.parametrize("line", [b"{broken\n", b"\n" + lines(gesture(coords=[])), lines({"gesture_id": "x"})])
def test_predict_answers_a_bad_gesture_in_its_place(tmp_path: Path, line: bytes) -> None:
    done = swipefl(tmp_path, "predict", "-", given=GOOD[0] + line + GOOD[1])
    answers = [json.loads(text) for text in done.out.splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, False]


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded swipes here")
@pytest.mark.parametrize(
    ("path", "flags", "stored"),
    [
        ("formats/neuroswipe/lines.jsonl", (), 5),
        ("formats/futo/swipes.json", (), 1),
        ("formats/seed_client", ("--keyboard", str(SHARED / "keyboards" / "yandex_default_grid.json")), 15),
    ],
)
def test_formats_of_others_are_found_and_read(tmp_path: Path, path: str, flags: tuple[str, ...], stored: int) -> None:
    done = swipefl(tmp_path, "ingest", str(SHARED / path), "--json", *flags)
    assert done.json["stored"] == stored, done.err
    assert done.json["rejected"] == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded swipes here")
def test_labels_that_are_not_what_was_swiped_are_mostly_suspect(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "ingest", str(SHARED / "how_we_swipe" / "errors.jsonl.gz"), "--json").json
    assert done["suspect"] > 0.8 * done["stored"]


def test_a_file_that_needs_a_keyboard_is_read_once_it_is_given(tmp_path: Path) -> None:
    path, home = tmp_path / "swipes.jsonl", tmp_path / "home"
    bare = [{k: v for k, v in json.loads(line).items() if k not in ("width", "height")} for line in GOOD[:4]]
    path.write_bytes(lines(*bare))
    assert (done := swipefl(home, "ingest", str(path))).code == 3
    assert "--keyboard" in done.err
    assert swipefl(home, "ingest", str(path), "--keyboard", "qwerty", "--json").json["stored"] == 4


def test_a_keyboard_whose_name_is_taken_costs_its_own_line_only(tmp_path: Path) -> None:
    other = built_in("qwerty").to_json() | {"width": 999}
    given = GOOD[0] + lines(gesture(keyboard=other, width=999, height=222)) + GOOD[1]
    done = swipefl(tmp_path, "ingest", "-", "--json", given=given)
    assert (done.json["stored"], done.json["reasons"]) == (2, {"name-taken": 1})
    assert "standard input:2: name-taken" in done.err


def test_rejects_never_overwrite_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(GOOD[0])
    for source in (path, tmp_path):
        done = swipefl(tmp_path / "home", "ingest", str(source), "--rejects", str(path))
        assert done.code == 2
        assert path.read_bytes() == GOOD[0]


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"head -n 5 '{EXAMPLE}' > '{pipe}'"]):
        assert swipefl(tmp_path / "home", "ingest", str(pipe), "--json").json["stored"] == 5


def test_a_document_of_many_gestures_on_one_line_goes_on_after_it_was_cut_short(tmp_path: Path) -> None:
    """A store that is gone after the first batch: the next ingest reads the rest."""
    path, words = tmp_path / "futo.json", ("we", "were", "power")
    points = [{"x": 0.15 + 0.01 * i, "y": 0.13, "t": 1e12 + 20 * i} for i in range(8)]
    document = [{word: [point | {"x": point["x"] + n / 1e4} for point in points]} for n in range(400) for word in words]
    path.write_text(json.dumps(document))
    with Store(tmp_path / "swipefl.db") as store:
        ingestion = Ingestion(store)
        landed: list[dict[str, int]] = []
        add = store.gestures.add

        def add_one_batch(batch: list[tuple[Example, str]]) -> dict[str, int]:
            if landed:
                raise KeyboardInterrupt
            landed.append(add(batch))
            return landed[0]

        store.gestures.add = add_one_batch  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            ingestion.run([path])
    rest = swipefl(tmp_path, "ingest", str(path), "--json").json
    first = sum(landed[0].values())
    assert first > 0
    assert first + rest["stored"] == sum(
        swipefl(tmp_path, "status", "--json").json["gestures"][v] for v in ("good", "suspect")
    )
    assert rest["stored"] > 0


@pytest.mark.parametrize("label", ["", "x-ray", "привет", 7])
def test_predict_does_not_mind_a_label_that_cannot_be_used(tmp_path: Path, label: object) -> None:
    done = swipefl(tmp_path, "predict", "-", given=lines(json.loads(GOOD[0]) | {"word": label}))
    assert done.json["candidates"]


def test_a_keyboard_of_a_language_without_lexicon_is_no_reason_to_stop(tmp_path: Path) -> None:
    """Its own words are found; the gestures around it are answered; a language asked for by name must exist."""
    german = built_in("qwerty").to_json() | {"name": "german", "language": "de"}
    swipes = [json.loads(line) for line in GOOD[:3]]
    swipes[1]["keyboard"] = german
    done = swipefl(tmp_path, "predict", "-", given=lines(*swipes))
    found = [json.loads(line)["candidates"] for line in done.out.splitlines()]
    assert [bool(candidates) for candidates in found] == [True, False, True]
    assert swipefl(tmp_path, "predict", "-", "--language", "de", given=GOOD[0]).code == 2


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m swipefl predict '{EXAMPLE}' | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_ends_by_that_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "swipefl", "predict", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(tmp_path), **pipes) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(GOOD[0])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert b"interrupted" in told


def test_every_bad_line_is_shown_by_its_number(tmp_path: Path) -> None:
    """The first ten one by one, neighbours among the others together."""
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(b"broken\n" * 12 + GOOD[0] + b"broken\n" + GOOD[1] + b"broken\n" * 3)
    told = swipefl(tmp_path / "home", "ingest", str(path)).err.splitlines()
    assert [line.split(": ")[0] for line in told[:10]] == [f"{path}:{number}" for number in range(1, 11)]
    assert f"... and 6 more: {path}:11-12, {path}:14, {path}:16-18;" in told[10]
