"""The global model's versions: what devices download, and the master that the next one is made from."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from safetensors.numpy import load, save

from swipefl.database.sql import Sql
from swipefl.decoder.checkpoint import checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.errors import Remedy, UsageError, VersionConflict
from swipefl.federation.coordinator.keys import no_coordinator
from swipefl.federation.round import Master
from swipefl.federation.update import Shapes
from swipefl.federation.wire.v1.federation_pb2 import Manifest

_COLUMNS = "number, made_by, created_at, updates, architecture, fingerprint, sha256, top1, unkept_top1, length(blob)"


@dataclass(frozen=True)
class Version:
    """One version of the global model; `made_by` is published, aggregated, kept (same weights), followed, rolled back.

    `candidate_top1` is that of the candidate in whose place the weights were kept, None where no device would take it.
    """

    number: int
    made_by: str
    created_at: float
    updates: int
    architecture: str
    fingerprint: str
    sha256: bytes
    top1: float | None
    candidate_top1: float | None
    size: int | None

    @property
    def is_gone(self) -> bool:
        """Whether its bytes were pruned."""
        return self.size is None

    @property
    def shapes(self) -> Shapes:
        """The shape of each of its parameters."""
        return Architecture.named(self.architecture).parameter_shapes()

    def manifest(self) -> Manifest:
        """What is signed of it."""
        return Manifest(
            version=self.number,
            architecture=self.architecture,
            fingerprint=self.fingerprint,
            sha256=self.sha256,
            size_bytes=self.size or 0,
        )


@dataclass(frozen=True)
class Draft:
    """A version to be, and the numbers of the updates that went into it.

    It may only follow version `after`, from which it was made; None: any. Its number is so many
    `ahead` of the newest.
    """

    master: Master
    made_by: str
    consumed: Sequence[int] = ()
    top1: float | None = None
    candidate_top1: float | None = None
    after: int | None = None
    ahead: int = 1


class Versions:
    """Versions by number, counted from 1; of the newest the master is kept too, in float32."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def newest(self) -> Version:
        """The newest version. Raises UsageError before there is one."""
        versions = self._select("ORDER BY number DESC LIMIT 1")
        if not versions:
            raise no_coordinator(self._sql)
        return versions[0]

    def get(self, number: int) -> Version | None:
        """That version, if there ever was one."""
        return next(iter(self._select("WHERE number = ?", (number,))), None)

    def all(self) -> list[Version]:
        """Every version, oldest first."""
        return self._select("ORDER BY number")

    def rounds(self) -> int:
        """How many rounds were played since a model came from elsewhere, with or without a better model."""
        counted = (
            "SELECT count(*) FROM versions WHERE made_by IN ('aggregated', 'kept') AND number > "
            "(SELECT max(number) FROM versions WHERE made_by IN ('published', 'followed'))"
        )
        return int(self._sql.rows(counted)[0][0])

    def has_learned(self) -> bool:
        """Whether rounds made a better model here since one was last chosen by hand or came from elsewhere."""
        counted = (
            "SELECT count(*) FROM versions WHERE made_by = 'aggregated' AND number > "
            "(SELECT max(number) FROM versions WHERE made_by IN ('published', 'followed', 'rolled back'))"
        )
        return bool(self._sql.rows(counted)[0][0])

    def blob(self, number: int) -> bytes | None:
        """The bytes of a version; None where it is pruned or never was."""
        rows = self._sql.rows("SELECT blob FROM versions WHERE number = ?", (number,))
        return rows[0][0] if rows else None

    def master(self) -> Master:
        """What the next version is made from."""
        newest = self.newest()
        published = checkpoint_from_bytes(self.blob(newest.number) or b"")
        rows = self._sql.rows("SELECT weights, moments FROM masters WHERE version = ?", (newest.number,))
        if not rows:
            return Master(published)
        return Master(replace(published, weights=load(rows[0][0])), load(rows[0][1]))

    def master_of(self, number: int) -> Master:
        """An earlier version, to make a new one from. Raises UsageError where its bytes are gone."""
        blob = self.blob(number)
        if blob is None:
            raise UsageError(
                "unknown-version",
                "version {number} is not there, or no longer",
                Remedy.LIST_VERSIONS,
                number=number,
            )
        return Master(checkpoint_from_bytes(blob))

    def add(self, draft: Draft) -> Version:
        """The draft as the next version, in float16. The caller holds a transaction.

        Raises VersionConflict where version `draft.after` is no longer the newest.
        """
        newest = int(self._sql.rows("SELECT coalesce(max(number), 0) FROM versions")[0][0])
        if draft.after not in (None, newest):
            raise VersionConflict("not-newest", "version {number} came in between", number=newest)
        number = newest + draft.ahead
        model = draft.master.model
        blob = model.to_bytes(half=True)
        fingerprint = checkpoint_from_bytes(blob).fingerprint  # float16 rounds the weights: it is of what they are
        sha256, updates = hashlib.sha256(blob).digest(), len(draft.consumed)
        scores = draft.top1, draft.candidate_top1
        self._sql.run(
            "INSERT INTO versions (number, made_by, created_at, updates, architecture, fingerprint, sha256, top1, "
            "unkept_top1, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, draft.made_by, self._clock(), updates, model.architecture, fingerprint, sha256, *scores, blob),
        )
        master = (number, save(dict(model.weights)), save(dict(draft.master.moments)))
        self._sql.run("INSERT OR REPLACE INTO masters (id, version, weights, moments) VALUES (1, ?, ?, ?)", master)
        return self.newest()

    def prune(self, oldest: int) -> None:
        """The bytes of the versions up to `oldest` go."""
        self._sql.run("UPDATE versions SET blob = NULL WHERE number <= ? AND blob IS NOT NULL", (oldest,))

    def _select(self, where: str, parameters: Sequence[int] = ()) -> list[Version]:
        return [Version(*row) for row in self._sql.rows(f"SELECT {_COLUMNS} FROM versions {where}", parameters)]
