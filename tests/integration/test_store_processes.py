"""A store and its lock between processes: several at once, and one that dies."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.database.lock import hold
from swipefl.errors import Remedy, StoreBusy, StoreError
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.people import examples
from tests.support.stores import put
from tests.support.waiting import LONG_S


def test_many_processes_can_make_the_store_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from swipefl.store.store import Store\n"
        "store = Store(Path(sys.argv[1])); store.meta.set(sys.argv[2], 'here'); store.close()"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path), str(i)]) for i in range(4)]
    assert [run.wait(LONG_S) for run in runs] == [0, 0, 0, 0]
    with Store(path) as store:
        assert [store.meta.get(str(i)) for i in range(4)] == ["here"] * 4


def crash_with_log(path: Path, code: str = "pass") -> None:
    """A process writes and dies, leaving its last writes in the log."""
    program = (
        "import os, sys; from pathlib import Path; from swipefl.store.store import Store\n"
        f"store = Store(Path(sys.argv[1])); store.meta.set('last', 'word'); {code}; os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert path.with_name("swipefl.db-wal").stat().st_size > 0


def test_what_a_killed_process_wrote_is_there(path: Path) -> None:
    crash_with_log(path)
    with Store(path) as store:
        assert store.meta.get("last") == "word"


@pytest.mark.parametrize(
    "lose", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")], ids=["gone", "emptied"]
)
def test_a_log_without_its_file_is_kept(path: Path, lose) -> None:
    crash_with_log(path)
    log = path.with_name("swipefl.db-wal")
    before = log.read_bytes()
    lose(path)
    with pytest.raises(StoreError, check=advises(Remedy.INGEST_AGAIN)):
        Store(path)
    assert log.read_bytes() == before


def test_a_newer_store_with_a_log_is_not_even_tidied(path: Path) -> None:
    crash_with_log(path, "store.sql.run('PRAGMA user_version = 999')")
    log = path.with_name("swipefl.db-wal")
    before = path.read_bytes(), log.read_bytes()
    with pytest.raises(StoreError, match="newer swipefl"):
        Store(path)
    assert (path.read_bytes(), log.read_bytes()) == before


HOLDER = (
    "import sys; from pathlib import Path; from swipefl.database.lock import hold\n"
    "with hold(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_names_its_holder_and_ends_with_it(path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreBusy, match=rf"pid {holder.pid}\b") as caught, hold(path.parent):
        pytest.fail("held twice")
    assert caught.value.exit_code == 8
    holder.kill()
    holder.wait()
    with hold(path.parent):
        assert (path.parent / "lock").read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE((path.parent / "lock").stat().st_mode) == 0o600
    with hold(path.parent):
        pass


@pytest.mark.usefixtures("holder")
def test_writing_examples_does_not_wait_for_the_lock(path: Path) -> None:
    with Store(path) as store:
        assert put(store, examples(5)) == 5
