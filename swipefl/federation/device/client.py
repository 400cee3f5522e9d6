"""The device's end of the wire: calls that retry what may pass, all under one deadline."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Self, TypeVar

import grpc
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

from swipefl.errors import CoordinatorUnreachable, CredentialRefused, Remedy, SwipeflError, UpdateRefused, UsageError
from swipefl.federation.device.diagnosis import fault_of, may_never_pass, not_a_coordinator, other_host
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.protocol.run import METADATA
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from swipefl.printable import printable
from swipefl.stopping import Stop, never, raise_if

CHUNK_BYTES = 256 * 1024
TRIES = 5  # in a row without a byte of progress
CALL_S = 15.0  # for a short answer
STREAM_S = 30.0  # for one try of a download, which the next one goes on from
POLL_S = 0.1
LOOK_S = 10.0  # for finding out why no call gets through

_PLAIN_HTTP = re.compile(  # how grpc tells of an answer over HTTP/2 that is none of its own
    r"Received http2 header with status: (\d+)|No status received|Data frame with END_STREAM flag received"
)
_OTHER_HOST = "call host does not match SSL server name"  # as grpc says it of a call, as if its caller were unknown
_MAY_PASS = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INTERNAL,  # a stream that was cut
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,  # too many at once, or this device too often
}

Answer = TypeVar("Answer")
Look = Callable[[Endpoint], UsageError | None]


class Client:
    """One visit to a coordinator; `deadline_s` counts from here on, over all calls and their retries.

    `authorization` names the device, `run` what it does now, for the log there. Each call has `tries`.
    Every call raises CoordinatorUnreachable where trying later may help,
    CredentialRefused and UpdateRefused where it will not, UsageError at once where no coordinator can ever be spoken to
    like this, and what `stop` says.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        authorization: str | None = None,
        deadline_s: float = 120.0,
        stop: Stop = never,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        run: str | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._channel = endpoint.channel()
        self._stub = FederationServiceStub(self._channel)
        said = {"authorization": f"Bearer {authorization}" if authorization else None, METADATA: run}
        self._metadata = tuple((name, value) for name, value in said.items() if value)
        self._clock, self._sleep, self._stop = clock, sleep, stop
        self._ends_at = clock() + deadline_s
        self.tries = TRIES
        self._looks: list[Look] = []  # that were had

    def enroll(self, token: bytes, credential: bytes) -> wire.EnrollResponse:
        """A place for this device; the same again gets the same answer."""
        request = wire.EnrollRequest(token=token, credential=credential)
        return self._retried(
            lambda: self._answer(
                self._stub.Enroll.future(request, timeout=self._within(CALL_S), metadata=self._metadata)
            )
        )

    def leave(self) -> None:
        """Gives this device's place up, and what waits of it; safe to repeat."""
        call = self._stub.Leave
        self._retried(
            lambda: self._answer(
                call.future(wire.LeaveRequest(), timeout=self._within(CALL_S), metadata=self._metadata)
            )
        )

    def check_in(self, version: int, fingerprint: str, judged: wire.Judged | None = None) -> wire.CheckInResponse:
        """What the newest version is, and how to train for it; `judged` says what the version here did."""
        request = wire.CheckInRequest(version=version, fingerprint=fingerprint, judged=judged)
        call = self._stub.CheckIn
        return self._retried(
            lambda: self._answer(call.future(request, timeout=self._within(CALL_S), metadata=self._metadata))
        )

    def upload(self, header: wire.UpdateHeader, blob: bytes) -> wire.UploadUpdateResponse:
        """Sends an update; safe to repeat."""

        def parts() -> Iterator[wire.UploadUpdateRequest]:
            yield wire.UploadUpdateRequest(header=header)
            for at in range(0, len(blob), CHUNK_BYTES):
                yield wire.UploadUpdateRequest(data=blob[at : at + CHUNK_BYTES])

        call = self._stub.UploadUpdate
        return self._retried(
            lambda: self._answer(call.future(parts(), timeout=self._within(), metadata=self._metadata))
        )

    def download(self, version: int, offset: Callable[[], int], keep: Callable[[bytes], None]) -> None:
        """Streams a checkpoint from `offset()` on into `keep`; a try that brought some of it does not count as one."""

        def on_and_on() -> None:
            while True:
                before = offset()
                try:
                    return self._stream(version, offset, keep)
                except grpc.RpcError as error:
                    if not may_pass(error) or offset() == before or self._clock() >= self._ends_at:
                        raise

        self._retried(on_and_on)

    def _stream(self, version: int, offset: Callable[[], int], keep: Callable[[bytes], None]) -> None:
        request = wire.DownloadCheckpointRequest(version=version, offset=offset())
        call = self._stub.DownloadCheckpoint(request, timeout=self._within(STREAM_S), metadata=self._metadata)
        with self._cancelled_when_stopped(call):
            for part in call:
                raise_if(self._stop)
                if part.offset != offset():
                    raise CoordinatorUnreachable(
                        "out-of-turn",
                        "the coordinator at {address} sent a part of the model out of turn",
                        Remedy.TRY_LATER,
                        address=self._endpoint.where,
                    )
                keep(part.data)

    @contextmanager
    def _cancelled_when_stopped(self, call: grpc.Call) -> Iterator[None]:
        """Ends `call` with the block, or as soon as a signal comes: a stalled stream would wait for its deadline."""
        ended = Event()

        def watch() -> None:
            while not ended.wait(POLL_S):
                if self._stop() is not None:
                    call.cancel()

        watching = Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        except grpc.RpcError:
            raise_if(self._stop)
            raise
        finally:
            ended.set()
            watching.join()
            call.cancel()

    def _answer(self, call: "grpc.Future[Answer]") -> Answer:
        """Waits for an answer, but not longer than until a signal comes."""
        while True:
            try:
                return call.result(timeout=POLL_S)
            except grpc.FutureTimeoutError:
                if (why := self._stop()) is not None:
                    call.cancel()
                    raise why from None

    def _retried(self, call: Callable[[], Answer]) -> Answer:
        """`call`, and again after a growing random wait where that may help: not where it can never pass."""

        def tried() -> Answer:
            try:
                return call()
            except grpc.RpcError as error:
                if fault := self._fault_behind(error):
                    raise fault from error
                raise

        tries = Retrying(
            retry=retry_if_exception(may_pass),
            wait=wait_random_exponential(multiplier=0.25, max=8),
            stop=stop_after_attempt(self.tries) | stop_before_delay(self._within()),
            sleep=self._rest,
            reraise=True,
        )
        try:
            return tries(tried)
        except grpc.RpcError as error:
            raise self._error_of(error) from error

    def _fault_behind(self, error: grpc.RpcError) -> UsageError | None:
        """Why a call like this can never pass, where that is so."""
        if plain := _PLAIN_HTTP.search(error.details() or ""):
            status = int(plain[1] or 200)
            what = f"a web server (HTTP status {status})"
            return not_a_coordinator(self._endpoint.where, what) if may_never_pass(status) else None
        if _OTHER_HOST in (error.details() or ""):
            return self._looked(other_host)
        return self._looked(fault_of) if error.code() == grpc.StatusCode.UNAVAILABLE else None

    def _looked(self, look: Look) -> UsageError | None:
        """What a look at what answers finds, the first of a visit; it ends early where a signal comes."""
        if look in self._looks:
            return None
        self._looks.append(look)
        found: list[UsageError | None] = []

        def find() -> None:
            with suppress(Exception):  # a look that fails has found nothing: the call itself says what there is to say
                found.append(look(self._endpoint))

        looking = Thread(target=find, daemon=True)
        looking.start()
        until = time.monotonic() + self._within(LOOK_S)
        while looking.is_alive() and time.monotonic() < until:
            looking.join(POLL_S)
            raise_if(self._stop)
        return found[0] if found else None

    def _within(self, most_s: float = float("inf")) -> float:
        """The seconds that a call may take: what is left of the deadline, `most_s` at most."""
        return max(POLL_S, min(most_s, self._ends_at - self._clock()))

    def _rest(self, seconds: float) -> None:
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            raise_if(self._stop)
            self._sleep(min(left, POLL_S))

    def _error_of(self, error: grpc.RpcError) -> SwipeflError:
        facts = {
            "address": self._endpoint.where,
            "status": error.code().name.lower(),
            "details": printable(str(error.details() or "")[:200]),
        }
        if error.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            unknown = "the coordinator at {address} does not know this device, or no longer ({details})"
            return CredentialRefused("unknown-device", unknown, Remedy.REENROLL, **facts)
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            return not_a_coordinator(self._endpoint.where, "a gRPC server of something else")
        if error.code() in _MAY_PASS or error.code() == grpc.StatusCode.NOT_FOUND:
            silent = "the coordinator at {address} did not answer ({status}: {details}); what waits to be sent is kept"
            return CoordinatorUnreachable("no-answer", silent, Remedy.TRY_LATER, **facts)
        refused = "the coordinator at {address} refuses what this swipefl asks ({status}: {details})"
        return UpdateRefused("refused", refused, **facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._channel.close()


def may_pass(error: BaseException) -> bool:
    """Whether the same call may well succeed in a moment."""
    return isinstance(error, grpc.RpcError) and error.code() in _MAY_PASS
