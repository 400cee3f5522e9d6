"""A device's client of whose calls some fail: before they are made, while they are, or of an answer that is lost."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.wire.v1 import federation_pb2 as wire

BEFORE, IN, AFTER = "before", "in", "after"
LONGEST_S = 0.004  # that a call goes on before it is cut: about as long as it takes


class LostError(grpc.RpcError):
    """What a device sees of any of them: no answer within its time."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.DEADLINE_EXCEEDED

    def details(self) -> str:
        return "lost"


class Clock:
    """A time in seconds that passes when somebody rests."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.now += max(seconds, 1e-3)


class LossyClient(Client):
    """One whose calls fail at that rate, as `rng` says; `lost` counts them."""

    def __init__(
        self, endpoint: Endpoint, authorization: str | None, rate: float, rng: random.Random, lost: Counter[str]
    ) -> None:
        clock = Clock()
        super().__init__(endpoint, authorization, clock=clock, sleep=clock.rest)
        self._stub = _Stub(self._stub, rate, rng, lost)  # type: ignore[assignment]


class _Stub:
    """The calls, some of which fail."""

    def __init__(self, stub: Any, rate: float, rng: random.Random, lost: Counter[str]) -> None:
        self._stub, self._rate, self._rng, self._lost = stub, rate, rng, lost

    def fate(self, name: str) -> str:
        """When a call fails, "" where it does not."""
        self._lost["calls"] += 1
        when = self._rng.choice((BEFORE, IN, AFTER)) if self._rng.random() < self._rate else ""
        if when:
            self._lost[f"{name} {when}"] += 1
        return when

    def pause_s(self) -> float:
        return self._rng.uniform(0, LONGEST_S)

    def __getattr__(self, name: str) -> "_Call":
        return _Call(self, name, getattr(self._stub, name))


class _Call:
    """One method of them."""

    def __init__(self, stub: _Stub, name: str, call: Any) -> None:
        self._stub, self._name, self._call = stub, name, call

    def future(self, request: Any, **how: Any) -> Any:
        """What is asked for its answer."""
        when = self._stub.fate(self._name)
        if when == BEFORE:
            raise LostError
        if when == IN and self._name == "UploadUpdate" and self._stub.pause_s() < LONGEST_S / 2:
            return self._call.future(_first_of(request), **how)  # the connection went after some of it
        called = self._call.future(request, **how)
        if when == IN:
            time.sleep(self._stub.pause_s())
            called.cancel()
            raise LostError
        return _Lost(called) if when == AFTER else called

    def __call__(self, request: Any, **how: Any) -> Any:
        """What streams its answer."""
        when = self._stub.fate(self._name)
        if when == BEFORE:
            raise LostError
        return _Cut(self._call(request, **how), {IN: 0, AFTER: 1}.get(when))


class _Lost:
    """A call that was answered, and nobody heard it."""

    def __init__(self, called: Any) -> None:
        self._called = called

    def result(self, timeout: float) -> Any:
        self._called.result(timeout=timeout)
        raise LostError

    def cancel(self) -> None:
        self._called.cancel()


class _Cut:
    """A stream that is cut after so many parts, if at all."""

    def __init__(self, called: Any, most: int | None) -> None:
        self._called, self._most = called, most
        self.cancel: Callable[[], object] = called.cancel

    def __iter__(self) -> Iterator[Any]:
        for number, part in enumerate(self._called):
            if number == self._most:
                raise LostError
            yield part
        if self._most is not None:
            raise LostError


def _first_of(parts: Iterator[wire.UploadUpdateRequest]) -> Iterator[wire.UploadUpdateRequest]:
    yield next(parts)
