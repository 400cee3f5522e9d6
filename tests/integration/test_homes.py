"""Homes as they are met: read-only, made by root, with links in the place of our files, or not to be told at all."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.database.files import make_folder, open_private
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from tests.support.command import Done, environment, swipefl
from tests.support.disk import mounted
from tests.support.swipes import EXAMPLE, GOOD

SOMEBODY, OTHER = 54_321, 54_322  # users that no machine knows


def as_user(uid: int) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")


def may_be_somebody_else() -> bool:
    """Whether another user could run the command at all: an environment may lie where only its owner looks."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return False
    runs = (*as_user(SOMEBODY), sys.executable, "-c", "import typer, swipefl.home")
    return subprocess.run(runs, cwd="/", env=environment(Path("/")), capture_output=True, check=False).returncode == 0


needs_root = pytest.mark.skipif(not may_be_somebody_else(), reason="only root may be somebody else, who can read us")


@pytest.fixture
def somebodys() -> Iterator[Path]:
    """A folder of somebody who is not root, where everybody may go: not in pytest's, which are closed."""
    with tempfile.TemporaryDirectory() as outer:
        Path(outer).chmod(0o755)
        folder = Path(outer) / "somebody"
        folder.mkdir()
        os.chown(folder, SOMEBODY, SOMEBODY)
        yield folder


def ran(home: Path, uid: int, *words: str, given: bytes = GOOD[0], **extra: str) -> Done:
    return swipefl(home, *words, given=given, before=as_user(uid), **extra)


FEW = b"".join(GOOD[:20])  # some of them are held out
READ = [["predict", "-"], ["status"], ["show", "example-0000"], ["export"], ["words", "list"], ["evaluate"]]
READ += [["forget", "--all", "--dry-run"]]
WRITTEN = [["ingest", "-"], ["words", "add", "zuzanka"], ["cycle"], ["forget", "--all"], ["reset"], ["leave"]]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A filled home on a file system that is mounted for reading, and how to get there."""
    home = tmp_path / "home"
    assert swipefl(home, "ingest", "-", given=FEW).code == 0
    with mounted('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', home) as inside:
        yield home, inside


def test_a_home_that_cannot_be_written_is_read(read_only: tuple[Path, tuple[str, ...]]) -> None:
    home, inside = read_only
    before = (home / "swipefl.db").read_bytes()
    for words in READ:
        done, there = (swipefl(home, *words, before=before, given=FEW) for before in (inside, ()))
        assert done.code == 0, done.err
        assert done.out == there.out or words == ["evaluate"]  # which measures times
    for words in WRITTEN:
        done = swipefl(home, *words, before=inside, given=GOOD[0])
        assert (done.code, "a bug" in done.err) == (5, False), (words, done.err)
    assert os.listdir(home) == ["swipefl.db"]
    assert (home / "swipefl.db").read_bytes() == before


def test_a_copy_of_a_home_in_use_that_cannot_be_written_says_so(read_only: tuple[Path, tuple[str, ...]]) -> None:
    home, inside = read_only
    path = home / "swipefl.db"
    with Store(path) as store:
        store.words.add("zuzanka", "en")
        copied = {name: (home / name).read_bytes() for name in ("swipefl.db", "swipefl.db-wal")}
        assert swipefl(home, "status", before=inside).code == 0  # with its index, the log is read
    for name, content in copied.items():
        (home / name).write_bytes(content)
    for words in (*READ, *WRITTEN):
        done = swipefl(home, *words, before=inside, given=GOOD[0])
        assert (done.code, "was being written to when it was copied" in done.err) == (5, True), (words, done.err)
    assert {name: (home / name).read_bytes() for name in os.listdir(home)} == copied
    assert "zuzanka" in swipefl(home, "words", "list", "--json").out
    (home / "swipefl.db-wal").write_bytes(b"")
    assert swipefl(home, "status", before=inside).code == 0


@pytest.mark.parametrize("kind", ["closed", "in use", "killed"])
def test_a_home_that_can_only_be_read_is_backed_up(
    read_only: tuple[Path, tuple[str, ...]], kind: str, tmp_path: Path
) -> None:
    home, inside = read_only
    store = Store(home / "swipefl.db")
    store.words.add("zuzanka", "en")
    killed = {name: (home / name).read_bytes() for name in ("swipefl.db", "swipefl.db-wal")}
    if kind != "in use":
        store.close()
    if kind == "killed":
        for name, content in killed.items():
            (home / name).write_bytes(content)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.suffix != ".db-shm"}
    into = ("sh", "-c", f'"$0" "$@" > {tmp_path / "streamed"}')
    for target, to in ((str(tmp_path / "file"), ()), ("-", into)):
        done = swipefl(home, "backup", target, before=(*inside, *to))
        assert done.code == 0, done.err
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.suffix != ".db-shm"} == before
    store.close()
    for name in ("file", "streamed"):
        other = tmp_path / f"other {name}"
        assert swipefl(other, "restore", str(tmp_path / name), "--yes").code == 0
        assert "zuzanka" in swipefl(other, "words", "list", "--json").out


def test_an_older_home_that_cannot_be_written_says_so(read_only: tuple[Path, tuple[str, ...]]) -> None:
    home, inside = read_only
    with Store(home / "swipefl.db") as store:
        store.sql.run(f"PRAGMA user_version = {len(STORE.steps) - 1}")
    before = (home / "swipefl.db").read_bytes()
    done = swipefl(home, "status", before=inside)
    assert (done.code, "written by an older swipefl" in done.err, "say --home" in done.err) == (5, True, True), done.err
    assert (home / "swipefl.db").read_bytes() == before


@needs_root
def test_a_home_without_permission_to_write_is_read(somebodys: Path) -> None:
    home = somebodys / "home"
    assert ran(home, SOMEBODY, "ingest", "-", given=FEW).code == 0
    for mode in (0o500, 0o700):
        home.chmod(mode)
        (home / "swipefl.db").chmod(0o400)
        for words in READ:
            assert ran(home, SOMEBODY, *words).code == 0, words
        assert ran(home, SOMEBODY, "ingest", "-").code in (0, 5)  # 0: known already
        assert ran(home, SOMEBODY, "words", "add", "zuzanka").code == 5
        assert os.listdir(home) == ["swipefl.db"]


@needs_root
@pytest.mark.parametrize("first", [True, False], ids=["root comes first", "root comes second"])
def test_one_run_as_root_shuts_the_owner_not_out(somebodys: Path, first: bool) -> None:
    home = somebodys / ".local" / "share" / "swipefl"
    if not first:
        assert ran(home, SOMEBODY, "ingest", "-").code == 0
    for words in (["ingest", str(EXAMPLE)], ["train", "--epochs", "1"], ["forget", "--word", "zuzanka"]):
        assert swipefl(home, *words).code == 0
    with_log = [home, *home.iterdir(), *home.parents[:2]]
    assert {path.stat().st_uid for path in with_log} == {SOMEBODY}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [home, *home.iterdir()]} == {0}
    for words in (["train", "--epochs", "1"], ["words", "add", "zuzanka"], ["forget", "--all"]):
        done = ran(home, SOMEBODY, *words)
        assert done.code == 0, done.err


@needs_root
def test_what_is_anothers_stays_anothers(somebodys: Path) -> None:
    """A home in a folder of root is root's, and what was there before keeps its owner."""
    folder = somebodys / "deep" / "home"
    make_folder(folder)
    assert [path.stat().st_uid for path in (folder, folder.parent)] == [SOMEBODY, SOMEBODY]
    theirs = folder / "theirs"
    theirs.write_text("")
    os.chown(theirs, OTHER, OTHER)
    os.close(open_private(theirs, os.O_RDWR))
    assert theirs.stat().st_uid == OTHER


