"""What a coordinator answers: every call is checked here before anything of it is believed."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import NoReturn

import grpc
import structlog

from swipefl.decoder.encoder import Architecture
from swipefl.errors import BadUpdate, StoreError
from swipefl.federation.coordinator.limits import RateLimit
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import CHUNK_BYTES, Policy
from swipefl.federation.coordinator.state import Device, Received, State, Version
from swipefl.federation.coordinator.writer import Writer
from swipefl.federation.signing import signed_manifest
from swipefl.federation.update import Shapes, decode_update, norm_of
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceServicer

Context = grpc.aio.ServicerContext[object, object]
LONGEST_ID = 64
HEADER_BYTES = 64 * 1024  # of the safetensors header, at most
ROUNDING = 1.001  # a device clips in float32


class FederationService(FederationServiceServicer):
    """The four calls over a `state` for reading and a `writer` for updates."""

    def __init__(self, state: State, writer: Writer, policy: Policy, metrics: Metrics) -> None:
        self._state = state
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        limits = policy.limits
        self._calls = RateLimit(limits.calls_a_minute, limits.calls_a_minute / 60)
        self._bytes = RateLimit(limits.upload_bytes_a_day, limits.upload_bytes_a_day / 86_400)
        self._wrong_tokens = RateLimit(10, 10 / 60)
        self._uploading: set[str] = set()

    async def Enroll(self, request: wire.EnrollRequest, context: Context) -> wire.EnrollResponse:
        """A place for who has a token."""
        peer = (context.peer() or "").rpartition(":")[0]
        if self._wrong_tokens.left(peer) < 1:
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-wrong-tokens")
        if len(request.credential) != 32:
            await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "bad-credential")
        device_id = self._state.enroll(request.token, request.credential)
        if device_id is None:
            self._wrong_tokens.allows(peer)
            await self._refuse(context, grpc.StatusCode.PERMISSION_DENIED, "wrong-token")
        self._metrics.enrolments.inc()
        structlog.get_logger().info("device enrolled", device=device_id)
        return wire.EnrollResponse(device_id=device_id, keys=self._state.keys())

    async def CheckIn(self, request: wire.CheckInRequest, context: Context) -> wire.CheckInResponse:
        """What is newest, how to train, when to come again."""
        device = await self._device(context)
        newest, plan = self._state.newest(), self._policy.plan
        return wire.CheckInResponse(
            newest=signed_manifest(newest.manifest(), self._state.signing_key()),
            plan=wire.TrainingPlan(
                epochs=plan.epochs,
                batch_size=plan.batch_size,
                learning_rate=plan.learning_rate,
                max_norm=plan.max_norm,
            ),
            keys=self._state.keys(),
            retry_after_s=self._policy.retry_after_s,
            contributed=self._state.contributed(device.id, newest.number),
        )

    async def DownloadCheckpoint(
        self, request: wire.DownloadCheckpointRequest, context: Context
    ) -> AsyncIterator[wire.DownloadCheckpointResponse]:
        """A version's bytes from an offset on."""
        await self._device(context)
        blob = self._state.blob(request.version)
        if blob is None:
            await self._refuse(context, grpc.StatusCode.NOT_FOUND, "unknown-version")
        for at in range(request.offset, len(blob), CHUNK_BYTES):
            part = blob[at : at + CHUNK_BYTES]
            yield wire.DownloadCheckpointResponse(offset=at, data=part)
            self._metrics.bytes_down.inc(len(part))

    async def UploadUpdate(
        self, requests: AsyncIterator[wire.UploadUpdateRequest], context: Context
    ) -> wire.UploadUpdateResponse:
        """Takes an update, if it is what it must be; answers after it is durable."""
        device = await self._device(context)
        if device.id in self._uploading:
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "one-upload-at-a-time")
        self._uploading.add(device.id)
        try:
            async with asyncio.timeout(self._policy.limits.upload_s):
                return await self._received(device, requests, context)
        except TimeoutError:
            await self._refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, "too-slow")
        except StoreError as error:
            structlog.get_logger().error("store", reason=str(error))
            await self._refuse(context, grpc.StatusCode.UNAVAILABLE, "store")
        finally:
            self._uploading.discard(device.id)

    async def _received(
        self, device: Device, requests: AsyncIterator[wire.UploadUpdateRequest], context: Context
    ) -> wire.UploadUpdateResponse:
        header = (await anext(requests, wire.UploadUpdateRequest())).header
        if early := self._early_answer(device, header):
            return early
        if not self._bytes.allows(device.id, header.size_bytes):
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "daily-quota")
        blob = bytearray()
        async for request in requests:
            blob += request.data
            if len(blob) > header.size_bytes:
                return self._answer("refused", "too-large")
        self._metrics.bytes_up.inc(len(blob))
        if reason := self._fault(bytes(blob), header):
            return self._answer("refused", reason)
        update = Received(header.update_id, device.id, header.base_version, header.examples, bytes(blob))
        said = await self._writer.take(update)
        return self._answer("refused", said) if said == "already-contributed" else self._answer(said)

    def _early_answer(self, device: Device, header: wire.UpdateHeader) -> wire.UploadUpdateResponse | None:
        """What can be said before the bytes come, if anything."""
        if not 0 < len(header.update_id) <= LONGEST_ID:
            return self._answer("refused", "bad-header")
        known = self._state.known(device.id, header.update_id, header.base_version)
        if known == "duplicate":
            return self._answer("duplicate")
        newest, base = self._state.newest(), self._state.version(header.base_version)
        if base is None:
            return self._answer("refused", "unknown-version")
        if base.fingerprint != header.base_fingerprint:
            return self._answer("refused", "wrong-fingerprint")
        if base.number < newest.number - self._policy.max_staleness or base.architecture != newest.architecture:
            return self._answer("stale")
        if known:
            return self._answer("refused", known)
        if not 0 < header.examples <= self._policy.limits.examples:
            return self._answer("refused", "implausible-examples")
        if header.size_bytes > largest_update(shapes_of(newest)):
            return self._answer("refused", "too-large")
        return None

    def _fault(self, blob: bytes, header: wire.UpdateHeader) -> str | None:
        """Why these bytes are no update of the model, or None."""
        if len(blob) != header.size_bytes or hashlib.sha256(blob).digest() != header.sha256:
            return "damaged"
        try:
            delta = decode_update(blob, shapes_of(self._state.newest()))
        except BadUpdate as error:
            return error.reason
        return "norm-too-large" if not norm_of(delta) <= self._policy.plan.max_norm * ROUNDING else None

    def _answer(self, outcome: str, reason: str = "") -> wire.UploadUpdateResponse:
        self._metrics.updates.labels(outcome, reason).inc()
        return wire.UploadUpdateResponse(outcome=f"OUTCOME_{outcome.upper()}", reason=reason)

    async def _device(self, context: Context) -> Device:
        """Who calls; ends the call for one that is unknown, revoked or here too often."""
        metadata = {str(name): str(value) for name, value in context.invocation_metadata() or ()}
        device_id, _, credential = metadata.get("authorization", "").removeprefix("Bearer ").partition(":")
        device = self._state.device(device_id)
        said = hashlib.sha256(_unhexed(credential)).digest()
        if device is None or not hmac.compare_digest(device.credential, said):
            await self._refuse(context, grpc.StatusCode.UNAUTHENTICATED, "unknown-device")
        if device.revoked:
            await self._refuse(context, grpc.StatusCode.PERMISSION_DENIED, "revoked-device")
        if not self._calls.allows(device.id):
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-often")
        return device

    async def _refuse(self, context: Context, code: grpc.StatusCode, reason: str) -> NoReturn:
        self._metrics.refused_calls.labels(reason).inc()
        await context.abort(code, reason)


def shapes_of(version: Version) -> Shapes:
    """The shapes of a version's tensors."""
    return Architecture.named(version.architecture).shapes()


def largest_update(shapes: Shapes) -> int:
    """The bytes that an update of these tensors has at most: int8, two bytes a row, and a header."""
    size = 0
    for shape in shapes.values():
        values = 1
        for length in shape:
            values *= length
        size += values + 2 * shape[0]
    return size + HEADER_BYTES


def _unhexed(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
