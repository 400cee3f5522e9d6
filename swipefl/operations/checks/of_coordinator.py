"""What `coordinator doctor` looks at, in which order, and what it mends."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from swipefl.database.looking import look_at
from swipefl.database.sql import Sql
from swipefl.decoder.checkpoint import checkpoint_from_bytes
from swipefl.decoder.encoder import usable
from swipefl.errors import CheckpointError, StoreError
from swipefl.federation.coordinator.certificates import CertificateFiles
from swipefl.federation.coordinator.devices import DAY_S
from swipefl.federation.coordinator.keys import Keys
from swipefl.federation.coordinator.schema import COORDINATOR, LOCK
from swipefl.federation.protocol.pem import read_pair
from swipefl.operations.checks import home, running, software, stored
from swipefl.operations.checks.clock import clock, minute
from swipefl.operations.checks.federation import SOON_DAYS
from swipefl.operations.doctor import Check
from swipefl.operations.findings import Finding, State, counted
from swipefl.stopping import Stop

SILENT_DAYS = 7  # without a SuperNode, and something is wrong
LOST = (
    "`swipefl coordinator restore FILE --signing-key KEY` puts a backup and its key in its place; stop whoever serves "
    "first"
)


@dataclass(frozen=True)
class Hosted:
    """A coordinator as its doctor sees it: who asks (`uid`), its home and database, what it serves with.

    `load_settings` raises UsageError for what is wrong with them; then it is not known what it serves with. It
    `follows` who makes its versions elsewhere.
    """

    uid: int
    home: Path
    path: Path
    certificate: Path | None
    key: Path | None
    client_ca: Path | None
    load_settings: Callable[[], object]
    settings_file: Path
    follows: bool = False
    now: Callable[[], float] = time.time


def coordinator_checks(of: Hosted, stop: Stop) -> list[Check]:
    """All that is looked at; of a home that is not there nothing is looked at twice."""
    checks = [
        Check(software.SETTINGS, lambda: software.settings(of.load_settings, of.settings_file)),
        Check(home.HOME, lambda: home.home_folder(of.home, of.uid), lambda: home.close(of.home, of.uid)),
    ]
    if home.is_there(of.home):
        checks += [
            Check(home.PERMISSIONS, lambda: home.permissions(of.home, of.uid), lambda: home.close(of.home, of.uid)),
            Check(running.LOCK, lambda: running.lock(of.home, LOCK)),
            Check(stored.DATABASE, lambda: stored.steadily(of.path, lambda: _database(of, stop))),
            Check("key", lambda: _inside(of, "key", _key)),
            Check("versions", lambda: _inside(of, "versions", _versions)),
        ]
        if of.follows:
            checks.append(Check("flower", lambda: _inside(of, "flower", lambda sql: _flower(sql, of.now()))))
    return [
        *checks,
        Check("certificate", lambda: _certificate(of)),
        Check("clock", lambda: clock(of.now(), _marks(of))),
        Check(running.DISK, lambda: running.disk(of.home, of.path)),
    ]


def _database(of: Hosted, stop: Stop) -> Iterator[Finding]:
    try:
        sql = look_at(of.path, COORDINATOR)
        with closing(sql.db):
            for each in stored.soundness(of.path, sql, COORDINATOR, stop, LOST):
                yield replace(each, can_fix=False, remedy=LOST) if each.can_fix else each
    except StoreError as error:
        if error.code == "no-store" and not of.path.is_symlink():
            yield Finding(
                stored.DATABASE, "wrong", f"there is no coordinator in {of.home}", "`swipefl coordinator init`"
            )
        else:
            found = stored.unopened(of.path, error)
            yield Finding(found.name, found.state, found.says, LOST if found.state == "wrong" else found.remedy)


def _inside(of: Hosted, name: str, look: Callable[[Sql], Iterator[Finding]]) -> Iterator[Finding]:
    """What a look into the database finds; what helps where it cannot be read is told once, by `database`."""

    def found() -> Iterator[Finding]:
        try:
            sql = look_at(of.path, COORDINATOR)
            with closing(sql.db):
                yield from look(sql)
        except StoreError as error:
            if error.code != "no-store":
                yield Finding(name, "unknown", f"this cannot be read: {error}")

    yield from stored.steadily(of.path, found)


def _key(sql: Sql) -> Iterator[Finding]:
    """Whether there is a key that signs, which every device has pinned. Raises StoreError."""
    try:
        Keys(sql).public()
    except ValueError:
        yield Finding("key", "wrong", "the key that signs cannot be read, and no device takes another", LOST)
    else:
        yield Finding("key", "ok", "the key that signs is there, and can be read")


def _versions(sql: Sql) -> Iterator[Finding]:
    """Whether each version that is kept is as it was published. Raises StoreError."""
    kept, bad = 0, 0
    for number, sha256, blob in sql.each("SELECT number, sha256, blob FROM versions WHERE blob IS NOT NULL"):
        kept += 1
        try:
            usable(checkpoint_from_bytes(blob))
            is_as_it_was = hashlib.sha256(blob).digest() == sha256
        except CheckpointError:
            is_as_it_was = False
        if not is_as_it_was:
            bad += 1
            yield Finding("versions", "wrong", f"version {number} of the model is damaged", LOST)
    if not bad:
        yield Finding("versions", "ok", _kept(kept))


def _kept(count: int) -> str:
    return "1 version is kept, as it was published" if count == 1 else f"{count} versions are kept, each as published"


def _flower(sql: Sql, now: float) -> Iterator[Finding]:
    """When somebody last came from where versions are made; a server asks every few seconds. Raises StoreError."""
    rows = sql.rows("SELECT value FROM serving WHERE name = 'node_came_at'")
    if not rows:
        says = "versions come from Flower, and no SuperNode came yet: no version is made"
        yield Finding("flower", "note", says, "start one whose node config says this home, and `swipefl flower run`")
        return
    came_at = rows[0][0]
    days = int((now - came_at) // DAY_S)
    state: State = "ok" if days < 1 else "note" if days < SILENT_DAYS else "wrong"
    says = f"versions come from Flower, whose SuperNode came last at {minute(came_at)}"
    remedy = "see whether the SuperNode runs, and the run that makes versions" if days >= 1 else None
    yield Finding("flower", state, says + (f", {counted(days, 'day')} ago" if days >= 1 else ""), remedy)


def _certificate(of: Hosted) -> Iterator[Finding]:
    """When what is served with expires, and who may read its key. Raises UsageError for what cannot be served with."""
    if any(each.state == "wrong" for each in software.settings(of.load_settings, of.settings_file)):
        yield Finding("certificate", "unknown", "what it serves with is not known", "see what is said of the settings")
        return
    read_pair(of.certificate, of.key)  # raises for one without the other
    if of.certificate is None or of.key is None:
        yield Finding("certificate", "ok", "none is set: it is served without TLS, on this machine unless --insecure")
        return
    served = CertificateFiles(of.certificate, of.key, of.client_ca).read()
    until = served.expires_at
    days = int((until - of.now()) // 86_400)
    state: State = "wrong" if days < 0 else "note" if days < SOON_DAYS else "ok"
    left = f", in {days} days" if days >= 0 else ""
    says = f"{of.certificate} expires on {datetime.fromtimestamp(until, UTC):%Y-%m-%d}{left}"
    remedy = None if state == "ok" else "put a new one in its place; whoever serves takes it up by itself"
    if served.begins_at > of.now():
        begins = f"{datetime.fromtimestamp(served.begins_at, UTC):%Y-%m-%d %H:%M} UTC"
        state, says = "wrong", f"{of.certificate} is not valid before {begins}: no device can connect"
        remedy = "set this machine's clock, if it is behind; else put one in its place that is valid now"
    yield Finding("certificate", state, says, remedy)
    if stat.S_IMODE(os.stat(of.key).st_mode) & 0o007:
        yield Finding("certificate", "wrong", f"everybody may get at the key in {of.key}", f"`chmod o-rwx {of.key}`")


def _marks(of: Hosted) -> dict[str, float | None]:
    try:
        sql = look_at(of.path, COORDINATOR)
        with closing(sql.db):
            ((made,),) = sql.rows("SELECT max(created_at) FROM versions")
            return {"the newest version": made}
    except StoreError:
        return {}