@pytest.mark.parametrize("name", ["lock", "coordinator.lock"])
@pytest.mark.parametrize("way", ["a link", "a hard link", "a link to nothing", "a folder", "a pipe"])
def test_a_lock_that_leads_elsewhere_is_refused_and_nothing_is_emptied(tmp_path: Path, name: str, way: str) -> None:
    home, theirs = tmp_path / "home", tmp_path / "theirs"
    home.mkdir()
    theirs.write_text("of another")
    if name == "coordinator.lock":
        swipefl(home, "coordinator", "init")
    put_in_place(home / name, theirs, way)
    command = ["coordinator", "serve", "--listen", "127.0.0.1:0"] if name == "coordinator.lock" else ["train"]
    done = swipefl(home, *command)
    assert (done.code, f"cannot lock {home / name} (" in done.err, "a bug" in done.err) == (5, True, False), done.err
    assert theirs.read_text() == "of another"
    assert sorted(os.listdir(tmp_path)) == ["home", "theirs"]


@pytest.mark.parametrize("way", ["a link", "a hard link", "a link to nothing", "a folder"])
def test_rejects_are_not_written_through_a_link(tmp_path: Path, way: str) -> None:
    rejects, theirs = tmp_path / "rejects", tmp_path / "theirs"
    theirs.write_text("of another")
    put_in_place(rejects, theirs, way)
    done = swipefl(tmp_path / "home", "ingest", "-", "--rejects", str(rejects), given=b"{broken\n" + GOOD[0])
    assert (done.code, f"cannot write --rejects {rejects}: " in done.err) == (2, True), done.err
    assert theirs.read_text() == "of another"
    assert not (tmp_path / "nothing").exists()


