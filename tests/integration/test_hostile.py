"""A hostile coordinator: a device loads nothing of it, is not kept by it, and predicts on."""

import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, CoordinatorUnreachable, TrustError, UnusableModel
from swipefl.federation.device.client import STREAM_S, Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.enrolment import enroll
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.protocol.signing import public_bytes, signed_manifest, succession
from swipefl.federation.protocol.token import Token
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import (
    FederationServiceServicer,
    add_FederationServiceServicer_to_server,
)
from swipefl.store.membership import Membership
from swipefl.store.models import newest_global
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.command import swipefl
from tests.support.swipes import GOOD
from tests.support.updates import update
from tests.support.waiting import LONG_S


@dataclass
class Hostile(FederationServiceServicer):
    """A coordinator that offers `blob` as version 2, right and signed with the pinned `key`, but for changes.

    `says` changes the answer to a check-in, `manifest` the manifest before it is signed; `parts` are what it streams.
    """

    key: Ed25519PrivateKey
    blob: bytes
    signer: Ed25519PrivateKey | None = None
    manifest: dict[str, object] = field(default_factory=dict)
    says: Callable[[wire.CheckInResponse], object] = lambda answer: None
    parts: Callable[[int], Iterable[wire.DownloadCheckpointResponse]] | None = None
    upload: wire.UploadUpdateResponse = field(default_factory=wire.UploadUpdateResponse)

    def CheckIn(self, request: wire.CheckInRequest, context: grpc.ServicerContext) -> wire.CheckInResponse:
        facts: dict[str, object] = {
            "version": 2,
            "architecture": base_checkpoint().architecture,
            "fingerprint": fingerprint_of(self.blob),
            "sha256": hashlib.sha256(self.blob).digest(),
            "size_bytes": len(self.blob),
            **self.manifest,
        }
        answer = wire.CheckInResponse(
            newest=signed_manifest(wire.Manifest(**facts), self.signer or self.key),
            plan=wire.TrainingPlan(epochs=1, batch_size=8, learning_rate=1e-3, max_norm=1),
            keys=wire.SigningKeys(public_key=public_bytes(self.key)),
        )
        self.says(answer)
        return answer

    def DownloadCheckpoint(
        self, request: wire.DownloadCheckpointRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.DownloadCheckpointResponse]:
        if self.parts:
            yield from self.parts(request.offset)
            return
        for at in range(request.offset, len(self.blob), 2**18):
            yield wire.DownloadCheckpointResponse(offset=at, data=self.blob[at : at + 2**18])

    def UploadUpdate(
        self, requests: Iterator[wire.UploadUpdateRequest], context: grpc.ServicerContext
    ) -> wire.UploadUpdateResponse:
        list(requests)
        return self.upload


def fingerprint_of(blob: bytes) -> str:
    try:
        return checkpoint_from_bytes(blob).fingerprint
    except CheckpointError:
        return "0" * 64


def other_model(factor: float = 0.5) -> Checkpoint:
    base = base_checkpoint()
    return replace(base, weights={name: array * np.float32(factor) for name, array in base.weights.items()})


def with_header(change: Callable[[dict[str, object]], object], blob: bytes | None = None) -> bytes:
    """A model whose safetensors header says something else in its metadata."""
    blob = blob or other_model().to_bytes(half=True)
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + size])
    about = json.loads(header["__metadata__"]["swipefl"])
    change(about)
    header["__metadata__"]["swipefl"] = json.dumps(about)
    changed = json.dumps(header).encode()
    return len(changed).to_bytes(8, "little") + changed + blob[8 + size :]


@contextmanager
def hostile(kind: type[Hostile] = Hostile, **changes: object) -> Iterator[tuple[str, Hostile]]:
    """Such a coordinator, and its address."""
    facts = {"key": Ed25519PrivateKey.generate(), "blob": other_model().to_bytes(half=True), **changes}
    servicer, server = kind(**facts), grpc.server(ThreadPoolExecutor(4))
    add_FederationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", servicer
    finally:
        server.stop(0).wait()


@contextmanager
def member(home: Path, address: str, servicer: Hostile, deadline_s: float = LONG_S) -> Iterator[Exchange]:
    """A device that pinned the servicer's key and knows version 1, which is the base."""
    with Store(home / "swipefl.db") as store:
        key, base = public_bytes(servicer.key), base_checkpoint().fingerprint
        store.memberships.set(Membership(address, "device", bytes(32), key, version=1, fingerprint=base))
        yield Exchange(store, home, lambda member: Client(Endpoint(member.address), member.authorization, deadline_s))


def flipped(blob: bytes) -> bytes:
    return blob[:-1000] + bytes([blob[-1000] ^ 1]) + blob[-999:]


def streaming(blob: bytes) -> Callable[[int], Iterable[wire.DownloadCheckpointResponse]]:
    """Parts of `blob` instead of those of the model that was signed."""
    return lambda offset: (
        wire.DownloadCheckpointResponse(offset=at, data=blob[at : at + 2**18]) for at in range(offset, len(blob), 2**18)
    )


