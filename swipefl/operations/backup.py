"""A device's backup: all that its store holds in one file, and its settings; and how it comes back.

A store that came back is who it was before it was lost: it has the same name to its coordinator, which takes one update
of that name into any version. But it forgets what it had left to send: another store may have sent that since.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from swipefl.database.files import check_not_ours
from swipefl.database.lock import check_free, hold, in_turn
from swipefl.database.opening import open_database, opened_draft
from swipefl.database.restoring import (
    NO_STORE,
    aside_of,
    is_there,
    opened_before,
    overwrite,
    put_instead,
    put_new,
)
from swipefl.database.snapshots import erase_oldest_aside
from swipefl.database.sql import Sql
from swipefl.device.ownership import FORGOTTEN
from swipefl.errors import StoreError
from swipefl.federation.device.copied import LAST
from swipefl.federation.device.joined import JOINED
from swipefl.federation.device.leaving import HAS_LEFT, PENDING, TOLD
from swipefl.federation.device.node import FOLLOWED, come_back
from swipefl.federation.device.versions import SEEN
from swipefl.operations.copies import may_be_written, put_settings, settings_text, unpacked, write_backup
from swipefl.stopping import Stop, never
from swipefl.store.membership import Memberships
from swipefl.store.meta import Meta
from swipefl.store.outbox import Outbox
from swipefl.store.schema import STORE

_GLOBAL = (
    "kind, fingerprint, parent, created_at, in_use, device_id, accepted, held_out, swipes, right_before, right_now, "
    "blob"
)


@dataclass(frozen=True)
class BackupReport:
    """A backup that was written: when (unix seconds), its bytes, its gestures, and whether settings went along."""

    file: str | None
    made_at: float
    bytes: int
    gestures: int
    settings: bool


@dataclass(frozen=True)
class Planned:
    """What restoring would do: a backup's time and gestures, and the gestures here, None where no store can be read.

    `forgotten_at` is when something was forgotten here after the backup was made, None where nothing was: it is in the
    backup.
    """

    made_at: float
    gestures: int
    gestures_here: int | None
    forgotten_at: float | None


@dataclass(frozen=True)
class RestoreReport:
    """What came back, and where what was here before lies now, None where nothing was.

    `settings` says whether those came back too: only where there were none. `member` whether it belongs to a
    federation.
    """

    made_at: float
    gestures: int
    aside: str | None
    settings: bool
    member: bool
    forgotten_at: float | None


def backup(
    store: Path, settings: Path, target: "Path | BinaryIO", clock: Callable[[], float] = time.time, stop: Stop = never
) -> BackupReport:
    """Write all of the store and the settings file into one file. Raises UsageError, StoreError, what `stop` says."""
    if may_be_written(store):
        with closing(open_database(store, STORE, make=False).db):  # that of an older swipefl is brought up to date
            pass
    text, made_at, found = settings_text(settings), clock(), [0]

    def count(copy: sqlite3.Connection) -> None:
        found[0] = _gestures(copy)

    facts = {"made_at": made_at, "settings": text}
    if isinstance(target, Path):
        check_not_ours(target)
    size = write_backup(store, STORE, target, facts, count, stop)
    return BackupReport(str(target) if isinstance(target, Path) else None, made_at, size, found[0], text is not None)


def restore(
    source: "Path | BinaryIO", store: Path, settings: Path, agree: Callable[[Planned], bool], stop: Stop = never
) -> RestoreReport | None:
    """Puts a backup in the place of what is in the store, which is set aside; None where `agree` said no.

    All at once, or nothing; whoever reads the store sees what came back. Who this device is to its coordinator stays
    as it is here, and so does that it has left. Nobody is kept from the store while a backup is read or `agree` takes
    its time, so it is asked once more where its answer was to something else. Raises StoreBusy where another run holds
    the store, DataError for what is no whole backup, StoreError, and what `stop` says; then nothing was changed.
    """
    check_free(store.parent)
    with unpacked(source, store, STORE) as (draft, facts):
        while True:
            planned = _planned(draft, store, facts["made_at"])
            if not agree(planned):
                return None
            with hold(store.parent), in_turn(store.parent, stop):
                if _planned(draft, store, facts["made_at"]) != planned:
                    continue
                member, aside = _put(draft, store, settings)
                has_settings = put_settings(settings, facts.get("settings"))
            break
    erase_oldest_aside(store)
    where = str(aside) if aside else None
    return RestoreReport(planned.made_at, planned.gestures, where, has_settings, member, planned.forgotten_at)


def _planned(draft: Path, store: Path, made_at: float) -> Planned:
    with closing(opened_draft(draft, STORE).db) as db:
        gestures = _gestures(db.conn)
    here = opened_before(store, STORE)
    if here is None:
        return Planned(made_at, gestures, None, None)
    with closing(here.db):
        forgotten = float(Meta(here).get(FORGOTTEN) or 0)
        return Planned(made_at, gestures, _gestures(here.db.conn), forgotten if forgotten > made_at else None)


def _put(draft: Path, store: Path, settings: Path) -> tuple[bool, Path | None]:
    """Puts it in the place of what is there now; says whether it is a member, and where that lies which was there.

    That may be more than when somebody was asked: an ingest or a server may have made a store since, and has it open.
    So one that can be opened is never replaced by name: what is stored into it afterwards would be lost.
    """
    with closing(opened_draft(draft, STORE).db) as db:
        back, here = Sql(draft, db, STORE.lost), opened_before(store, STORE)
        if here is None:
            member, aside = _take_over(back, None), None
        else:
            with closing(here.db):
                member = _take_over(back, here)
                aside = _overwritten(back, here, settings)
        back.run("PRAGMA journal_mode = DELETE")  # one file, which may take a place
    if aside is not None:
        return member, aside
    if is_there(store):
        return member, put_instead(draft, store)
    if put_new(draft, store):
        return member, None
    return _put(draft, store, settings)  # another one was first


def _gestures(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM gestures").fetchone()[0])


def _overwritten(back: Sql, here: Sql, settings: Path) -> Path | None:
    """Puts it in the place of what is here, and gives where that lies now; None where that turned out to be damaged."""
    aside, before = aside_of(here.path), _times(here)
    facts = {"made_at": time.time(), "settings": settings_text(settings)}
    try:
        overwrite(here, back, lambda: write_backup(here.path, STORE, aside, facts))
    except BaseException as error:
        if _is_as_it_was(here, before):  # each try would leave a whole copy, on a disk that may be full
            aside.unlink(missing_ok=True)
        if isinstance(error, StoreError) and error.code in NO_STORE:
            return None
        raise
    return aside


def _times(here: Sql) -> int:
    ((times,),) = here.rows("SELECT times FROM rewritten")
    return int(times)


def _is_as_it_was(here: Sql, before: int) -> bool:
    """Whether it is still the one that was rewritten so often; False where that cannot be known."""
    with suppress(StoreError):
        return _times(here) == before
    return False


def _take_over(back: Sql, here: Sql | None) -> bool:
    """What a store that comes back is not to bring along, and what of here stays; says whether it is a member.

    What waited to be sent and what is left over of what was sent may have been sent by another one meanwhile.
    """
    members, meta = Memberships(back), Meta(back)
    with back.transaction():
        Outbox(back).erase()
        come_back(meta, Meta(here) if here else None)
        back.run("UPDATE nights SET shared = 'stale' WHERE shared = 'waits'")
        meta.delete(TOLD)
        if here:
            _keep_federation(back, here)
            _keep_records(back, here)
        if member := members.get():
            members.set(replace(member, residual=b""))
            meta.delete(FOLLOWED)  # who gives to a coordinator is nobody's node
    return member is not None


def _keep_federation(back: Sql, here: Sql) -> None:
    """Who this device is to whom, what it knows of that one's models, or that it has left: as here, not as it was."""
    member, known = Memberships(here).get(), Meta(here)
    is_of = member or known.get(FOLLOWED)
    if is_of:
        _keep_globals(back, here)
    if not is_of and known.get(HAS_LEFT) is None:
        return
    members, meta = Memberships(back), Meta(back)
    members.delete()
    for key in (PENDING, HAS_LEFT, LAST, SEEN):
        meta.take(key, known)
    if member:
        members.set(member)


