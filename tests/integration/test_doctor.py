"""`swipefl doctor` on homes as they are met: each harm is a finding, never a traceback, and no byte changes unasked."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import swipefl
from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import CoordinatorUnreachable, Remedy, UsageError
from swipefl.federation.device.breaker import OPENS_AT, after_failure
from swipefl.operations.checks.clock import clock, minute
from swipefl.store.membership import Membership
from swipefl.store.schema import STORE
from swipefl.store.store import TRACES, Store
from tests.support.certificates import certificates
from tests.support.command import AS_ANYONE, Done, environment
from tests.support.command import swipefl as command
from tests.support.disk import SmallDisk
from tests.support.people import examples
from tests.support.stores import put
from tests.support.strangers import http2, over_tls, speaking, web_page
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S

UNWELL = 9
DAY_S = 86_400.0
MEMBER = Membership("127.0.0.1:1", "device", b"c" * 32, b"k" * 32)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A sound one with swipes, words, a model and a word list of its owner."""
    home = tmp_path / "home"
    with Store(home / "swipefl.db") as store:
        put(store, examples(40))
        store.checkpoints.add("personal", base_checkpoint().to_bytes(), None, use=True)
        store.checkpoints.add("global", base_checkpoint().to_bytes(), None, use=False)
    return home


def looked(home: Path, fix: bool = False) -> dict[str, list[swipefl.Finding]]:
    """The findings by name."""
    with swipefl.open(home) as device:
        found: dict[str, list[swipefl.Finding]] = {}
        for finding in device.upkeep.doctor(fix).findings:
            found.setdefault(finding.name, []).append(finding)
    return found


def wrong(home: Path, fix: bool = False) -> set[str]:
    return {name for name, found in looked(home, fix).items() if any(each.state == "wrong" for each in found)}


def snapshot(folder: Path) -> dict[str, object]:
    """All that can be seen of a folder but when it was read."""
    seen: dict[str, object] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        found = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(found.st_mode) else ""
        seen[str(path)] = (found.st_mode, found.st_uid, found.st_size, found.st_mtime_ns, content)
    return seen


def spoiled(home: Path, change: Callable[[bytes], bytes]) -> None:
    path = home / "swipefl.db"
    path.write_bytes(change(path.read_bytes()))


def run_sql(home: Path, *statements: str) -> None:
    with sqlite3.connect(home / "swipefl.db", isolation_level=None) as conn:
        for statement in statements:
            conn.execute(statement)
    conn.close()


def of_index(home: Path) -> None:
    """An index that lacks rows of its table."""
    with sqlite3.connect(home / "swipefl.db", isolation_level=None) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_master SET sql = sql || ' WHERE number < 0' WHERE name = 'gestures_by_word'")
    conn.close()
    with sqlite3.connect(home / "swipefl.db", isolation_level=None) as conn:
        conn.execute("REINDEX gestures_by_word")
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ' WHERE number < 0', '') WHERE name = 'gestures_by_word'"
        )
    conn.close()


def linked_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def of_copy(home: Path) -> None:
    """A copy of a home in use, without the index of its log."""
    with Store(home / "swipefl.db") as store:
        store.words.add("zuzanka", "en")
        files = {name: (home / name).read_bytes() for name in ("swipefl.db", "swipefl.db-wal")}
    for name, content in files.items():
        (home / name).write_bytes(content)
        (home / name).chmod(0o600)


def crashed(home: Path) -> None:
    """A home that a run died in: the log and its index are still there."""
    with Store(home / "swipefl.db") as store:
        store.words.add("zuzanka", "en")
        files = {path.name: path.read_bytes() for path in home.iterdir()}
    for name, content in files.items():
        (home / name).write_bytes(content)
        (home / name).chmod(0o600)


def joined(home: Path, **facts: Any) -> None:
    with Store(home / "swipefl.db") as store:
        store.memberships.set(replace(MEMBER, **facts))


def refused(home: Path, error: swipefl.SwipeflError, times: int) -> None:
    import random

    member = MEMBER
    for _ in range(times):
        member = after_failure(member, error, time.time(), random.Random(0))
    with Store(home / "swipefl.db") as store:
        store.memberships.set(member)


