"""One visit to the coordinator, step by step restartable: check in, send what waits, fetch what is newer."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from swipefl.decoder.checkpoint import checkpoint_from_bytes
from swipefl.decoder.encoder import usable
from swipefl.errors import (
    CheckpointError,
    CoordinatorUnreachable,
    FederationError,
    Remedy,
    TrustError,
    UnusableModel,
    UpdateRefused,
    UsageError,
)
from swipefl.federation.device.breaker import after_failure, after_success, begun, state_of, waits
from swipefl.federation.device.client import TRIES, Client
from swipefl.federation.device.copied import catch_up, note_taken
from swipefl.federation.device.leaving import TOLD
from swipefl.federation.device.partial import PartialDownload
from swipefl.federation.device.telling import header_of, judged_of
from swipefl.federation.device.versions import note_version, version_of
from swipefl.federation.protocol.conditions import Conditions
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.protocol.reasons import ALREADY_CONTRIBUTED
from swipefl.federation.protocol.signing import successor, verified_manifest
from swipefl.federation.update import narrowed
from swipefl.federation.wire.v1.federation_pb2 import CheckInResponse, Judged, Manifest, Outcome, UploadUpdateResponse
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.membership import Membership
from swipefl.store.models import newest_global
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store

LONGEST_REASON = 100


@dataclass(frozen=True)
class Exchanged:
    """What a visit came to: was a newer model pulled, how many updates were taken, refused (and why), stale, left.

    All that left, what was not taken too, was `bytes_sent`.
    """

    pulled: bool = False
    pushed: int = 0
    refused: int = 0
    stale: int = 0
    queued: int = 0
    global_version: int = 0
    reasons: tuple[str, ...] = ()
    bytes_sent: int = 0

    def raise_if_refused(self) -> None:
        """Raises UpdateRefused where an update was refused: it is dropped, and will never be taken."""
        if self.refused:
            refused = "the coordinator refused {count} of the updates ({reasons}); what it refused is dropped"
            reasons = ", ".join(self.reasons)
            raise UpdateRefused("update-refused", refused, Remedy.NEW_UPDATE, count=self.refused, reasons=reasons)


class Exchange:
    """Visits on behalf of the store's membership; `connect` opens a client for it, partial downloads lie in `home`.

    With `share_scores` each version's verdict is told once.
    """

    def __init__(
        self,
        store: Store,
        home: Path,
        connect: Callable[[Membership], Client],
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        share_scores: bool = False,
    ) -> None:
        self._store = store
        self._home = home
        self._connect = connect
        self._clock = clock
        self._rng = rng or random.Random()
        self._share_scores = share_scores

    def waits(self) -> CoordinatorUnreachable | None:
        """Why a timer should not visit now, or None: the coordinator's window is closed, or a back-off runs."""
        return waits(self._membership(), self._clock())

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> Exchanged:
        """One visit; where it fails, the next one backs off, and what was sent and received is kept.

        One `by_timer` after failures is the only one of its turn, and where the breaker was open it calls once each.
        Raises UsageError without a membership and where no coordinator can be spoken to as things are set,
        FederationError: CoordinatorUnreachable, UpdateRefused, TrustError for a model that is not what it should be;
        StoreError, and what a stop says.
        """
        member = self._membership()
        tries = self._take_turn() if by_timer and member.failures else TRIES
        try:
            with self._connect(member) as client:
                client.tries = tries
                asked = self._checked_in(client, member)
                manifest = self._trusted(asked)
                gone = catch_up(self._store, asked.last_update) if asked.HasField("last_update") else 0
                done = self._push(client, manifest, asked.score_weights) if push else Exchanged()
                pulled = pull and self._pull(client, asked, manifest)
        except (FederationError, UsageError) as error:  # a timer that can never come through backs off as well
            self._store.memberships.set(after_failure(self._membership(), error, self._clock(), self._rng))
            raise
        self._store.memberships.set(after_success(self._membership(), asked.retry_after_s, self._clock()))
        queued = len(self._store.outbox.waiting())
        stale = done.stale + gone
        return replace(done, stale=stale, pulled=pulled, queued=queued, global_version=self._membership().version)

    def _take_turn(self) -> int:
        """How often to ask. Of two that find the pause after a failure over, one visits: it begins the next one first.

        Raises CoordinatorUnreachable for the other.
        """
        with self._store.transaction():
            if waits := self.waits():
                raise waits
            member = self._membership()
            self._store.memberships.set(begun(member, self._clock(), self._rng))
        return TRIES if state_of(member, self._clock()) == "closed" else 1

    def _checked_in(self, client: Client, member: Membership) -> CheckInResponse:
        newest = self._store.checkpoints.newest_global()
        judged = self._judged(member, newest) if self._share_scores and newest else None
        asked = client.check_in(member.version, member.fingerprint, judged)
        if judged and newest:
            self._store.meta.set(TOLD, str(newest.id))
        return asked

    def _judged(self, member: Membership, newest: StoredCheckpoint) -> Judged | None:
        """What there is to tell of the version here: once, and only where all that was judged is this federation's.

        Nothing of a version with the weights of the one before: what is known was found of that one.
        """
        if newest.verdict is None or self._store.meta.get(TOLD) == str(newest.id):
            return None
        before = self._store.checkpoints.accepted_global(before=newest.id)
        is_theirs = all(known.device_id == member.device_id for known in (newest, before) if known)
        return judged_of(member.version, newest.verdict) if is_theirs else None

    def _membership(self) -> Membership:
        member = self._store.memberships.get()
        if member is None:
            raise UsageError("no-federation", "this device belongs to no federation", Remedy.ENROLL)
        return member

    def _change(self, **facts: object) -> None:
        with self._store.transaction():
            self._store.memberships.set(replace(self._membership(), **facts))  # type: ignore[arg-type]

    def _trusted(self, asked: CheckInResponse) -> Manifest:
        """The newest manifest, if the pinned key or its successor signed it and it is not older than what is known."""
        member = self._membership()
        key = successor(member.public_key, asked.keys)
        manifest = verified_manifest(asked.newest, key)
        if manifest.version < member.version or (
            manifest.version == member.version and manifest.fingerprint != member.fingerprint
        ):
            raise TrustError(
                "downgrade",
                "the coordinator offers version {version} of the model, after it offered version {known}; nothing was "
                "loaded",
                Remedy.ASK_OWNER,
                version=manifest.version,
                known=member.version,
            )
        self._change(public_key=key)
        return manifest

    def _pull(self, client: Client, asked: CheckInResponse, manifest: Manifest) -> bool:
        """Takes over the newest version; True where its weights are others than those that were here."""
        here = self._here()
        blob = None if manifest.fingerprint == here else self._downloaded(client, manifest)
        contributed = manifest.version if asked.contributed else self._membership().contributed
        with self._store.transaction():
            if blob is not None:
                self._store.checkpoints.add("global", blob, None, use=False, device_id=self._membership().device_id)
            note_version(self._store, manifest.version, manifest.fingerprint)
            self._change(
                version=manifest.version,
                fingerprint=manifest.fingerprint,
                plan=Plan.of(asked.plan).to_json(),
                conditions=Conditions.of(asked.conditions).to_json(),
                contributed=contributed,
            )
        if blob is not None:
            self._partial(manifest).drop()
        return blob is not None

    def _here(self) -> str:
        """The fingerprint of the newest global model here, "" where it is damaged: then it is fetched once more."""
        stored, known = self._store.checkpoints.newest_global(), self._membership().fingerprint
        try:
            return known if known and stored and stored.blob else newest_global(self._store).fingerprint
        except CheckpointError:
            return ""

    def _partial(self, manifest: Manifest) -> PartialDownload:
        return PartialDownload(self._home, manifest.sha256, manifest.size_bytes)

    def _downloaded(self, client: Client, manifest: Manifest) -> bytes:
        partial = self._partial(manifest)
        begun = partial.offset()
        if partial.whole() is None:
            client.download(manifest.version, partial.offset, partial.append)
        blob = partial.whole()
        if blob is None and begun:  # what lay here was not of this model: once more from nothing
            partial.drop()
            client.download(manifest.version, partial.offset, partial.append)
            blob = partial.whole()
        if blob is None:
            raise TrustError(
                "otherwise-than-signed",
                "version {version} of the model arrived otherwise than it was signed; nothing was loaded",
                Remedy.TRY_LATER,
                version=manifest.version,
            )
        self._check(blob, manifest)
        return blob

    def _check(self, blob: bytes, manifest: Manifest) -> None:
        try:
            checkpoint = usable(checkpoint_from_bytes(blob))
        except CheckpointError as error:
            unusable = "version {version} of the model cannot be used ({why}); nothing was loaded"
            facts = {"version": manifest.version, "why": str(error)}
            raise UnusableModel("unusable-model", unusable, error.remedy, **facts) from error
        if checkpoint.fingerprint != manifest.fingerprint or checkpoint.architecture != manifest.architecture:
            self._partial(manifest).drop()
            raise TrustError(
                "not-as-its-manifest",
                "version {version} of the model is not what its manifest says; nothing was loaded",
                Remedy.ASK_OWNER,
                version=manifest.version,
            )

    def _push(self, client: Client, newest: Manifest, score_weights: int) -> Exchanged:
        taken = refused = stale = sent = 0
        reasons = []
        for update in self._store.outbox.waiting():
            version = self._version_of(update, newest)
            if version is None:
                self._dropped(update, "stale")
                stale += 1
                continue
            self._store.outbox.attempt(update.id, version)
            blob = narrowed(update.blob, score_weights)
            answer = _sent(client, replace(update, blob=blob), version)
            sent += len(blob)
            if answer.outcome in (Outcome.OUTCOME_ACCEPTED, Outcome.OUTCOME_DUPLICATE):
                # One that was just accepted waits, and until a version consumed it no other of this device is taken.
                until = newest.version if answer.outcome == Outcome.OUTCOME_ACCEPTED else version
                self._settled(update, max(version, until), update.residual, "sent", len(blob))
                taken += 1
            elif answer.outcome == Outcome.OUTCOME_STALE:
                self._dropped(update, "stale", len(blob))
                stale += 1
            elif answer.reason == ALREADY_CONTRIBUTED:
                # A copy of this store, or this one before a backup came back, has contributed, our residual with it:
                # from this version, or from another, which still waits.
                self._settled(update, version, b"", "stale", len(blob))
                stale += 1
            elif answer.outcome == Outcome.OUTCOME_REFUSED:
                self._dropped(update, "refused", len(blob))
                refused += 1
                reasons.append(answer.reason[:LONGEST_REASON])
            else:
                raise CoordinatorUnreachable(
                    "unknown-answer", "the coordinator's answer is none that this swipefl knows", Remedy.UPGRADE
                )
        return Exchanged(pushed=taken, refused=refused, stale=stale, reasons=tuple(reasons), bytes_sent=sent)

    def _version_of(self, update: QueuedUpdate, newest: Manifest) -> int | None:
        """The version that an update started from; None for one of a model that it has not, or has no more."""
        if update.version is not None:
            return update.version
        if update.base == newest.fingerprint:
            return newest.version
        return version_of(self._store, update.base)

    def _dropped(self, update: QueuedUpdate, fate: str, bytes_sent: int = 0) -> None:
        """The update is no longer due, and the night that made it knows its fate."""
        with self._store.transaction():
            self._store.outbox.remove(update.id)
            self._store.nights.settle(update.id, fate, bytes_sent)

    def _settled(self, update: QueuedUpdate, version: int, residual: bytes, fate: str, bytes_sent: int) -> None:
        """What is left over is due from now on, and the update itself no longer: both or neither."""
        with self._store.transaction():
            self._store.outbox.remove(update.id)
            self._store.nights.settle(update.id, fate, bytes_sent)
            if fate == "sent":
                note_taken(self._store, update.id)
            self._change(residual=residual, contributed=max(version, self._membership().contributed))


def _sent(client: Client, update: QueuedUpdate, version: int) -> UploadUpdateResponse:
    """What the coordinator says of an update; a call that it will never take says that of the update too."""
    try:
        return client.upload(header_of(update, version), update.blob)
    except UpdateRefused as error:
        return UploadUpdateResponse(outcome=Outcome.OUTCOME_REFUSED, reason=str(error.facts["details"]))
