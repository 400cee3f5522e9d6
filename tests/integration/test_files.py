"""Files and folders of swipes as they are met: huge, packed, cut off, growing, not to be read, of other formats."""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swipefl.device.ingestion import Ingestion
from swipefl.errors import StoreError
from swipefl.store.gestures import Judged, Landed
from swipefl.store.store import Store
from tests.support.command import AS_ANYONE, measured, swipefl
from tests.support.swipes import EXAMPLE, GOOD, SHARED, lines


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
        done, peak_mb = measured(tmp_path, "predict", "--json", "-", stdin=pipe.stdout)
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
    assert "holds no swipes" in (done := swipefl(tmp_path, "ingest", "--json", str(empty))).err
    assert done.code == 3
    assert "cannot read" in (done := swipefl(tmp_path, "ingest", "--json", str(tmp_path / "none.jsonl"))).err
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


MISSING, EMPTY, NOTHING = "missing.jsonl", "empty", "nothing.jsonl"
IN_FOLDERS: dict[str, Callable[[Path], object]] = {  # what lies beside a good file of a folder, and cannot be read
    "no permission": lambda path: path.write_bytes(GOOD[1]) and path.chmod(0),
    "a link to nothing": lambda path: path.symlink_to("nowhere.jsonl"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder without permission": lambda path: path.mkdir(0),
}
BESIDE: dict[str, Callable[[Path], object]] = {  # and what costs nothing
    "a folder of such a name": lambda path: path.mkdir(),
    "a link to its own folder": lambda path: path.symlink_to("."),
    "a pipe": os.mkfifo,
    "a gzip that was cut": lambda path: path.write_bytes(gzip.compress(GOOD[1])[:-20]),
    "no gzip": lambda path: path.write_bytes(b"\x1f\x8b\x08 nothing of it"),
    "no UTF-8": lambda path: path.write_bytes(GOOD[1].replace(b"example", b"ex\xe4mple")),
    "UTF-16": lambda path: path.write_bytes(GOOD[1].decode().encode("utf-16")),
    "an empty file": lambda path: path.write_bytes(b""),
}


@pytest.mark.skipif(bool(AS_ANYONE) and not shutil.which("setpriv"), reason="root may read everything")
@pytest.mark.parametrize("what", [*IN_FOLDERS, *BESIDE])
@pytest.mark.parametrize("name", ["a.jsonl", "z.jsonl"])
def test_one_bad_file_of_a_folder_keeps_no_other_from_being_read(tmp_path: Path, what: str, name: str) -> None:
    """Be it the first or the last; what landed is told, then what could not be read."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "m.jsonl").write_bytes(GOOD[0])
    (folder / "deep" / "m.jsonl").write_bytes(GOOD[2])
    (IN_FOLDERS | BESIDE)[what](folder / name)
    done = swipefl(tmp_path / "home", "ingest", str(folder), "--json", before=AS_ANYONE)
    if what.endswith("permission"):
        (folder / name).chmod(0o700)
    is_told = what in IN_FOLDERS
    assert (done.code, done.json["stored"], done.json["unreadable"]) == (3 if is_told else 0, 2, is_told), done.err
    assert (f"cannot read {folder / name}: " in done.err) == is_told


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("what", [MISSING, EMPTY, NOTHING])
def test_what_is_empty_or_missing_keeps_nothing_else_from_landing(tmp_path: Path, what: str, first: bool) -> None:
    good = tmp_path / "good.jsonl"
    good.write_bytes(GOOD[0])
    (tmp_path / EMPTY).mkdir()
    (tmp_path / NOTHING).write_bytes(b"")
    paths = [str(tmp_path / what), str(good)] if first else [str(good), str(tmp_path / what)]
    done = swipefl(tmp_path / "home", "ingest", *paths, "--json")
    assert (done.code, done.json["stored"]) == (0 if what == NOTHING else 3, 1), done.err
    assert what == NOTHING or str(tmp_path / what) in done.err


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_bytes(GOOD[0])
    names = [str(tmp_path / f"{n}.jsonl") for n in range(30)]
    done = swipefl(tmp_path / "home", "ingest", *names[:15], str(tmp_path / "good.jsonl"), *names[15:], "--json")
    assert (done.code, done.json["stored"], done.json["unreadable"]) == (3, 1, 30)
    assert "30 of the files and folders could not be read" in done.err
    assert names[0] in done.err


def test_folders_may_lie_as_deep_as_they_like(tmp_path: Path) -> None:
    """Deeper than Python calls."""
    deep = tmp_path.joinpath(*["d"] * 1_500)
    subprocess.run(["mkdir", "-p", deep], check=True)
    (deep / "s.jsonl").write_bytes(GOOD[0])
    done = swipefl(tmp_path / "home", "ingest", str(tmp_path / "d"), "--json")
    assert (done.code, done.json["stored"]) == (0, 1), done.err
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # Python's own way calls itself, too


def test_what_landed_is_told_where_the_store_fails_in_the_end(tmp_path: Path) -> None:
    """What had landed before stands in the report."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(GOOD[0])
    with Store(tmp_path / "swipefl.db") as store:
        ingestion = Ingestion(store)
        ingestion.run([path])
        store.close()
        with pytest.raises(StoreError):
            ingestion.run([path])
        assert ingestion.report.stored == 1


def test_a_folder_is_read_with_all_formats_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b"".join(GOOD[:5]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(GOOD[5:9])))
    (folder / "notes.txt").write_text("not swipes")
    assert swipefl(tmp_path / "home", "ingest", str(tmp_path / "in"), "--json").json["stored"] == 9


def test_a_gzip_bomb_stops_early_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(GOOD[0])
        for _ in range(300):
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
    assert (done := swipefl(home, "ingest", "--json", str(path))).code == 3
    assert "--keyboard" in done.err
    assert swipefl(home, "ingest", str(path), "--keyboard", "qwerty", "--json").json["stored"] == 4


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
        landed: list[Landed] = []
        add = store.gestures.add

        def add_one_batch(batch: list[Judged]) -> Landed:
            if landed:
                raise KeyboardInterrupt
            landed.append(add(batch))
            return landed[0]

        store.gestures.add = add_one_batch  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            ingestion.run([path])
    rest = swipefl(tmp_path, "ingest", str(path), "--json").json
    first = landed[0].stored
    assert first > 0
    assert first + rest["stored"] == sum(
        swipefl(tmp_path, "status", "--json").json["gestures"][v] for v in ("good", "suspect")
    )
    assert rest["stored"] > 0


def test_an_empty_path_is_no_folder(tmp_path: Path) -> None:
    """`ingest "$UNSET"` would read all that lies about."""
    done = swipefl(tmp_path, "ingest", "--json", "")
    assert (done.code, done.out) == (2, "")