def _other_key(answer: wire.CheckInResponse, key: Ed25519PrivateKey | None = None) -> None:
    """Another key signs all of it, and says that it is the one."""
    key = key or Ed25519PrivateKey.generate()
    answer.newest.CopyFrom(signed_manifest(wire.Manifest.FromString(answer.newest.manifest), key))
    answer.keys.public_key = public_bytes(key)


def _other_key_with_a_forged_succession(answer: wire.CheckInResponse) -> None:
    old, key = answer.keys.public_key, Ed25519PrivateKey.generate()
    _other_key(answer, key)
    link = succession(key, key)  # the new key says so itself
    link.old_public_key = old
    answer.keys.successions.append(link)


MODEL = other_model().to_bytes(half=True)
FORGED: dict[str, dict[str, object]] = {
    "a manifest with the wrong key": {"signer": Ed25519PrivateKey.generate()},
    "another key for everything": {"says": _other_key},
    "a forged succession": {"says": _other_key_with_a_forged_succession},
    "no signature": {"says": lambda answer: answer.newest.ClearField("signature")},
    "no manifest": {"says": lambda answer: answer.ClearField("newest")},
    "no keys": {"says": lambda answer: answer.ClearField("keys")},
    "a changed manifest": {"says": lambda answer: setattr(answer.newest, "manifest", answer.newest.manifest + b"\0")},
    "no version": {"manifest": {"version": 0}},
    "a version that no store holds": {"manifest": {"version": 2**64 - 1}},
    "another model under the same version": {"manifest": {"version": 1}},
    "a model of ten terabytes": {"manifest": {"size_bytes": 10**13}},
    "a model of no bytes": {"manifest": {"size_bytes": 0}},
    "a hash of no length": {"manifest": {"sha256": b""}},
    "a hash of a great length": {"manifest": {"sha256": bytes(10_000)}},
    "another fingerprint": {"manifest": {"fingerprint": "f" * 64}},
    "another architecture in the manifest": {"manifest": {"architecture": "bilstm-8"}},
    "a flipped bit": {"parts": streaming(flipped(MODEL))},
    "half of a model": {"parts": streaming(MODEL[: len(MODEL) // 2])},
    "nothing": {"parts": streaming(b"")},
    "more than a model": {"parts": streaming(MODEL + bytes(10**6))},
    "a pickle": {"blob": b"\x80\x04\x95" + MODEL},
    "weights that are not finite": {"blob": other_model(np.nan).to_bytes(half=True)},
    "other names of weights": {"blob": replace(other_model(), weights={"w": np.ones(9, np.float32)}).to_bytes()},
    "another architecture": {"blob": with_header(lambda about: about.update(architecture="bilstm-9"))},
    "an architecture that nobody knows": {"blob": with_header(lambda about: about.update(architecture="x" * 10**6))},
    "score weights that are not finite": {
        "blob": with_header(lambda about: about.update(score={"alpha": float("nan")}))
    },
    "score weights too large": {"blob": with_header(lambda about: about.update(score={"alpha": 10**400, "beta": 1}))},
    "no information": {"blob": with_header(lambda about: about.update(info=7))},
    "a header too deep": {"blob": (200_000).to_bytes(8, "little") + b"[" * 200_000},
    "a header too long": {"blob": (2**63).to_bytes(8, "little") + MODEL[8:]},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_model_is_not_loaded(tmp_path: Path, what: str) -> None:
    with hostile(**FORGED[what]) as (address, servicer), member(tmp_path, address, servicer) as exchange:
        for _ in range(2):
            with pytest.raises((TrustError, UnusableModel)) as error:  # not signed so, or signed and no model
                exchange.run()
            assert (error.value.exit_code, len(str(error.value)) < 400) == (4, True)
    with Store(tmp_path / "swipefl.db") as store:
        known = store.memberships.get()
        assert known is not None
        assert (known.version, known.public_key) == (1, public_bytes(servicer.key))
        assert store.checkpoints.all() == []
        assert newest_global(store).fingerprint == base_checkpoint().fingerprint
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.part")) <= len(servicer.blob)


@pytest.mark.parametrize("what", ["a manifest with the wrong key", "a flipped bit", "a downgraded model"])
def test_a_forged_or_downgraded_model_ends_sync_with_4_and_the_device_predicts_on(tmp_path: Path, what: str) -> None:
    changes = FORGED.get(what, {"manifest": {"version": 2}})
    line = GOOD[0]
    with hostile(**changes) as (address, servicer):
        with member(tmp_path, address, servicer) as exchange:
            if what == "a downgraded model":
                assert exchange.run().pulled
                servicer.manifest = {"version": 1}
        before = swipefl(tmp_path, "predict", "-", "--json", given=line)
        assert before.code == 0
        done = swipefl(tmp_path, "sync", "--json")
        assert (done.code, "nothing" in done.err, done.out) == (4, True, "")
        assert swipefl(tmp_path, "predict", "-", "--json", given=line).out == before.out


@pytest.mark.parametrize(
    "parts",
    [
        lambda offset: [wire.DownloadCheckpointResponse(offset=offset + 1, data=b"x")],
        lambda offset: [wire.DownloadCheckpointResponse(offset=2**64 - 1)],
        lambda offset: [wire.DownloadCheckpointResponse(offset=offset, data=bytes(3 * 2**20))],
        lambda offset: itertools.repeat(wire.DownloadCheckpointResponse(offset=offset)),
        lambda offset: _drip(offset),
    ],
    ids=["a wrong place", "far away", "a part too large", "empty parts without an end", "drip"],
)
def test_a_coordinator_that_streams_nonsense_or_for_ever_is_left_in_time(
    tmp_path: Path, parts: Callable[[int], Iterable[wire.DownloadCheckpointResponse]]
) -> None:
    began = time.monotonic()
    with hostile(parts=parts) as (address, servicer), member(tmp_path, address, servicer, deadline_s=2) as exchange:
        with pytest.raises(CoordinatorUnreachable):
            exchange.run()
        assert time.monotonic() - began < STREAM_S / 2  # without its deadline, a device would stay for STREAM_S a try
        assert exchange.waits() is not None


def _drip(offset: int) -> Iterator[wire.DownloadCheckpointResponse]:
    """A byte now and then: each is progress."""
    for at in itertools.count(offset):
        time.sleep(0.05)
        yield wire.DownloadCheckpointResponse(offset=at, data=MODEL[at : at + 1])


@pytest.mark.parametrize("wait_s", [float("nan"), float("inf"), -float("inf"), -1.0, 1e300])
def test_no_coordinator_keeps_a_device_away_for_more_than_a_day(tmp_path: Path, wait_s: float) -> None:
    says = lambda answer: setattr(answer, "retry_after_s", wait_s)  # noqa: E731
    with hostile(says=says) as (address, servicer), member(tmp_path, address, servicer) as exchange:
        assert exchange.run().pulled
        with Store(tmp_path / "swipefl.db") as store:
            known = store.memberships.get()
            assert known is not None
            assert known.wait_s == (24 * 3600 if wait_s > 0 else 0)


def test_a_plan_out_of_measure_is_bounded(tmp_path: Path) -> None:
    plan = wire.TrainingPlan(epochs=2**32 - 1, batch_size=0, learning_rate=float("nan"), max_norm=float("inf"))
    with (
        hostile(says=lambda answer: answer.plan.CopyFrom(plan)) as (address, servicer),
        member(tmp_path, address, servicer) as exchange,
    ):
        exchange.run()
        with Store(tmp_path / "swipefl.db") as store:
            known = store.memberships.get()
            assert known is not None
            assert Plan.from_json(known.plan) == Plan(10, 1, 1e-6, 1000)


def test_what_a_coordinator_says_is_shown_as_text_and_not_at_length(tmp_path: Path) -> None:
    answer = wire.UploadUpdateResponse(outcome=wire.OUTCOME_REFUSED, reason="\x1b[2J\r\n" + "x" * 500_000)
    with hostile(upload=answer) as (address, servicer):
        with member(tmp_path, address, servicer), Store(tmp_path / "swipefl.db") as store:
            base = base_checkpoint().fingerprint
            store.outbox.queue(QueuedUpdate("id", base, 0.0, 20, update(), True, "data", version=1))
        done = swipefl(tmp_path, "sync")
    assert (done.code, "\x1b" in done.err, len(done.err) < 2000) == (7, False, True)


@pytest.mark.parametrize("name", ["", "a:b", "a\nb", "é", "x" * 65, "\0"])
def test_a_device_has_a_name_that_a_call_can_carry(tmp_path: Path, name: str) -> None:
    key = Ed25519PrivateKey.generate()
    _refused_enrolment(tmp_path, Token.of(bytes(16), public_bytes(key)), name, public_bytes(key))


def test_a_coordinator_with_another_key_than_the_tokens_enrols_nobody(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    for offered in (public_bytes(other), b"", b"x"):
        _refused_enrolment(tmp_path, Token.of(bytes(16), public_bytes(key)), "device", offered)


def _refused_enrolment(home: Path, token: Token, name: str, public_key: bytes) -> None:
    class Enrols(Hostile):
        def Enroll(self, request: wire.EnrollRequest, context: grpc.ServicerContext) -> wire.EnrollResponse:
            return wire.EnrollResponse(device_id=name, keys=wire.SigningKeys(public_key=public_key))

    with hostile(kind=Enrols) as (address, _), Store(home / "swipefl.db") as store:
        with pytest.raises(TrustError):
            enroll(store, Endpoint(address), token, lambda endpoint: Client(endpoint, deadline_s=LONG_S))
        assert store.memberships.get() is None
