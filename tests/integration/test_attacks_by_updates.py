"""Updates that do not fit, lie or come again: refused with a reason, counted, and at nobody else's cost."""

import secrets
from collections.abc import Callable

import numpy as np
import pytest
from safetensors.numpy import load, save

from swipefl.decoder.checkpoint import SPREADS
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.attacks import costs_one_client, raw_stub, refused_update
from tests.support.coordinator import Coordinator
from tests.support.updates import header_for, update
from tests.support.waiting import LONG_S


def changed(**changes: np.ndarray | None) -> bytes:
    """An update with other tensors; None leaves one out."""
    tensors: dict[str, np.ndarray | None] = {**load(update()), **changes}
    return save({name: array for name, array in tensors.items() if array is not None})


def bias(value: float, kind: type = np.float16) -> np.ndarray:
    return np.full(6, value, kind)


BAD_UPDATES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "NaN": ("not-finite", lambda: changed(**{"head.bias.scale": bias(np.nan)})),
    "Inf": ("not-finite", lambda: changed(**{"head.bias.scale": bias(np.inf)})),
    "a norm of a million": (
        "norm-too-large",
        lambda: update(norm=1e6),
    ),
    "a norm of 4.1": ("norm-too-large", lambda: update(norm=4.1)),
    "score weights moved by 0.3": (
        "score-norm-too-large",
        lambda: changed(
            **{
                "score.int8": np.full(len(SPREADS), 100, np.int8),
                "score.scale": np.full(len(SPREADS), 0.001, np.float16),
            }
        ),
    ),
    "a wrong shape": ("wrong-shape", lambda: changed(**{"head.bias.int8": np.zeros((6, 1), np.int8)})),
    "a row too many": ("wrong-shape", lambda: changed(**{"head.bias.scale": np.zeros(7, np.float16)})),
    "no shape": ("wrong-shape", lambda: changed(**{"head.bias.scale": np.zeros((), np.float16)})),
    "wide scales": ("wrong-dtype", lambda: changed(**{"head.bias.scale": bias(0, np.float32)})),
    "unsigned values": ("wrong-dtype", lambda: changed(**{"head.bias.int8": np.zeros(6, np.uint8)})),
    "a missing tensor": ("missing-tensor", lambda: changed(**{"head.bias.int8": None})),
    "an extra tensor": ("extra-tensor", lambda: changed(**{"more.int8": np.zeros(6, np.int8)})),
    "a thousand extra tensors": (
        "extra-tensor",
        lambda: changed(**{f"{n}": np.zeros(0, np.int8) for n in range(800)}),
    ),
    "no safetensors": ("damaged", lambda: secrets.token_bytes(50_000)),
    "nothing at all": ("damaged", lambda: b""),
    "a header of 2**63 bytes": ("damaged", lambda: (2**63).to_bytes(8, "little") + update()[8:]),
    "a pickle": ("damaged", lambda: b"\x80\x04\x95" + update()[3:]),
    "too many bytes": ("too-large", lambda: update() + bytes(10**6)),
}


@pytest.mark.parametrize("what", BAD_UPDATES)
def test_an_update_that_does_not_fit_is_refused(impatient: Coordinator, what: str) -> None:
    reason, make = BAD_UPDATES[what]
    with costs_one_client(impatient, refused_update(reason)):
        answer = impatient.device().upload(make())
        assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, reason)


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("implausible-examples", {"examples": 1_000_000}),
        ("implausible-examples", {"examples": 0}),
        ("implausible-examples", {"examples": 2**64 - 1}),
        ("unknown-version", {"base_version": 7}),
        ("unknown-version", {"base_version": 0}),
        ("unknown-version", {"base_version": 2**63}),
        ("unknown-version", {"base_version": 2**64 - 1}),
        ("wrong-fingerprint", {"base_fingerprint": "0" * 64}),
        ("wrong-fingerprint", {"base_fingerprint": "f" * 500_000}),
        ("damaged", {"sha256": bytes(32)}),
        ("damaged", {"sha256": b""}),
        ("too-large", {"size_bytes": 2**64 - 1}),
        ("bad-update-id", {"update_id": ""}),
        ("bad-update-id", {"update_id": "x" * 65}),
        ("bad-update-id", {"update_id": "x" * 900_000}),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value),
)
def test_an_update_that_claims_what_is_not_so_is_refused(
    impatient: Coordinator, reason: str, header: dict[str, object]
) -> None:
    with costs_one_client(impatient, refused_update(reason)):
        answer = impatient.device().upload(update(), **header)
        assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, reason)


def test_a_replayed_update_counts_once(impatient: Coordinator) -> None:
    device, blob, header = impatient.device(), update(), {"update_id": secrets.token_hex(16)}
    with impatient.state() as state, costs_one_client(impatient, refused_update("already-contributed")):
        before = len(state.updates.waiting())
        assert device.upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED
        for _ in range(3):
            assert device.upload(blob, **header).outcome == wire.OUTCOME_DUPLICATE
        for again in (blob, update(seed=9)):  # the same bytes under a new name, and a second contribution
            answer = device.upload(again)
            assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, "already-contributed")
        assert len(state.updates.waiting()) == before + 1


def test_many_copies_of_an_update_at_the_same_time_count_once(impatient: Coordinator) -> None:
    device, blob = impatient.device(), update()
    with impatient.state() as state:
        before = len(state.updates.waiting())
        channel, stub = raw_stub(impatient.address)
        with channel:
            calls = [
                stub.UploadUpdate.future(
                    iter([wire.UploadUpdateRequest(header=header_for(blob)), wire.UploadUpdateRequest(data=blob)]),
                    metadata=device.metadata,
                    timeout=LONG_S,
                )
                for _ in range(10)
            ]
            said = [call.exception() or call.result() for call in calls]
        assert [getattr(answer, "outcome", None) for answer in said].count(wire.OUTCOME_ACCEPTED) == 1
        assert len(state.updates.waiting()) == before + 1


def test_an_update_id_of_another_device_says_nothing_of_its_update(impatient: Coordinator) -> None:
    blob, header = update(), {"update_id": secrets.token_hex(16)}
    assert impatient.device().upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED
    assert impatient.device().upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED
