"""What a visit makes of each answer of a coordinator, which here is only played: what is kept, dropped and owed."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import SCORE
from swipefl.errors import CoordinatorUnreachable, UpdateRefused
from swipefl.federation.device.copied import LAST, catch_up
from swipefl.federation.device.exchange import Exchange, Exchanged
from swipefl.federation.device.leaving import TOLD, erase_federation
from swipefl.federation.device.telling import judged_of
from swipefl.federation.device.versions import note_version, version_of
from swipefl.federation.protocol.plan import LATE, Plan
from swipefl.federation.update import decode_update, residual_from, shapes_of
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.checkpoints import Verdict
from swipefl.store.membership import Membership
from swipefl.store.store import Store
from tests.support.cycles import contributor
from tests.support.people import examples
from tests.support.played import BASE, MEMBER, Played
from tests.support.stores import fresh_store, put

ACCEPTED, DUPLICATE, STALE, REFUSED = (
    wire.OUTCOME_ACCEPTED,
    wire.OUTCOME_DUPLICATE,
    wire.OUTCOME_STALE,
    wire.OUTCOME_REFUSED,
)


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


def test_a_coordinator_of_before_gets_the_score_weights_that_it_knows(
    own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing of them; the header is of what is sent."""
    monkeypatch.setattr(Played, "score_weights", 0)
    done, _, client = visited(own, tmp_path, wire.UploadUpdateResponse(outcome=ACCEPTED))
    assert done.pushed == 1
    ((header, blob),) = client.sent
    assert (header.size_bytes, header.sha256) == (len(blob), hashlib.sha256(blob).digest())
    assert decode_update(blob, {**shapes_of(BASE.parameters), SCORE: (9,)})


def test_an_update_from_a_version_that_was_the_newest_some_time_ago_is_sent_for_that_one(
    own: Store, tmp_path: Path
) -> None:
    (update,) = own.outbox.waiting()
    with own.transaction():
        own.outbox.queue(replace(update, base="one"))
        note_version(own, 1, "one")
        note_version(own, 2, "two")
    done, member, client = visited(own, tmp_path, wire.UploadUpdateResponse(outcome=ACCEPTED))
    assert (done.pushed, client.sent[0][0].base_version, member.contributed) == (1, 1, 3)


@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from("abcd")), max_size=20))
def test_a_version_is_known_until_an_update_from_it_would_come_too_late(steps: list[tuple[int, str]]) -> None:
    with fresh_store() as (store, _):
        version, seen = 0, dict[int, str]()
        for step, weights in steps:
            version += step
            seen[version] = weights
            note_version(store, version, weights)
        for weights in "abcd":
            known = [number for number, same in seen.items() if same == weights and number >= version - LATE]
            assert version_of(store, weights) == max(known, default=None)
        erase_federation(store)
        assert version_of(store, "a") is None


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
        (  # by a proxy, or a coordinator of another version: the newer model comes all the same
            UpdateRefused("refused", "no", details="too large"),
            Exchanged(refused=1, global_version=3, reasons=("too large",)),
        ),
    ],
)
def test_of_an_update_that_is_not_taken_nothing_new_is_owed(
    own: Store, tmp_path: Path, answer: Any, done: Exchanged
) -> None:
    made, member, client = visited(own, tmp_path, answer)
    assert made == replace(done, bytes_sent=sum(len(blob) for _, blob in client.sent))
    assert (member.residual, member.contributed, own.outbox.waiting()) == (b"of before", 0, [])


@pytest.mark.parametrize("last", ["", "x" * 65, "x" * 10**6])
def test_a_coordinator_that_names_no_update_says_nothing_of_copies(own: Store, last: str) -> None:
    own.meta.set(LAST, "mine")
    assert (catch_up(own, last), own.meta.get(LAST)) == (0, "mine")
    member = own.memberships.get()
    assert member
    assert (member.residual, len(own.outbox.waiting())) == (b"of before", 1)
    assert catch_up(own, "of another") == 1


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


VERDICT = Verdict(True, 60, 52, 31, 48)
AT_THREE = replace(MEMBER, version=3, fingerprint=BASE.fingerprint)