AWAY = CoordinatorUnreachable("no-answer", "nobody", Remedy.TRY_LATER)
NEVER = UsageError("other-authority", "another's", Remedy.GIVE_AUTHORITY)


def part(home: Path, size: int, age_s: float = 0) -> None:
    (home / "partial").mkdir(mode=0o700)
    path = home / "partial" / f"{'ab' * 32}.part"
    path.touch(0o600)
    os.truncate(path, size)
    os.utime(path, (time.time() - age_s,) * 2)


# what was done to it; of what something is wrong (empty: nothing is); what --fix leaves wrong
HARMS: dict[str, tuple[Callable[[Path], object], set[str], set[str]]] = {
    "nothing": (lambda home: None, set(), set()),
    "empty file": (lambda home: spoiled(home, lambda data: b""), {"database"}, {"database"}),
    "cut": (lambda home: spoiled(home, lambda data: data[:-1000]), {"database"}, {"database"}),
    "half": (lambda home: spoiled(home, lambda data: data[: len(data) // 8192 * 4096]), {"database"}, {"database"}),
    "text": (lambda home: spoiled(home, lambda data: b"my notes\n" * 900), {"database"}, {"database"}),
    "zeros": (lambda home: spoiled(home, lambda data: bytes(len(data))), {"database"}, {"database"}),
    "first page": (lambda home: spoiled(home, lambda data: bytes(4096) + data[4096:]), {"database"}, {"database"}),
    "schema": (
        lambda home: spoiled(home, lambda data: data[:100] + b"\xff" * 400 + data[500:]),
        {"database"},
        {"database"},
    ),
    "deep inside": (
        lambda home: spoiled(home, lambda data: data[: 5 * 4096] + b"\xaa" * (len(data) - 5 * 4096)),
        {"database"},
        {"database"},
    ),
    "another program's": (lambda home: run_sql(home, "PRAGMA application_id = 7"), {"database"}, {"database"}),
    "a newer version's": (lambda home: run_sql(home, "PRAGMA user_version = 999"), {"database"}, {"database"}),
    "an index that lacks rows": (of_index, {"database"}, set()),
    "what refers to nothing": (
        lambda home: run_sql(home, "PRAGMA foreign_keys = OFF", "DELETE FROM keyboards"),
        {"database"},
        {"database"},
    ),
    "traces of what was erased": (
        lambda home: run_sql(home, f"INSERT INTO meta VALUES ('{TRACES}', 'owed')"),
        set(),
        set(),
    ),
    "gone, but for its log": (
        lambda home: (crashed(home), (home / "swipefl.db").unlink()),
        {"database"},
        {"database"},
    ),
    "a run died in it": (crashed, set(), set()),
    "a copy of one in use": (of_copy, set(), set()),
    "no store": (lambda home: (home / "swipefl.db").unlink(), set(), set()),
    "a folder in its place": (
        lambda home: ((home / "swipefl.db").unlink(), (home / "swipefl.db").mkdir(0o700)),
        {"database"},
        {"database"},
    ),
    "a pipe in its place": (
        lambda home: ((home / "swipefl.db").unlink(), os.mkfifo(home / "swipefl.db", 0o600)),
        {"database"},
        {"database"},
    ),
    "a pipe for its log": (lambda home: os.mkfifo(home / "swipefl.db-wal", 0o600), {"database"}, {"database"}),
    "a circle of links in its place": (
        lambda home: linked_in_a_circle(home / "swipefl.db"),
        {"database"},
        {"database"},
    ),
    "a link to nothing in its place": (
        lambda home: ((home / "swipefl.db").unlink(), (home / "swipefl.db").symlink_to("/nowhere/at/all")),
        {"database"},
        {"database"},
    ),
    "a model that is damaged": (
        lambda home: run_sql(home, "UPDATE checkpoints SET blob = x'00' WHERE kind = 'personal'"),
        {"models"},
        {"models"},
    ),
    "a global model that is no model": (
        lambda home: run_sql(
            home,
            f"UPDATE checkpoints SET blob = x'00', fingerprint = '{hashlib.sha256(bytes(1)).hexdigest()}' "
            "WHERE kind = 'global'",
        ),
        {"models"},
        {"models"},
    ),
    "a word list that cannot be read": (
        lambda home: run_sql(home, "INSERT INTO lexicons VALUES ('cs', 'mine', 3, 0, x'00')"),
        {"languages"},
        {"languages"},
    ),
    "a keyboard that cannot be read": (
        lambda home: run_sql(home, "UPDATE keyboards SET geometry = '{'"),
        {"keyboards"},
        {"keyboards"},
    ),
    "swipes of next year": (
        lambda home: run_sql(home, "UPDATE gestures SET stored_at = stored_at + 4e7"),
        {"clock"},
        {"clock"},
    ),
    "a clock beyond all calendars": (
        lambda home: run_sql(home, "UPDATE gestures SET stored_at = 1e300"),
        {"clock"},
        {"clock"},
    ),
    "open to all": (lambda home: home.chmod(0o777), {"permissions"}, set()),
    "a store open to all": (lambda home: (home / "swipefl.db").chmod(0o666), {"permissions"}, set()),
    "a store that its owner may not write": (
        lambda home: (home / "swipefl.db").chmod(0o400),
        {"permissions"},
        set(),
    ),
    "a download open to all": (
        lambda home: (part(home, 9), (home / "partial").chmod(0o755)),
        {"permissions"},
        set(),
    ),
    "a link in the place of the lock": (
        lambda home: (home / "lock").symlink_to(home / "swipefl.db"),
        {"lock"},
        {"lock"},
    ),
    "a folder in the place of the lock": (lambda home: (home / "lock").mkdir(0o700), {"lock"}, {"lock"}),
    "a pipe in the place of the lock": (lambda home: os.mkfifo(home / "lock", 0o600), {"lock"}, {"lock"}),
    "an empty download": (lambda home: part(home, 0), set(), set()),
    "a download that nobody goes on with": (lambda home: part(home, 9, 60 * DAY_S), set(), set()),
    "a coordinator that is away": (joined, {"connection"}, {"connection"}),
    "visits that fail": (
        lambda home: refused(home, AWAY, OPENS_AT),
        {"connection", "visits"},
        {"connection"},
    ),
    "visits that cannot come through": (
        lambda home: refused(home, NEVER, 1),
        {"connection", "visits"},
        {"connection"},
    ),
    "an address that is none": (lambda home: joined(home, address="nowhere"), {"connection"}, {"connection"}),
}


@pytest.mark.parametrize("harm", HARMS)
def test_each_harm_is_found_changes_no_byte_and_is_mended_where_that_is_safe(harm: str, home: Path) -> None:
    do, found, left = HARMS[harm]
    do(home)
    before = snapshot(home)
    first = looked(home)
    assert {name for name, some in first.items() if any(each.state == "wrong" for each in some)} == found, first
    assert not [each for some in first.values() for each in some if "a bug" in each.says], first
    for each in (each for some in first.values() for each in some if each.state == "wrong"):
        assert each.remedy or each.can_fix or (each.error and each.error.remedy), each
    assert snapshot(home) == before
    assert wrong(home, fix=True) == left
    last = looked(home)
    assert wrong(home) == left
    assert left or not [each for some in last.values() for each in some if each.can_fix], last


@pytest.mark.parametrize(("error", "times"), [(AWAY, OPENS_AT), (NEVER, 1)])
def test_a_visit_that_failed_came_not_through_once_it_counts_no_more(
    home: Path, error: swipefl.SwipeflError, times: int
) -> None:
    refused(home, error, times)
    assert "the failed visits count no more" in told(home, "--fix").out
    (visits,) = looked(home)["visits"]
    assert (visits.state, "failed, which counts no more" in visits.says) == ("ok", True)
    assert "last visit failed at" in " ".join(command(home, "status").out.split())


def told(home: Path, *words: str, **extra: str) -> Done:
    done = command(home, "doctor", *words, **extra)
    assert "a bug" not in done.err, done.err
    assert "Traceback" not in done.err, done.err
    return done


def test_settings_that_an_editor_made_are_nobody_elses_in_a_folder_of_ones_own(home: Path) -> None:
    (home / "config.toml").write_text("seed = 3\n")
    (home / "config.toml").chmod(0o644)
    assert wrong(home) == set()
    home.chmod(0o755)
    assert wrong(home) == {"permissions"}


def test_what_a_killed_copy_left_is_found_and_goes_and_what_is_in_use_stays(home: Path) -> None:
    """Of a backup, a restore, an upgrade; whoever is at work has its draft locked."""
    left = [
        home / f".swipefl.db{of}.draft-1-{n}{also}"
        for n, of in enumerate(("", ".before-restore-2", ".before-upgrade"))
        for also in ("", "-wal")
    ]
    used = [home / ".swipefl.db.draft-2-2", home / ".swipefl.db.draft-2-2-wal"]
    others = [home / ".swipefl.db.draft-x", home / ".other.db.draft-1-1"]
    for path in (*left, *used, *others):
        path.write_bytes(b"x" * 1_000_000)
        path.chmod(0o600)
    with used[0].open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (note,) = looked(home)["leftovers"]
        assert (note.state, note.can_fix) == ("note", True)
        assert note.says.startswith("6 files (6.0 MB)")
        assert "6 files of copies (6.0 MB)" in looked(home)["size"][0].says
        with swipefl.open(home) as device:
            device.upkeep.doctor(fix=True)
        assert not any(path.exists() for path in left)
        assert all(path.exists() for path in (*used, *others))
        assert looked(home)["leftovers"][0].state == "ok"


def test_what_a_restore_set_aside_is_counted(home: Path, tmp_path: Path) -> None:
    with swipefl.open(home) as device:
        device.upkeep.backup(tmp_path / "backup")
        before = looked(home)["size"][0].says
        assert "copies" not in before
        for _ in range(5):
            device.upkeep.restore(tmp_path / "backup", anyway=True)
    assert "4 files of copies" in looked(home)["size"][0].says
    assert "swipefl.db.before-restore-" in looked(home)["size"][0].says
    assert looked(home)["leftovers"][0].state == "ok"


def test_it_is_said_when_the_last_backup_was_made(home: Path, tmp_path: Path) -> None:
    (before,) = looked(home)["backup"]
    assert (before.state, "swipefl backup" in (before.remedy or "")) == ("note", True)
    with swipefl.open(home) as device:
        made_at = device.upkeep.backup(tmp_path / "backup").made_at
    (after,) = looked(home)["backup"]
    assert (after.state, minute(made_at) in after.says) == ("ok", True)
    assert "backup" not in looked(tmp_path)  # of what is empty nobody needs one


def test_metrics_that_nobody_reads_are_worth_a_note(home: Path) -> None:
    for name, state in (("night.prom", "ok"), ("night.txt", "note"), ("night", "note")):
        (home / "config.toml").write_text(f'metrics_file = "{name}"\n')
        with swipefl.open(home) as device:
            (found,) = [each for each in device.upkeep.doctor().findings if each.name == "settings"]
        assert found.state == state
    done = command(home, "cycle", "--metrics-file", str(home / "night.txt"))
    assert (done.code, "does not end in .prom" in done.err) == (0, True)


def test_one_line_tells_of_the_disk_and_knows_what_nights_wait_for(home: Path) -> None:
    free = shutil.disk_usage(home).free
    (home / "config.toml").write_text(f"least_disk_mb = {free // 10**6 + 10**6}\n")
    with swipefl.open(home) as device:
        disk = [each for each in device.upkeep.doctor().findings if "disk" in each.name]
    assert [(each.name, each.state) for each in disk] == [("disk", "note")]
    assert "least_disk_mb" in (disk[0].remedy or "")


def test_what_helps_a_damaged_store_is_said_once(home: Path) -> None:
    (home / "swipefl.db").write_bytes(b"no database" * 1000)
    found = [each for some in looked(home).values() for each in some]
    assert sum("swipefl restore" in (each.remedy or "") for each in found) == 1
    assert {each.name for each in found if "cannot be read" in each.says} >= {"models", "size"}


def test_it_says_what_to_do_and_ends_in_its_exit_code(home: Path) -> None:
    fine = told(home)
    assert (fine.code, fine.err) == (0, "")
    assert fine.out.endswith("nothing is wrong\n")
    assert all(line[0] in "\N{CHECK MARK}!?" for line in fine.out.splitlines()[:-1]), fine.out
    (home / "swipefl.db").chmod(0o644)
    bad, as_json = told(home), told(home, "--json")
    assert (bad.code, as_json.code) == (UNWELL, UNWELL)
    assert "\N{BALLOT X} permissions: others may get at swipefl.db; `chmod" in bad.out
    assert re.fullmatch(r"swipefl: 1 of \d+ lines say what is wrong; --fix mends 1 of them\n", bad.err)
    report = as_json.json
    assert (report["home"], report["is_well"], report["mended"]) == (str(home), False, [])
    assert {"name", "state", "says", "remedy", "can_fix"} == report["findings"][0].keys()
    mended = told(home, "--fix")
    assert (mended.code, "mended permissions: swipefl.db" in mended.out) == (0, True), mended.out
    assert told(home, "--json").json["is_well"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs = 0\n", "epochs (config.toml)"),
        ("= broken", "cannot be read"),
        (None, "cannot be read"),
        ("epochz = 2\n", "did you mean epochs"),
    ],
)
def test_settings_that_cannot_be_used_keep_it_from_nothing(home: Path, text: str | None, says: str) -> None:
    if text is None:
        (home / "config.toml").symlink_to("nowhere")
    else:
        (home / "config.toml").write_text(text)
    done = told(home, "--json")
    found = {each["name"]: each for each in done.json["findings"]}
    assert (done.code, found["settings"]["state"], says in found["settings"]["says"]) == (UNWELL, "wrong", True), done
    assert found["settings"]["remedy"]
    assert found["database"]["state"] == "ok"
    assert [name for name, each in found.items() if each["state"] == "wrong"] == ["settings"]
    assert "for a bug" not in done.out


@pytest.mark.parametrize("way", ["none", "a file", "below a file", "a circle", "a link to nothing"])
def test_what_is_no_home_is_a_finding_and_nothing_is_made(tmp_path: Path, way: str) -> None:
    home = tmp_path / "there"
    if way == "a file":
        home.write_text("")
    elif way == "below a file":
        (tmp_path / "file").write_text("")
        home = tmp_path / "file" / "home"
    elif way == "a circle":
        home.symlink_to(home)
    elif way == "a link to nothing":
        home.symlink_to(tmp_path / "nothing")
    before = snapshot(tmp_path)
    for words in ((), ("--fix",)):
        done = told(home, "--json", *words)
        found = {each["name"]: each["state"] for each in done.json["findings"]}
        state, code = ("note", 0) if way == "none" else ("wrong", UNWELL)
        assert (done.code, found["home"]) == (code, state), done.out
        assert snapshot(tmp_path) == before


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root may be somebody else")
def test_a_home_of_somebody_else_is_a_finding_and_stays_theirs(home: Path) -> None:
    """Who may look nowhere but where everybody may is told whose it is, and changes nothing."""
    for path in (home, *home.iterdir()):
        os.chown(path, 54_321, 54_321)
    before = snapshot(home)
    for words in (("--home", str(home)), ("--home", str(home), "--fix")):
        done = command(home, "doctor", "--json", *words, before=AS_ANYONE)
        found = {each["name"]: each for each in done.json["findings"]}
        assert (done.code, found["home"]["state"], "database" in found) == (UNWELL, "wrong", False), done
        assert snapshot(home) == before


@contextmanager
def held(home: Path) -> Iterator[None]:
    with hold(home), Store(home / "swipefl.db") as store, store.transaction():
        store.meta.set("half", "done")
        yield


def test_it_waits_for_nobody_who_is_at_work(home: Path) -> None:
    (home / "swipefl.db").chmod(0o644)
    with held(home):
        began = time.monotonic()
        found = {each["name"]: each for each in told(home, "--json").json["findings"]}
        assert (found["lock"]["state"], f"pid {os.getpid()}" in found["lock"]["says"]) == ("note", True)
        assert found["database"]["state"] == found["models"]["state"] == "ok"
        run = told(home, "--fix", "--json").json
        assert time.monotonic() - began < LONG_S
        assert {each["name"]: each["failed"] for each in run["mended"]}["permissions"] is False
    with Store(home / "swipefl.db") as store:
        assert store.meta.get("half") == "done"


def test_who_has_locked_the_file_is_not_waited_for(home: Path) -> None:
    other = sqlite3.connect(home / "swipefl.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO meta VALUES ('a', 'b')")
    done = told(home, "--json")
    found = {each["name"]: each["state"] for each in done.json["findings"]}
    assert found["database"] in ("ok", "unknown"), done.out
    other.execute("ROLLBACK")
    other.close()


MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.argv[0] = "swipefl"
from swipefl.cli.app import main
main()
"""


@pytest.mark.parametrize("missing", [("torch",), ("grpc",), ("torch", "grpc", "cryptography")])
def test_a_package_that_is_missing_is_a_finding(home: Path, missing: tuple[str, ...]) -> None:
    joined(home)
    code = MISSING.format(missing=missing)
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--json"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_S,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (UNWELL, False)
    found = [each for each in json.loads(done.stdout)["findings"] if each["name"] in ("software", "connection")]
    says = " ".join(each["says"] for each in found)
    assert all(name in says for name in missing if name in ("torch", "grpc")), says


def test_a_network_that_is_dead_does_not_hang_it(home: Path) -> None:
    """Nobody accepts: the queue of who wants to be accepted is full."""
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        joined(home, address=f"127.0.0.1:{full.getsockname()[1]}")
        done = told(home, "--json")
    found = {each["name"]: each for each in done.json["findings"]}
    assert (done.code, found["connection"]["state"]) == (UNWELL, "wrong")
    assert "nights go on without" in found["connection"]["remedy"]


@pytest.mark.parametrize(
    ("days", "authority", "state", "first"),
    [
        ((-2, 400), (-900, 900), "ok", "the coordinator's"),
        ((-2, 9), (-900, 900), "note", "the coordinator's"),
        ((-9, -2), (-900, 900), "wrong", "the coordinator's"),
        ((-2, 400), (-900, 9), "note", "its authority's"),
        ((1, 400), (-900, 900), "wrong", "the coordinator's"),
        ((1, 9), (-900, 5), "wrong", "the coordinator's"),
        ((-2, 400), (2, 900), "wrong", "its authority's"),
    ],
)
def test_it_says_which_certificate_expires_when(
    home: Path, tmp_path: Path, days: tuple[int, int], authority: tuple[int, int], state: str, first: str
) -> None:
    files = certificates(tmp_path / "certificates", days=days, authority_days=authority)
    with speaking(over_tls(files, http2(200))) as address:
        joined(home, address=address, ca=files.ca.read_bytes())
        found = looked(home)
    (told,) = found["certificates"]
    assert (told.state, told.says.startswith(f"{first} (")) == (state, True), told.says
    early = sum(begins > 0 for begins, _ in (days, authority))
    assert told.says.count(" is not valid before ") == early
    assert told.says.count(" expires on ") == 2 - early, "the authority was given at enrolment"
    (connection,) = found["connection"]
    assert connection.state == ("wrong" if state == "wrong" else "ok")
    assert early or state != "wrong" or (connection.error and connection.error.code == "expired-certificate")


def test_without_tls_there_is_no_certificate_and_another_service_is_told(home: Path) -> None:
    with speaking(web_page) as address:
        joined(home, address=address)
        found = looked(home)
    assert "certificates" not in found
    assert (found["connection"][0].state, "a web server" in found["connection"][0].says) == ("wrong", True)


def test_a_disk_without_room_is_a_finding(disk: SmallDisk) -> None:
    assert disk.swipefl("ingest", "-", given=GOOD[0]).code == 0
    disk.fill()
    done = disk.swipefl("doctor", "--json")
    found = {each["name"]: each["state"] for each in done.json["findings"]}
    assert (done.code, found["disk"], found["database"]) == (UNWELL, "wrong", "ok"), done
    assert disk.swipefl("doctor", "--fix").code == UNWELL


@pytest.mark.parametrize(
    ("now", "state"),
    [(0.0, "wrong"), (1.8e9, "ok"), (1.8e9 - 7200, "wrong"), (1.8e9 - 100, "ok"), (9e9, "wrong"), (1e300, "wrong")],
)
def test_a_clock_that_cannot_be_right_is_told(now: float, state: str) -> None:
    (found,) = clock(now, {"the newest swipe": 1.8e9, "the last night": None}, lambda: False)
    assert found.state == state


def test_a_clock_that_is_set_by_a_network_was_ahead_before() -> None:
    (found,) = clock(1.8e9, {"the last night": 1.9e9}, lambda: True)
    assert (found.state, "passes by itself" in found.says) == ("note", True)


def test_what_is_swiped_meanwhile_is_no_damage(home: Path) -> None:
    """Others write all the time: what is looked at is of one moment."""
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            with Store(home / "swipefl.db") as store:
                store.words.add("zuzanka", "en")
                store.words.remove("zuzanka", "en")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for _ in range(12):
            done = told(home, "--json")
            assert {each["name"]: each["state"] for each in done.json["findings"]}["database"] == "ok", done.out
    finally:
        ended.set()
        writing.join()


def test_an_older_store_is_looked_at_and_left_as_it_is(home: Path) -> None:
    run_sql(home, f"PRAGMA user_version = {len(STORE.steps) - 1}")
    before = snapshot(home)
    found = looked(home)
    assert [each.state for each in found["database"]] == ["note", "ok"]
    assert found["models"][0].state == "unknown"
    assert snapshot(home) == before


@pytest.fixture
def hosting(tmp_path: Path) -> Path:
    """A coordinator's home."""
    home = tmp_path / "coordinator"
    swipefl.coordinator(home).init()
    return home


def run_coordinator_sql(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "coordinator.db", isolation_level=None) as conn:
        conn.execute(statement)
    conn.close()


OF_COORDINATORS: dict[str, tuple[Callable[[Path], object], set[str], set[str]]] = {
    "nothing": (lambda home: None, set(), set()),
    "no database": (lambda home: (home / "coordinator.db").unlink(), {"database"}, {"database"}),
    "cut": (lambda home: os.truncate(home / "coordinator.db", 4096 * 100), {"database"}, {"database"}),
    "a key that is none": (
        lambda home: run_coordinator_sql(home, "UPDATE keys SET private = x'00'"),
        {"key"},
        {"key"},
    ),
    "a version that is damaged": (
        lambda home: run_coordinator_sql(home, "UPDATE versions SET blob = x'00'"),
        {"versions"},
        {"versions"},
    ),
    "a newer version's": (
        lambda home: run_coordinator_sql(home, "PRAGMA user_version = 999"),
        {"database"},
        {"database"},
    ),
    "open to all": (
        lambda home: (home.chmod(0o755), (home / "coordinator.db").chmod(0o644)),
        {"permissions"},
        set(),
    ),
    "a folder in the place of its lock": (lambda home: (home / "coordinator.lock").mkdir(0o700), {"lock"}, {"lock"}),
}


@pytest.mark.parametrize("harm", OF_COORDINATORS)
def test_a_coordinators_harm_is_found_and_changes_no_byte(harm: str, hosting: Path) -> None:
    do, found, left = OF_COORDINATORS[harm]
    do(hosting)
    before = snapshot(hosting)
    coordinator = swipefl.coordinator(hosting)
    first, after = coordinator.doctor(), snapshot(hosting)
    assert {each.name for each in first.findings if each.state == "wrong"} == found, first
    assert not [each for each in first.findings if "a bug" in each.says], first
    assert after == before
    mended = coordinator.doctor(fix=True)
    assert {each.name for each in mended.findings if each.state == "wrong"} == left, mended
    done = command(hosting, "coordinator", "doctor", "--json")
    assert (done.code, done.json["is_well"]) == ((UNWELL, False) if left else (0, True))


@pytest.mark.parametrize(
    ("days", "state", "says"),
    [
        (None, "note", "no SuperNode came yet"),
        (-1, "ok", "came last at"),
        (0, "ok", "came last at"),
        (2, "note", "2 days ago"),
        (8, "wrong", "8 days ago"),
    ],
)
def test_a_coordinator_that_follows_is_told_when_a_node_last_came(
    days: int | None, state: str, says: str, hosting: Path
) -> None:
    assert "flower" not in {each.name for each in swipefl.coordinator(hosting).doctor().findings}
    (hosting / "coordinator.toml").write_text('versions_from = "flower"\n')
    if days is not None:
        at = int(time.time()) - 86_400 * days - 60
        run_coordinator_sql(hosting, f"INSERT INTO serving VALUES ('node_came_at', {at})")
    found = next(each for each in swipefl.coordinator(hosting).doctor().findings if each.name == "flower")
    assert (found.state, says in found.says, found.remedy is None) == (state, True, state == "ok"), found
    done = command(hosting, "coordinator", "doctor")
    assert (done.code == UNWELL) == (state == "wrong")


def test_what_helps_a_damaged_coordinator_is_said_once(hosting: Path) -> None:
    (hosting / "coordinator.db").write_bytes(b"no database" * 10_000)
    found = swipefl.coordinator(hosting).doctor().findings
    assert sum("coordinator restore" in (each.remedy or "") for each in found) == 1
    assert {each.name for each in found if "cannot be read" in each.says} >= {"key", "versions"}


@pytest.mark.parametrize("text", ["buffer = 0\n", "= broken", "bufer = 2\n", "rule = 'best'\n", "tls_cert = 1\n"])
def test_a_coordinators_settings_that_cannot_be_used_keep_its_doctor_from_nothing(hosting: Path, text: str) -> None:
    file = hosting / "coordinator.toml"
    file.write_text(text)
    done = command(hosting, "coordinator", "doctor", "--json")
    found = {each["name"]: each for each in done.json["findings"]}
    assert (done.code, found["settings"]["state"]) == (UNWELL, "wrong"), done
    assert file.name in found["settings"]["says"]
    assert found["settings"]["remedy"]
    assert {name for name, each in found.items() if each["state"] == "wrong"} == {"settings"}
    assert found["certificate"]["state"] == "unknown"  # it stands there, or not
    assert found["database"]["state"] == found["versions"]["state"] == "ok"
    file.unlink()
    assert command(hosting, "coordinator", "doctor").code == 0


@pytest.mark.parametrize(
    ("days", "state"),
    [((-2, 400), "ok"), ((-2, 9), "note"), ((-9, -2), "wrong"), ((1, 9), "wrong"), ((1, 400), "wrong")],
)
def test_a_coordinators_certificate_and_its_key_are_looked_at(
    hosting: Path, tmp_path: Path, days: tuple[int, int], state: str
) -> None:
    files = certificates(tmp_path / "certificates", days=days)
    files.key.chmod(0o600)
    given = {"tls_cert": files.certificate, "tls_key": files.key}
    certificate = [
        each for each in swipefl.coordinator(hosting, **given).doctor().findings if each.name == "certificate"
    ]
    assert [each.state for each in certificate] == [state]
    assert ("is not valid before" in certificate[0].says) == (days[0] > 0)
    files.key.chmod(0o644)
    assert swipefl.coordinator(hosting, **given).doctor().findings[-3].says.startswith("everybody may get at the key")
    (half,) = (
        each for each in swipefl.coordinator(hosting, tls_cert=files.certificate).doctor().findings if each.error
    )
    assert half.name == "certificate"
