"""What a coordinator answers: who calls is checked here, and what they send in `admission`, before it is believed."""

import asyncio
import hmac
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import NoReturn, TypeVar

import grpc
import structlog
from google.protobuf.message import DecodeError

from swipefl.decoder.checkpoint import SCORE
from swipefl.errors import StoreError
from swipefl.federation.coordinator.admission import (
    ACCEPTED,
    REFUSED,
    STALE,
    Verdict,
    has_voted,
    verdict_on_bytes,
    verdict_on_header,
)
from swipefl.federation.coordinator.devices import Device, hashed
from swipefl.federation.coordinator.enrolments import Enrolments, Refusal
from swipefl.federation.coordinator.judged import Judgement
from swipefl.federation.coordinator.limits import RateLimit
from swipefl.federation.coordinator.metrics import SHOWN, Metrics
from swipefl.federation.coordinator.notes import Noted, Notes
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.writer import Writer
from swipefl.federation.protocol.bounds import LARGEST_VERSION
from swipefl.federation.protocol.signing import signed_manifest
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceServicer

Context = grpc.aio.ServicerContext[object, object]
Upload = AsyncIterator[wire.UploadUpdateRequest]
CHUNK_BYTES = 64 * 1024  # of a part that is cut nothing stays, and 1 MB in 17 parts costs no more than in 5
MOST_SMALL_PARTS, LEAST_PART = 16, 4 * 1024  # each part costs as much as a large one
LINES_AT_ONCE, LINES_AN_HOUR = 4, 4  # of visits of one device: more would be a flood
OF_BAD_NETWORKS = ("cut-short", "too-slow", "one-stream-at-a-time")  # why streams end of who does nothing wrong

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Call = Callable[["FederationService", Request, Context], Awaitable[Answer]]


def later(call: Call[Request, Answer]) -> Call[Request, Answer]:
    """`call`, answering UNAVAILABLE while the state cannot be read or written, as on a full disk.

    Whatever else goes wrong here, no device is told more than that it did.
    """

    @wraps(call)
    async def answered(service: "FederationService", request: Request, context: Context) -> Answer:
        try:
            return await call(service, request, context)
        except (grpc.aio.AbortError, DecodeError):  # what the caller did, which Patience tells it
            raise
        except grpc.aio.InternalError:  # the caller has gone, as grpc knows
            raise
        except StoreError as error:
            await service.not_now(context, error)
        except Exception as error:
            await service.broken(context, error)

    return answered


def log_bug(error: Exception, **facts: object) -> None:
    """A line of the log for what nobody foresaw: its kind and its place, and nothing of what it says."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    structlog.get_logger().error("a bug", error=type(error).__name__, where=where, **facts)


class FederationService(FederationServiceServicer):
    """The calls over a `state` for reading and a `writer` for all that is written."""

    def __init__(self, state: State, writer: Writer, policy: Policy, metrics: Metrics) -> None:
        self._state = state
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        limits = policy.limits
        self._calls = RateLimit(limits.calls_a_minute, limits.calls_a_minute / 60)
        self._bytes = RateLimit(limits.upload_bytes_a_day, limits.upload_bytes_a_day / 86_400)
        self._lines = RateLimit(LINES_AT_ONCE, LINES_AN_HOUR / 3600)
        self._enrolments = Enrolments(state, writer, limits, metrics)
        self._streaming: dict[str, Context] = {}
        self._notes = Notes(time.time)
        self._newest_blob = (0, b"")
        metrics.show_judged(state.judgements.newest(SHOWN))

    async def note_seen(self) -> None:
        """Writes down what is remembered of calls since the last time. Raises StoreError; then it waits on."""
        noted = self._notes.taken()
        if noted == Noted():
            return
        try:
            left = await self._writer.do(lambda state: state.write_down(noted))
        except StoreError:
            self._notes.given_back(noted)
            raise
        self._notes.given_back(left)
        self._metrics.show_judged(self._state.judgements.newest(SHOWN))

    @later
    async def Enroll(self, request: wire.EnrollRequest, context: Context) -> wire.EnrollResponse:
        """A place for who has a token."""
        place = await self._enrolments.place(request.token, request.credential, context.peer())
        if isinstance(place, Refusal):
            await self._refuse(context, place.code, place.reason)
        return wire.EnrollResponse(device_id=place, keys=self._state.keys.public())

    @later
    async def CheckIn(self, request: wire.CheckInRequest, context: Context) -> wire.CheckInResponse:
        """What is newest, how to train, when to come again."""
        device = await self._device(context)
        state, plan = self._state, self._policy.plan
        with state.reading():  # a version or a key that comes meanwhile is not mixed into it
            newest = state.versions.newest()
            signed = signed_manifest(newest.manifest(), state.keys.signing())
            keys, contributed = state.keys.public(), has_voted(state, device.id, newest.number)
            last = state.updates.last_of(device.id)
            if request.HasField("judged"):
                self._note_judged(device, request.judged)
        if self._lines.allows(device.id):
            structlog.get_logger().info("visit", device=device.id, version=newest.number)
        return wire.CheckInResponse(
            newest=signed,
            plan=wire.TrainingPlan(
                epochs=plan.epochs,
                batch_size=plan.batch_size,
                learning_rate=plan.learning_rate,
                max_norm=plan.max_norm,
            ),
            keys=keys,
            retry_after_s=self._policy.retry_after_s,
            contributed=contributed,
            last_update=last,
            score_weights=newest.shapes[SCORE][0],
            conditions=wire.Conditions(**vars(self._policy.conditions)),
        )

    def _note_judged(self, device: Device, said: wire.Judged) -> None:
        """Remembers what can be so; whatever else a device says of a version costs it and us nothing."""
        judgement = Judgement(device.id, said.version, said.swipes, said.right_before, said.right_now)
        if judgement.is_plausible and self._state.judgements.may(device.id, said.version):
            self._notes.judged(judgement)

    # Writing to the context, and no generator: only so does the time limit also hold while a slow device is written to.
    @later
    async def DownloadCheckpoint(  # type: ignore[override]
        self, request: wire.DownloadCheckpointRequest, context: Context
    ) -> None:
        """A version's bytes from an offset on."""
        async with self._stream(await self._device(context), context):
            blob = self._blob(request.version)
            if not blob:
                await self._refuse(context, grpc.StatusCode.NOT_FOUND, "unknown-version")
            for at in range(request.offset, len(blob), CHUNK_BYTES):
                part = blob[at : at + CHUNK_BYTES]
                await context.write(wire.DownloadCheckpointResponse(offset=at, data=part))
                self._metrics.bytes_down.inc(len(part))

    def _blob(self, version: int) -> bytes:
        """The bytes of a version, empty where there are none; those that all devices ask for are kept at hand."""
        if version != self._newest_blob[0]:
            blob = self._state.versions.blob(version) if version <= LARGEST_VERSION else None
            if not blob or version != self._state.versions.newest().number:
                return blob or b""
            self._newest_blob = (version, blob)
        return self._newest_blob[1]

    @later
    async def UploadUpdate(self, requests: Upload, context: Context) -> wire.UploadUpdateResponse:
        """Takes an update, if it is what it must be; answers after it is durable."""
        device = await self._device(context)
        try:
            async with self._stream(device, context):
                verdict = await self._received(device, requests, context)
        except grpc.aio.AbortError:
            self._notes.called(device.id, refused=context.details() not in OF_BAD_NETWORKS)
            raise
        is_one = (verdict.outcome == outcome for outcome in (ACCEPTED, REFUSED, STALE))
        self._notes.called(device.id, *is_one)
        self._metrics.updates.labels(verdict.outcome, verdict.reason).inc()
        if verdict.outcome == ACCEPTED:
            structlog.get_logger().info("update taken", device=device.id)
        elif verdict.reason:
            structlog.get_logger().info("update refused", device=device.id, reason=verdict.reason)
        return wire.UploadUpdateResponse(outcome=f"OUTCOME_{verdict.outcome.upper()}", reason=verdict.reason)

    @later
    async def Leave(self, request: wire.LeaveRequest, context: Context) -> wire.LeaveResponse:
        """Who leaves is refused from now on, but to leave once more; what waits of it goes into no version."""
        device = await self._one_of_ours(context)
        if not device.revoked:
            await self._writer.do(lambda state: state.leave(device.id))
            structlog.get_logger().info("device left", device=device.id)
        return wire.LeaveResponse()

    @asynccontextmanager
    async def _stream(self, device: Device, context: Context) -> AsyncIterator[None]:
        """One stream of a device at a time, and not for ever; one that was refused is over before the device knows."""
        other = self._streaming.get(device.id)
        if other and not other.done():
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "one-stream-at-a-time")
        self._streaming[device.id] = context
        try:
            async with asyncio.timeout(self._policy.limits.stream_s):
                yield
        except TimeoutError:
            await self._refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, "too-slow")
        finally:
            if self._streaming.get(device.id) is context:
                del self._streaming[device.id]

    async def _received(self, device: Device, requests: Upload, context: Context) -> Verdict:
        first = await anext(requests, None)
        if first is None or not first.HasField("header"):
            await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "no-header")
        header = first.header
        if early := verdict_on_header(self._state, self._policy, device.id, header):
            return early
        if not self._bytes.allows(device.id, header.size_bytes):
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "daily-quota")
        blob = await self._bytes_of(header, requests, context)
        if fault := verdict_on_bytes(self._state, self._policy, header, blob):
            return fault
        received = Received(header.update_id, device.id, header.base_version, header.examples, blob)
        return await self._writer.take(received)

    async def _bytes_of(self, header: wire.UpdateHeader, requests: Upload, context: Context) -> bytes:
        """What follows the header, exactly as much as it declared."""
        blob, parts_left = bytearray(), MOST_SMALL_PARTS + header.size_bytes // LEAST_PART
        async for request in requests:
            parts_left -= 1
            if parts_left < 0:
                await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-parts")
            if not request.data:
                await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "no-data")
            blob += request.data
            if len(blob) > header.size_bytes:
                await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "more-than-declared")
        self._metrics.bytes_up.inc(len(blob))
        if len(blob) < header.size_bytes:  # a connection that went away looks like this: no fault of the update
            await self._refuse(context, grpc.StatusCode.ABORTED, "cut-short")
        return bytes(blob)

    def caller(self, context: Context) -> str:
        """The id of the device that calls, "" for a stranger, and where that cannot be read."""
        with suppress(StoreError):
            device = self._known(context)
            return device.id if device and not device.revoked else ""
        return ""

    def _known(self, context: Context) -> Device | None:
        metadata = {str(name): str(value) for name, value in context.invocation_metadata() or ()}
        device_id, _, credential = metadata.get("authorization", "").removeprefix("Bearer ").partition(":")
        device = self._state.devices.get(device_id)
        said = hashed(_unhexed(credential))
        return device if device and hmac.compare_digest(device.credential, said) else None

    async def _device(self, context: Context) -> Device:
        """Who calls; ends the call for one that is unknown, here too often, or revoked."""
        device = await self._one_of_ours(context)
        if device.revoked:
            await self._refuse(context, grpc.StatusCode.PERMISSION_DENIED, "revoked-device")
        return device

    async def _one_of_ours(self, context: Context) -> Device:
        """Who calls, revoked or not; ends the call for one that is unknown or here too often."""
        device = self._known(context)
        if device is None:
            await self._refuse(context, grpc.StatusCode.UNAUTHENTICATED, "unknown-device")
        if not self._calls.allows(device.id):
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-often")
        self._notes.called(device.id)
        return device

    async def not_now(self, context: Context, error: Exception) -> NoReturn:
        """Ends the call: the state is not to be had, and the device may come again."""
        structlog.get_logger().error("store", reason=str(error))
        await self._refuse(context, grpc.StatusCode.UNAVAILABLE, "store")

    async def broken(self, context: Context, error: Exception) -> NoReturn:
        """Ends the call for a bug; the log says where."""
        log_bug(error)
        await self._refuse(context, grpc.StatusCode.INTERNAL, "bug")

    async def _refuse(self, context: Context, code: grpc.StatusCode, reason: str) -> NoReturn:
        self._metrics.refused_calls.labels(reason).inc()
        await context.abort(code, reason)


def _unhexed(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
