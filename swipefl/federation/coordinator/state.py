"""All that a coordinator knows, in one SQLite file; what it has acknowledged is in there."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from safetensors.numpy import load, save

from swipefl.database.opening import open_database
from swipefl.database.sql import Sql
from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, StoreBusy, UsageError
from swipefl.federation.aggregation import Moments
from swipefl.federation.coordinator.records import Device, Draft, Received, Version, Waiting
from swipefl.federation.coordinator.schema import COORDINATOR
from swipefl.federation.protocol.signing import public_bytes, succession
from swipefl.federation.protocol.token import SECRET_BYTES, Token
from swipefl.federation.update import Delta
from swipefl.federation.wire.v1.federation_pb2 import SigningKeys, Succession

LOG_BYTES = 64 * 1024 * 1024
KEPT = 20  # versions that can still be downloaded and rolled back to
_VERSION = "number, made_by, created_at, updates, architecture, fingerprint, sha256, top1, length(blob)"


class State:
    """The file `path`; one instance a thread. Raises StoreError as the device's store does."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._sql = Sql(path, open_database(path, COORDINATOR), COORDINATOR.remedy)
        # Pages of updates that a round has consumed meanwhile are written to the log again and to the file once.
        self._sql.run(f"PRAGMA wal_autocheckpoint = {LOG_BYTES // COORDINATOR.page_size}")
        self._clock = clock

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and the only writer meanwhile."""
        return self._sql.transaction()

    # keys

    def create(self, first: Checkpoint) -> Version:
        """A signing key and version 1. Raises UsageError where there is one already."""
        with self.transaction():
            if self._sql.rows("SELECT 1 FROM keys LIMIT 1"):
                raise UsageError(f"{self.path} is a coordinator already; `swipefl coordinator publish` adds a version")
            key = Ed25519PrivateKey.generate()
            self._sql.run("INSERT INTO keys (private, succession) VALUES (?, x'')", (key.private_bytes_raw(),))
            return self.publish(Draft(first, "published"))

    def signing_key(self) -> Ed25519PrivateKey:
        """The key that signs now. Raises UsageError before `create`."""
        rows = self._sql.rows("SELECT private FROM keys ORDER BY number DESC LIMIT 1")
        if not rows:
            raise UsageError(f"{self.path} is no coordinator yet; `swipefl coordinator init` makes it one")
        return Ed25519PrivateKey.from_private_bytes(rows[0][0])

    def keys(self) -> SigningKeys:
        """The public key, and how it followed those before."""
        links = self._sql.rows("SELECT succession FROM keys WHERE length(succession) > 0 ORDER BY number")
        return SigningKeys(
            public_key=public_bytes(self.signing_key()), successions=[Succession.FromString(row[0]) for row in links]
        )

    def rotate_key(self) -> None:
        """A new key signs from now on; the old one says so."""
        with self.transaction():
            key = Ed25519PrivateKey.generate()
            link = succession(self.signing_key(), key).SerializeToString()
            self._sql.run("INSERT INTO keys (private, succession) VALUES (?, ?)", (key.private_bytes_raw(), link))

    # devices

    def new_token(self, valid_s: float) -> Token:
        """A one-time token; only its hash stays here."""
        token = Token.of(secrets.token_bytes(SECRET_BYTES), public_bytes(self.signing_key()))
        row = (_hash(token.secret), self._clock() + valid_s)
        self._sql.run("INSERT INTO tokens (hash, expires_at) VALUES (?, ?)", row)
        return token

    def offers(self, secret: bytes) -> bool:
        """Whether there ever was a token with this secret."""
        return bool(self._sql.rows("SELECT 1 FROM tokens WHERE hash = ?", (_hash(secret),)))

    def revoke_token(self, secret: bytes) -> None:
        """The token buys nothing any more. Raises UsageError for one that is not there or was used."""
        if not self._sql.run("DELETE FROM tokens WHERE hash = ? AND device IS NULL", (_hash(secret),)):
            raise UsageError("no such token waits to be used; a device that used one: `swipefl coordinator devices`")

    def enroll(self, secret: bytes, credential: bytes) -> str | None:
        """The id of a new device, or None for a token that buys none; the same again gives the same id."""
        with self.transaction():
            rows = self._sql.rows("SELECT expires_at, device FROM tokens WHERE hash = ?", (_hash(secret),))
            for expires_at, used_by in rows:
                if used_by is not None:
                    device = self.device(used_by)
                    return used_by if device and device.credential == _hash(credential) else None
                if expires_at < self._clock():
                    return None
                device_id = secrets.token_hex(8)
                self._sql.run(
                    "INSERT INTO devices (id, credential, enrolled_at, seen_at, revoked) VALUES (?, ?, ?, ?, 0)",
                    (device_id, _hash(credential), self._clock(), self._clock()),
                )
                self._sql.run("UPDATE tokens SET device = ? WHERE hash = ?", (device_id, _hash(secret)))
                return device_id
        return None

    def device(self, device_id: str) -> Device | None:
        """The device of that id, if there is one."""
        return next(iter(self._devices("WHERE id = ?", (device_id,))), None)

    def devices(self) -> list[Device]:
        """Every device, in the order of enrolment."""
        return self._devices("ORDER BY enrolled_at, id")

    def _devices(self, where: str, parameters: Sequence[str] = ()) -> list[Device]:
        rows = self._sql.rows(f"SELECT id, credential, enrolled_at, seen_at, revoked FROM devices {where}", parameters)
        return [Device(*facts, bool(revoked)) for *facts, revoked in rows]  # type: ignore[call-arg]

    def saw(self, seen_at: Mapping[str, float]) -> None:
        """When devices, by their ids, called last."""
        with self.transaction():
            self._sql.run_many("UPDATE devices SET seen_at = ? WHERE id = ?", [(at, id) for id, at in seen_at.items()])

    def revoke(self, device_id: str) -> None:
        """The device is refused from now on, and what waits of it goes into no version (it is consumed by version 0).

        Raises UsageError for one that is not there.
        """
        with self.transaction():
            if not self._sql.run("UPDATE devices SET revoked = 1 WHERE id = ?", (device_id,)):
                raise UsageError(f"there is no device {device_id}; see `swipefl coordinator devices`")
            self._sql.run(
                "UPDATE updates SET consumed_by = 0, blob = NULL WHERE device = ? AND consumed_by IS NULL", (device_id,)
            )

    # versions

    def newest(self) -> Version:
        """The newest version. Raises UsageError before `create`."""
        versions = self._versions("ORDER BY number DESC LIMIT 1")
        if not versions:
            raise UsageError(f"{self.path} is no coordinator yet; `swipefl coordinator init` makes it one")
        return versions[0]

    def version(self, number: int) -> Version | None:
        """That version, if there ever was one."""
        return next(iter(self._versions("WHERE number = ?", (number,))), None)

    def versions(self) -> list[Version]:
        """Every version, oldest first."""
        return self._versions("ORDER BY number")

    def _versions(self, where: str, parameters: Sequence[int] = ()) -> list[Version]:
        return [Version(*row) for row in self._sql.rows(f"SELECT {_VERSION} FROM versions {where}", parameters)]

    def blob(self, number: int) -> bytes | None:
        """The bytes of a version; None where it is pruned or never was."""
        rows = self._sql.rows("SELECT blob FROM versions WHERE number = ?", (number,))
        return rows[0][0] if rows else None

    def master(self) -> tuple[Checkpoint, Moments]:
        """The newest version in float32, and the server optimiser's moments."""
        newest = self.newest()
        published = checkpoint_from_bytes(self.blob(newest.number) or b"")
        rows = self._sql.rows("SELECT weights, moments FROM masters WHERE version = ?", (newest.number,))
        if not rows:
            return published, {}
        return replace(published, weights=load(rows[0][0])), load(rows[0][1])

    def publish(self, draft: Draft, kept: int = KEPT) -> Version:
        """The next version, in float16; the updates that went into it are consumed in the same transaction.

        So are those for another architecture, which can go into no version any more. `kept` versions stay downloadable.
        Raises StoreBusy where version `draft.after` is no longer the newest.
        """
        blob = draft.checkpoint.to_bytes(half=True)
        published = checkpoint_from_bytes(blob)  # float16 rounds the weights, and a fingerprint is of what they are
        with self.transaction():
            number = int(self._sql.rows("SELECT coalesce(max(number), 0) + 1 FROM versions")[0][0])
            if draft.after not in (None, number - 1):
                raise StoreBusy(f"version {number - 1} came in between; the round is made again from it")
            self._sql.run(
                "INSERT INTO versions (number, made_by, created_at, updates, architecture, fingerprint, sha256, top1, "
                "blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    draft.made_by,
                    self._clock(),
                    len(draft.consumed),
                    published.architecture,
                    published.fingerprint,
                    _hash(blob),
                    draft.top1,
                    blob,
                ),
            )
            self._consume(number, draft.consumed, published.architecture)
            self._keep_master(number, dict(draft.checkpoint.weights), dict(draft.moments))
            self._prune(number - kept)
            return self.newest()

    def _consume(self, number: int, consumed: Sequence[int], architecture: str) -> None:
        self._sql.run_many(
            "UPDATE updates SET consumed_by = ?, blob = NULL WHERE number = ? AND consumed_by IS NULL",
            [(number, update) for update in consumed],
        )
        self._sql.run(
            "UPDATE updates SET consumed_by = ?, blob = NULL WHERE consumed_by IS NULL AND version IN "
            "(SELECT number FROM versions WHERE architecture <> ?)",
            (number, architecture),
        )

    def _keep_master(self, number: int, weights: Delta, moments: Delta) -> None:
        row = (number, save(weights), save(moments))
        self._sql.run("INSERT OR REPLACE INTO masters (id, version, weights, moments) VALUES (1, ?, ?, ?)", row)

    def _prune(self, oldest: int) -> None:
        self._sql.run("UPDATE versions SET blob = NULL WHERE number <= ? AND blob IS NOT NULL", (oldest,))
        # Their own versions are older still, and pruned: such an update would be stale if it came again.
        self._sql.run("DELETE FROM updates WHERE consumed_by <= ?", (oldest,))

    def roll_back(self, number: int) -> Version:
        """A new version with the weights of version `number`. Raises UsageError where those are gone."""
        blob = self.blob(number)
        if blob is None:
            raise UsageError(f"version {number} is not there, or no longer; see `swipefl coordinator status`")
        return self.publish(Draft(checkpoint_from_bytes(blob), "rolled back"))

    # updates

    def take(self, received: Sequence[Received]) -> list[str]:
        """Stores updates in one transaction; for each accepted, duplicate, already-contributed or stale."""
        with self.transaction():
            newest = self.newest()
            return [self._take(update, newest) for update in received]

    def _take(self, update: Received, newest: Version) -> str:
        if known := self.known(update.device, update.id, update.version):
            return known
        device, base = self.device(update.device), self.version(update.version)
        if device is None or device.revoked:  # since the upload began
            return "revoked-device"
        if base is None or base.is_gone or base.architecture != newest.architecture:
            return "stale"
        self._sql.run(
            "INSERT INTO updates (id, device, version, examples, received_at, blob) VALUES (?, ?, ?, ?, ?, ?)",
            (update.id, update.device, update.version, update.examples, self._clock(), update.blob),
        )
        return "accepted"

    def known(self, device: str, update_id: str, version: int) -> str | None:
        """Whether this update is a duplicate, or its device has already-contributed to the version; else None."""
        if self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND id = ?", (device, update_id)):
            return "duplicate"
        return "already-contributed" if self.contributed(device, version) else None

    def contributed(self, device: str, version: int) -> bool:
        """Whether an update of this device for this version was taken."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND version = ?", (device, version)))

    def backlog(self) -> tuple[int, float]:
        """How many updates no aggregation has consumed yet, and when the oldest of them was received."""
        count, oldest = self._sql.rows("SELECT count(*), min(number) FROM updates WHERE consumed_by IS NULL")[0]
        rows = self._sql.rows("SELECT received_at FROM updates WHERE number = ?", (oldest,))
        return count, rows[0][0] if rows else self._clock()

    def waiting(self, most: int = -1) -> list[Waiting]:
        """The oldest of those updates, all or `most`."""
        rows = self._sql.rows(
            "SELECT number, version, examples, received_at FROM updates WHERE consumed_by IS NULL ORDER BY number "
            "LIMIT ?",
            (most,),
        )
        return [Waiting(*row) for row in rows]

    def update_blob(self, update: Waiting) -> bytes:
        """Its bytes. Raises CheckpointError where they are gone."""
        rows = self._sql.rows("SELECT blob FROM updates WHERE number = ?", (update.number,))
        if not rows or rows[0][0] is None:
            raise CheckpointError(f"update {update.number} is gone from {self.path}; restart the coordinator")
        blob: bytes = rows[0][0]
        return blob

    def close(self) -> None:
        """Close the file."""
        self._sql.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