def _keep_globals(back: Sql, here: Sql) -> None:
    """The federation's models: as here, as what is known of them is."""
    back.run("DELETE FROM checkpoints WHERE kind = 'global'")
    globals_here = here.rows(f"SELECT {_GLOBAL} FROM checkpoints WHERE kind = 'global' ORDER BY id")
    marks = ", ".join("?" for _ in _GLOBAL.split(", "))
    back.run_many(f"INSERT INTO checkpoints ({_GLOBAL}) VALUES ({marks})", globals_here)


def _keep_records(back: Sql, here: Sql) -> None:
    """What left from here and when something was forgotten stays known; and whoever follows the store looks anew."""
    if forgotten := Meta(here).get(FORGOTTEN):
        Meta(back).set(FORGOTTEN, forgotten)
    left = here.rows("SELECT number, sent_at, bytes, outcome FROM departures")
    if left:
        back.run("DELETE FROM departures")
        back.run_many("INSERT INTO departures (number, sent_at, bytes, outcome) VALUES (?, ?, ?, ?)", left)
    _keep_joined(back, here, bool(left))
    back.run("UPDATE rewritten SET times = max(times, ?) + 1", (_times(here),))


def _keep_joined(back: Sql, here: Sql, has_left: bool) -> None:
    """What of all that left went to others: as here; all that the copy knows of, where nothing left from here yet."""
    if has_left:
        Meta(back).take(JOINED, Meta(here))
    elif Memberships(here).get() or Meta(here).get(FOLLOWED):
        ((last,),) = back.rows("SELECT coalesce(max(number), 0) FROM departures")
        Meta(back).set(JOINED, str(last))
