"""What a visit makes of each answer of a coordinator, which here is only played: what is kept, dropped and owed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device.exchange import Exchange, Exchanged
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.protocol.signing import public_bytes, signed_manifest
from swipefl.federation.update import residual_from, shapes_of
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.membership import Membership
from swipefl.store.store import Store
from tests.support.cycles import contributor
from tests.support.people import examples
from tests.support.stores import put

BASE = base_checkpoint()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
MEMBER = Membership("localhost:1", "device", b"c" * 32, public_bytes(KEY), residual=b"of before")
ACCEPTED, DUPLICATE, STALE, REFUSED = (
    wire.OUTCOME_ACCEPTED,
    wire.OUTCOME_DUPLICATE,
    wire.OUTCOME_STALE,
    wire.OUTCOME_REFUSED,
)


class Played:
    """A client whose coordinator is at version 3, the base, and answers an upload with `answer`."""

    def __init__(self, answer: wire.UploadUpdateResponse | CoordinatorUnreachable) -> None:
        self.answer = answer
        self.sent: list[tuple[wire.UpdateHeader, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def check_in(self, version: int, fingerprint: str) -> wire.CheckInResponse:
        manifest = wire.Manifest(
            version=3, architecture=BASE.architecture, fingerprint=BASE.fingerprint, sha256=bytes(32)
        )
        return wire.CheckInResponse(
            newest=signed_manifest(manifest, KEY),
            plan=wire.TrainingPlan(epochs=2, batch_size=4, learning_rate=0.5, max_norm=0.25),
            keys=wire.SigningKeys(public_key=public_bytes(KEY)),
        )

    def upload(self, header: wire.UpdateHeader, blob: bytes) -> wire.UploadUpdateResponse:
        self.sent.append((header, blob))
        if isinstance(self.answer, CoordinatorUnreachable):
            raise self.answer
        return self.answer


@pytest.fixture
def own(path: Path) -> Iterator[Store]:
    """A member's store, in which an update waits."""
    with Store(path) as store:
        put(store, examples(40))
        store.memberships.set(MEMBER)
        update = contributor(store).update_from(BASE)
        assert update
        store.outbox.queue(update)
        yield store


def visited(store: Store, home: Path, answer: Any) -> tuple[Exchanged, Membership, Played]:
    client = Played(answer)
    done = Exchange(store, home, lambda member: client).run()  # type: ignore[arg-type, return-value]
    member = store.memberships.get()
    assert member
    return done, member, client


@pytest.mark.parametrize("outcome", [ACCEPTED, DUPLICATE])
def test_what_an_update_leaves_over_is_owed_once_it_is_taken(own: Store, tmp_path: Path, outcome: Any) -> None:
    (update,) = own.outbox.waiting()
    done, member, client = visited(own, tmp_path, wire.UploadUpdateResponse(outcome=outcome))
    assert (done.pushed, done.refused, done.stale, done.queued) == (1, 0, 0, 0)
    ((header, blob),) = client.sent
    assert (header.update_id, header.base_version, blob) == (update.id, 3, update.blob)
    assert member.residual == update.residual
    assert residual_from(member.residual, shapes_of(BASE.parameters))
    assert (member.version, member.contributed, own.outbox.waiting()) == (3, 3, [])
    assert Plan.from_json(member.plan) == Plan(2, 4, 0.5, 0.25)


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (wire.UploadUpdateResponse(outcome=STALE), Exchanged(stale=1, global_version=3)),
        (
            wire.UploadUpdateResponse(outcome=REFUSED, reason="damaged" * 99),
            Exchanged(refused=1, global_version=3, reasons=(("damaged" * 99)[:100],)),
        ),
    ],
)
def test_of_an_update_that_is_not_taken_nothing_new_is_owed(
    own: Store, tmp_path: Path, answer: Any, done: Exchanged
) -> None:
    made, member, _ = visited(own, tmp_path, answer)
    assert made == done
    assert (member.residual, member.contributed, own.outbox.waiting()) == (b"of before", 0, [])


def test_where_a_copy_of_this_store_has_contributed_the_residual_went_with_it(own: Store, tmp_path: Path) -> None:
    answer = wire.UploadUpdateResponse(outcome=REFUSED, reason="already-contributed")
    done, member, _ = visited(own, tmp_path, answer)
    assert (done.stale, done.refused, done.reasons) == (1, 0, ())
    assert (member.residual, member.contributed, own.outbox.waiting()) == (b"", 3, [])


@pytest.mark.parametrize(
    "answer",
    [CoordinatorUnreachable("unreachable", "cut"), wire.UploadUpdateResponse(outcome=77)],  # type: ignore[arg-type]
)
def test_an_update_whose_fate_is_not_known_waits_as_it_is(own: Store, tmp_path: Path, answer: Any) -> None:
    (update,) = own.outbox.waiting()
    with pytest.raises(CoordinatorUnreachable):
        visited(own, tmp_path, answer)
    member = own.memberships.get()
    assert member
    assert (member.residual, member.contributed, member.failures) == (b"of before", 0, 1)
    assert own.outbox.waiting() == [replace(update, attempted=True, version=3)]