def test_rejects_are_written_to_files_pipes_and_devices(tmp_path: Path) -> None:
    bad, rejects = b"{broken\n", tmp_path / "rejects"
    for _ in range(2):  # the second time it is there, and emptied
        done = swipefl(tmp_path / "home", "ingest", "--json", "-", "--rejects", str(rejects), given=bad + GOOD[0])
        assert (done.code, rejects.read_bytes(), stat.S_IMODE(rejects.stat().st_mode)) == (0, bad, 0o600)
    done = swipefl(tmp_path / "home", "ingest", "-", "--rejects", "/dev/stdout", "--json", given=bad + GOOD[0])
    assert (done.code, bad.decode() in done.out) == (0, True)
    assert swipefl(tmp_path / "home", "ingest", "-", "--rejects", "/dev/null", given=bad + GOOD[0]).code == 0


def put_in_place(path: Path, theirs: Path, way: str) -> None:
    if way == "a link":
        path.symlink_to(theirs)
    elif way == "a hard link":
        path.hardlink_to(theirs)
    elif way == "a link to nothing":
        path.symlink_to(theirs.parent / "nothing")
    elif way == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)


HOMELESS = {"SWIPEFL_HOME": "", "XDG_DATA_HOME": ""}


def without_home(*words: str, uid: int = SOMEBODY) -> Done:
    return swipefl(Path("unused"), *words, before=("env", "-u", "HOME", *as_user(uid)), given=GOOD[0], **HOMELESS)


@needs_root
@pytest.mark.parametrize("words", ["status", "ingest -", "predict -", "cycle", "config", "coordinator status"])
def test_a_user_whom_nobody_knows_is_asked_for_a_home(words: str) -> None:
    done = without_home(*words.split())
    assert (done.code, "no home folder" in done.err, "say --home" in done.err) == (2, True, True), done.err


@needs_root
def test_a_user_whom_nobody_knows_needs_no_more_than_a_home(somebodys: Path) -> None:
    for words in (["ingest", str(EXAMPLE)], ["train", "--epochs", "1"], ["status"], ["predict", "-"]):
        done = without_home(*words, "--home", str(somebodys / "home"))
        assert done.code == 0, done.err
    assert without_home("--help").code == 0


def test_a_tilde_is_a_home_folder_wherever_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('log = "json"\n')
    for words, extra in (([], {"SWIPEFL_HOME": "~/."}), (["--home", "~"], {})):
        done = swipefl(tmp_path / "elsewhere", "config", "--json", *words, HOME=str(tmp_path), **extra)
        values = {row["name"]: row for row in done.json["settings"]}
        assert Path(values["home"]["value"]) == tmp_path
        assert (values["log"]["value"], values["log"]["source"]) == ("json", "config.toml")


@pytest.mark.parametrize("command", ["status", "coordinator status", "predict -"])
def test_a_home_of_a_user_who_is_not_there_is_a_wrong_setting(tmp_path: Path, command: str) -> None:
    ways = (([], {"SWIPEFL_HOME": "~nobody-here/x"}, "SWIPEFL_HOME"), (["--home", "~nobody-here"], {}, "flag"))
    for words, extra, where in ways:
        done = swipefl(tmp_path, *command.split(), *words, **extra)
        assert (done.code, f"home ({where}): there is no such home folder" in done.err) == (2, True), done.err


@pytest.mark.parametrize(
    "words", [["status"], ["cycle"], ["status", "--json"], ["cycle", "--json"], ["cycle", "--explain"]]
)
def test_a_home_that_was_named_and_is_not_there_is_said_to_be_missing_and_is_not_made(
    tmp_path: Path, words: list[str]
) -> None:
    """Each night anew: nobody who misspells it is to see nights without any harm for ever."""
    slip = tmp_path / "sipwefl"
    for _ in range(2):
        for done, named in (
            (swipefl(slip, *words), "SWIPEFL_HOME"),
            (swipefl(tmp_path, *words, "--home", str(slip)), "--home"),
        ):
            assert (done.code, f"{slip}, which {named} names, is not there" in done.err) == (0, True), done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["status"], ["cycle"]])
def test_the_home_that_nobody_named_is_not_missed_before_it_is_made(tmp_path: Path, words: list[str]) -> None:
    nobody = {"SWIPEFL_HOME": "", "XDG_DATA_HOME": "", "HOME": str(tmp_path)}
    done = swipefl(tmp_path, *words, **nobody)
    assert (done.code, "is not there" in done.err) == (0, False)
    assert "too few swipes yet: 0 of the " in done.out
    assert list(tmp_path.iterdir()) == []


def test_a_night_in_a_home_without_a_store_has_nothing_to_do_and_makes_none(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "cycle", "--metrics-file", str(tmp_path / "night.prom"))
    assert (done.code, done.err) == (0, "")
    assert [file.name for file in tmp_path.iterdir()] == ["night.prom"]
    (tmp_path / "swipefl.db-wal").write_bytes(b"of a store that was lost")
    assert [swipefl(tmp_path, words).code for words in ("status", "cycle")] == [5, 5]