@pytest.fixture
def scored(store: Store) -> Store:
    """A member's store that judged version 3."""
    store.memberships.set(AT_THREE)
    store.checkpoints.settle(received(store), VERDICT)
    return store


def received(store: Store, device_id: str = MEMBER.device_id) -> int:
    return store.checkpoints.add("global", BASE.to_bytes(), None, use=False, device_id=device_id)


def told(store: Store, home: Path, share_scores: bool = True, is_away: bool = False) -> list[tuple[int, ...]]:
    """What a visit tells of versions."""
    client = Played(is_away=is_away)
    exchange = Exchange(store, home, lambda member: client, share_scores=share_scores)  # type: ignore[arg-type, return-value]
    with suppress(CoordinatorUnreachable):
        exchange.run()
    return [(each.version, each.swipes, each.right_before, each.right_now) for each in client.told]


def test_nothing_is_told_of_a_version_unless_the_owner_allows_it(scored: Store, tmp_path: Path) -> None:
    assert told(scored, tmp_path, share_scores=False) == []
    assert told(scored, tmp_path) == [(3, 50, 30, 50)]


def test_it_is_told_once_a_version_and_again_while_no_answer_came(scored: Store, tmp_path: Path) -> None:
    assert told(scored, tmp_path, is_away=True) == told(scored, tmp_path) == [(3, 50, 30, 50)]
    assert told(scored, tmp_path) == []
    scored.memberships.set(replace(AT_THREE, version=2))
    scored.checkpoints.settle(received(scored), replace(VERDICT, right_now=20))
    assert told(scored, tmp_path) == [(2, 50, 30, 20)]


@pytest.mark.parametrize("is_accepted", [True, False])
def test_nothing_is_told_of_a_version_with_the_weights_of_the_one_before(
    scored: Store, tmp_path: Path, is_accepted: bool
) -> None:
    """What was found is of the one before: between the two there is nothing to find."""
    scored.checkpoints.settle(received(scored), replace(VERDICT, accepted=is_accepted))
    scored.memberships.set(replace(AT_THREE, version=1))
    assert told(scored, tmp_path) == [(1, 50, 30, 50)]
    for version in (2, 3):
        scored.memberships.set(replace(AT_THREE, version=version))
        assert told(scored, tmp_path) == []


def test_who_leaves_forgets_what_was_told(scored: Store, tmp_path: Path) -> None:
    assert told(scored, tmp_path)
    assert scored.meta.get(TOLD)
    erase_federation(scored)
    assert scored.meta.get(TOLD) is None


def test_nothing_is_told_of_a_version_that_was_not_judged(scored: Store, tmp_path: Path) -> None:
    received(scored)
    assert told(scored, tmp_path) == []


def test_nothing_is_told_that_came_from_another_federation(store: Store, tmp_path: Path) -> None:
    """Neither of the version itself, nor of what it was judged beside."""
    store.memberships.set(AT_THREE)
    store.checkpoints.settle(received(store, "an earlier name"), VERDICT)
    assert told(store, tmp_path) == []
    store.checkpoints.settle(received(store), VERDICT)
    assert told(store, tmp_path) == []
    store.checkpoints.settle(received(store), VERDICT)
    assert told(store, tmp_path) == [(3, 50, 30, 50)]
    store.memberships.delete()
    store.memberships.set(replace(AT_THREE, device_id="a new name"))
    assert told(store, tmp_path) == []


@given(st.integers(0, 10_000), st.data())
def test_what_is_told_is_rounded_and_bounded_and_nothing_of_a_few_swipes(swipes: int, data: st.DataObject) -> None:
    before, now = (data.draw(st.integers(0, swipes)) for _ in range(2))
    judged = judged_of(7, Verdict(True, swipes, swipes, before, now))
    if swipes < 20:
        assert judged is None
        return
    assert judged
    assert judged.version == 7
    counts = (judged.swipes, judged.right_before, judged.right_now)
    assert all(count % 5 == 0 for count in counts)
    assert max(counts) == judged.swipes <= 400
    if swipes <= 400:
        assert all(abs(said - true) <= 2.5 for said, true in zip(counts, (swipes, before, now), strict=True))
