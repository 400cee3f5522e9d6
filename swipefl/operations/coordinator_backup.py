"""A coordinator's backup: all that it knows but the key that it signs with, which is written apart; how it comes back.

Devices take no version that is older than what they have seen, nor other weights under a number that they know. What a
coordinator published after its backup is lost with it, and how much that was nobody can tell it. So what comes back
publishes the weights that it has once more, under a number that none of those can have reached: a version takes a
second at least. Nothing that waited for a round comes back, as it may have gone into a version since, and no token that
was not used, as it may have been.

Two things are not undone where what is there can be read: a key that was rotated since signs on, as devices that
followed it go back to none, and the older one may have got out; and who was revoked or left stays so.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from swipefl.database.files import check_not_ours
from swipefl.database.lock import check_free, hold
from swipefl.database.opening import opened_draft
from swipefl.database.restoring import (
    NO_STORE,
    aside_of,
    is_there,
    keep_copy,
    opened_before,
    overwrite,
    put_instead,
    put_new,
)
from swipefl.database.sealed import check_target
from swipefl.database.snapshots import erase_oldest_aside
from swipefl.database.sql import Sql
from swipefl.errors import DataError, Remedy, StoreError, TrustError, UsageError
from swipefl.federation.coordinator.contributions import Contributions
from swipefl.federation.coordinator.keys import Keys
from swipefl.federation.coordinator.schema import COORDINATOR, LOCK
from swipefl.federation.coordinator.state import State
from swipefl.federation.protocol.signing import public_bytes, successor
from swipefl.federation.wire.v1.federation_pb2 import Succession
from swipefl.operations.copies import put_settings, settings_text, unpacked, write_backup, write_private

_NEWEST = "SELECT max(number) FROM versions"
LEAST_AHEAD = 1_000  # versions, where a clock says that no time has passed


@dataclass(frozen=True)
class CoordinatorBackupReport:
    """A backup that was written: when (unix seconds), its bytes, its newest version, and where the key went, if so."""

    file: str | None
    made_at: float
    bytes: int
    version: int
    signing_key: str | None


@dataclass(frozen=True)
class CoordinatorPlanned:
    """What restoring would do: a backup's time, newest version and devices, and what is here and would be set aside.

    Of here that is None where no coordinator can be read.
    """

    made_at: float
    version: int
    devices: int
    version_here: int | None
    devices_here: int | None


@dataclass(frozen=True)
class CoordinatorRestoreReport:
    """What came back: of when, the version that its weights are now, and where what was there before lies.

    `dropped` updates that waited may have gone into a version that devices have seen; `tokens` were not used yet.
    Of what was there go on: `newer_keys` that were rotated to since, the last of which signs, and that `revoked` more
    of the backup's devices are refused; None where nothing of it could be read.
    """

    made_at: float
    version: int
    aside: str | None
    settings: bool
    devices: int
    dropped: int
    tokens: int
    newer_keys: int | None
    revoked: int | None


def backup(
    database: Path,
    settings: Path,
    target: "Path | BinaryIO",
    signing_key: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> CoordinatorBackupReport:
    """Write all but the signing key into one file, beside a server that goes on; the key into one of its own.

    Raises UsageError where no coordinator is, or a file is something else; StoreError.
    """
    with State(database) as state:
        state.keys.signing()  # there is a coordinator
    if signing_key is not None:
        _check_key_file(signing_key, target)
    facts: dict[str, Any] = {"made_at": clock(), "settings": settings_text(settings)}
    taken = _Taken(facts)
    if isinstance(target, Path):
        check_not_ours(target)
    size = write_backup(database, COORDINATOR, target, facts, taken, before=lambda: taken.write_key(signing_key))
    file = str(target) if isinstance(target, Path) else None
    return CoordinatorBackupReport(file, facts["made_at"], size, taken.version, signing_key and str(signing_key))  # type: ignore[arg-type]


class _Taken:
    """What a copy is not to hold, taken out of that very copy: a key that is rotated meanwhile is another's."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._private = b""
        self.version = 0

    def __call__(self, copy: sqlite3.Connection) -> None:
        """The links by which devices follow from key to key stay.

        No page of a backup has what a single device sent: no backup brings that back into a round.
        """
        ((self._private,),) = copy.execute("SELECT private FROM keys ORDER BY number DESC LIMIT 1").fetchall()
        ((self.version,),) = copy.execute(_NEWEST).fetchall()
        self._facts["public_key"] = public_bytes(self._key()).hex()
        copy.execute("UPDATE keys SET private = x''")
        copy.execute("UPDATE updates SET blob = NULL WHERE blob IS NOT NULL")

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._private)

    def write_key(self, file: Path | None) -> None:
        """The key that the copy was signed with, in a file of its own. Raises StoreError."""
        if file is not None:
            write_private(file, self._key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _check_key_file(file: Path, target: "Path | BinaryIO") -> None:
    """Raises UsageError where something else than such a key is there already."""
    check_target_of_key(file)
    if isinstance(target, Path):
        check_target(target, COORDINATOR.application_id)
        if file.absolute() == target.absolute():
            raise UsageError("one-file", "the signing key has a file of its own", Remedy.CHOOSE_FILE)


def check_target_of_key(file: Path) -> None:
    """Raises UsageError where a file is there that holds no such key: it would be lost."""
    check_not_ours(file)
    if not file.parent.is_dir():
        raise UsageError("not-in-a-folder", "{folder} is no folder", Remedy.CHOOSE_FILE, folder=file.parent)
    if not file.is_symlink() and (not file.exists() or (file.is_file() and file.stat().st_size == 0)):
        return
    with suppress(DataError):
        if not file.is_symlink():
            read_key(file)
            return
    raise UsageError("another-file", "{file} is there already, and is no signing key", Remedy.CHOOSE_FILE, file=file)


def read_key(file: Path) -> Ed25519PrivateKey:
    """The signing key in a file (PEM). Raises DataError."""
    try:
        if not file.is_file():
            raise ValueError
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        what = "{file} holds no signing key that can be read"
        raise DataError("no-signing-key", what, Remedy.GIVE_SIGNING_KEY, file=file) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError("no-signing-key", "{file} holds another kind of key", Remedy.GIVE_SIGNING_KEY, file=file)
    return key


def restore(
    source: "Path | BinaryIO",
    database: Path,
    settings: Path,
    signing_key: Path,
    agree: Callable[[CoordinatorPlanned], bool] = lambda planned: True,
    clock: Callable[[], float] = time.time,
) -> CoordinatorRestoreReport | None:
    """Puts a backup and its signing key in the place of what is there, which is set aside; all of it, or nothing.

    None where `agree` said no; then nothing was changed. Raises StoreBusy where a server runs, DataError for what is no
    whole backup or another one's key, StoreError.
    """
    key = read_key(signing_key)
    check_free(database.parent, LOCK)  # and a server may start until all of the backup is here
    with unpacked(source, database, COORDINATOR) as (draft, facts), hold(database.parent, LOCK):
        if public_bytes(key).hex() != facts.get("public_key"):
            what = "{file} is not the key that the coordinator of this backup signed with"
            raise DataError("another-key", what, Remedy.GIVE_SIGNING_KEY, file=signing_key)
        with closing(opened_draft(draft, COORDINATOR).db) as db:
            back = Sql(draft, db, COORDINATOR.lost)
            _check_chain(back, key)
            if not agree(_planned(back, database, facts["made_at"])):
                return None
            dropped, tokens = _take_back(back, key)
            newer_keys, revoked = _take_over(back, database, public_bytes(key))
            back.run("PRAGMA journal_mode = DELETE")
        ahead = max(LEAST_AHEAD, int(clock() - facts["made_at"]) + LEAST_AHEAD)
        with State(draft) as state:
            version = state.publish_again(ahead).number
            devices = state.devices.count()
            state.sql.run("PRAGMA journal_mode = DELETE")
        aside = _put(draft, database)
        if aside and newer_keys is not None and revoked is not None:  # what came between the look and the exchange
            late_keys, late_revoked = _late(database, aside)
            newer_keys, revoked, devices = newer_keys + late_keys, revoked + late_revoked, devices - late_revoked
        has_settings = put_settings(settings, facts.get("settings"))
    erase_oldest_aside(database)
    where = str(aside) if aside else None
    return CoordinatorRestoreReport(
        facts["made_at"], version, where, has_settings, devices, dropped, tokens, newer_keys, revoked
    )


def _planned(back: Sql, database: Path, made_at: float) -> CoordinatorPlanned:
    here = opened_before(database, COORDINATOR)
    if here is None:
        return CoordinatorPlanned(made_at, *_known(back), None, None)
    with closing(here.db):
        return CoordinatorPlanned(made_at, *_known(back), *_known(here))


def _known(sql: Sql) -> tuple[int, int]:
    """Its newest version, and how many devices there are."""
    ((version,),), ((devices,),) = sql.rows(_NEWEST), sql.rows("SELECT count(*) FROM devices WHERE NOT revoked")
    return int(version or 0), int(devices)


def _check_chain(back: Sql, key: Ed25519PrivateKey) -> None:
    """Raises DataError where its own last link names another key: devices that followed it would refuse this one."""
    links = back.rows("SELECT succession FROM keys ORDER BY number DESC LIMIT 1")
    if not links or (links[0][0] and Succession.FromString(links[0][0]).new_public_key != public_bytes(key)):
        what = "the key was rotated while this backup was made: its devices follow another one"
        raise DataError("rotated-key", what, Remedy.OTHER_BACKUP)


def _put(draft: Path, database: Path) -> Path | None:
    """Puts it in the place of what is there, and says where that lies now; what can be opened keeps its file."""
    here = opened_before(database, COORDINATOR)
    if here is None:
        if is_there(database):
            return put_instead(draft, database)
        return None if put_new(draft, database) else _put(draft, database)  # another one was first
    aside = aside_of(database)
    with closing(here.db):
        try:
            before = here.rows(_NEWEST)
            with closing(opened_draft(draft, COORDINATOR).db) as db:
                overwrite(here, Sql(draft, db, COORDINATOR.lost), lambda: keep_copy(database, aside))
            return aside
        except BaseException as error:
            is_damaged = isinstance(error, StoreError) and error.code in NO_STORE
            with suppress(StoreError):
                if is_damaged or here.rows(_NEWEST) == before:  # nothing was changed
                    aside.unlink(missing_ok=True)
            if not is_damaged:
                raise
    return put_instead(draft, database)


def _take_back(back: Sql, key: Ed25519PrivateKey) -> tuple[int, int]:
    """Gives it its key, and drops what may have been used since; says how many updates and tokens."""
    with back.transaction():
        back.run(
            "UPDATE keys SET private = ? WHERE number = (SELECT max(number) FROM keys)", (key.private_bytes_raw(),)
        )
        dropped = back.run("UPDATE updates SET consumed_by = 0, blob = NULL WHERE consumed_by IS NULL")
        Contributions(back).forget()  # to nobody: it may have gone into a version elsewhere, too
        tokens = back.run("DELETE FROM tokens WHERE device IS NULL")
    return dropped, tokens


def _take_over(back: Sql, database: Path, signing: bytes) -> tuple[int | None, int | None]:
    """What goes on of what is there: how many keys that follow the one that is `signing`, and devices that are refused.

    None where no coordinator can be read. Raises StoreError.
    """
    here = opened_before(database, COORDINATOR)
    if here is None:
        return None, None
    with closing(here.db), here.reading(), back.transaction():
        newer = _following(here, signing)
        back.run_many("INSERT INTO keys (private, succession) VALUES (?, ?)", newer)
        gone = here.rows("SELECT has_left, id, credential FROM devices WHERE revoked")
        refuse = "UPDATE devices SET revoked = 1, has_left = ? WHERE id = ? AND credential = ? AND NOT revoked"
        return len(newer), back.run_many(refuse, gone) if gone else 0


def _late(database: Path, aside: Path) -> tuple[int, int]:
    """What goes on of what was set aside beyond what does already: keys, and devices that are refused."""
    with State(database) as state:
        newer, refused = _take_over(state.sql, aside, bytes(state.keys.public().public_key))
    return newer or 0, refused or 0


def _following(here: Sql, signing: bytes) -> list[tuple[bytes, bytes]]:
    """Its keys that follow the one that is `signing`, each with its link; none where it is another coordinator."""
    try:
        if successor(signing, Keys(here).public()) == signing:
            return []
    except (TrustError, UsageError):
        return []
    rows = here.rows("SELECT private, succession FROM keys ORDER BY number")
    named_by = [link and Succession.FromString(link).old_public_key for _, link in rows]
    return rows[named_by.index(signing) :]
