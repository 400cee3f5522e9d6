"""How long, and with how many, a coordinator waits for what a caller does: who does nothing holds nobody's place."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, cast

import grpc
import structlog
from google.protobuf.message import DecodeError

from swipefl.federation.coordinator.limits import Limits, share_of
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.places import Place, Places
from swipefl.federation.protocol.run import METADATA, is_run

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class _GivenUp(Exception):
    """What was waited in went to another."""


@dataclass(frozen=True)
class _Call:
    """A call while it runs: from where, and which of how many places it is waited for in."""

    context: Context
    share: str
    places: str
    most: int


class Patience(grpc.aio.ServerInterceptor):
    """Takes and answers calls as streams: grpc would wait for a request, and for who takes an answer, for ever.

    `caller` names the device that calls, "" for a stranger. Each device has a few places to be waited for in, all
    strangers together some in each method. Where all are taken, the address that has most gives one up, the one waited
    in longest: who sends what they ask, and takes the answer, is hardly waited for, and so gets in. So it is with the
    calls that run: a quarter may be of strangers, and some of each device.
    """

    def __init__(self, caller: Callable[[Context], str], limits: Limits, metrics: Metrics) -> None:
        self._caller = caller
        self._limits = limits
        self._metrics = metrics
        self._waited_in = Places()  # by device, and by method for strangers
        self._running = Places()  # by device, and "" for strangers
        self._of_members = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The handler of a call, around which its caller is waited for, and one that can be read is asked for."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        answer: Any = handler.stream_unary or handler.unary_stream or handler.unary_unary or handler.stream_stream

        async def patient(requests: AsyncIterator[object], context: Context) -> None:
            async with self._call(context, method) as call:
                asked = requests if handler.request_streaming else await self._request(requests, call)
                said = await answer(asked, context)
                if not handler.response_streaming:
                    await self._say(said, call)

        async def conversation(requests: AsyncIterator[object], context: Context) -> None:
            async with self._call(context, method) as call:
                said = answer(requests, context)
                while (each := await self._asked(said, call)) is not None:
                    await self._say(each, call)

        # That of reflection, which asks for no credential, is the only one that says as much as it is asked.
        kind = conversation if handler.stream_stream else patient
        return grpc.stream_stream_rpc_method_handler(
            cast(Any, kind), handler.request_deserializer, handler.response_serializer
        )

    @asynccontextmanager
    async def _call(self, context: Context, method: str) -> AsyncIterator[_Call]:
        """Counts the call until it has ended, answer or refusal sent. It is cancelled where another needs its place."""
        caller, share, limits = self._caller(context), share_of(context.peer()), self._limits
        task = cast("asyncio.Task[object]", asyncio.current_task())
        place, began, code = Place(share, task.cancel), time.perf_counter(), "CANCELLED"
        structlog.contextvars.bind_contextvars(**_run_of(context))  # in all lines of this call, which is a task
        if caller and self._of_members >= limits.concurrent_calls - limits.calls_of_strangers:
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-at-once")
        self._of_members += bool(caller)
        try:
            if self._running.take(place, caller, limits.calls_of_a_device if caller else limits.calls_of_strangers):
                self._metrics.refused_calls.labels("too-many-at-once").inc()
            if caller:
                yield _Call(context, share, caller, limits.waiting_calls)
            else:
                yield _Call(context, share, method, limits.waiting_strangers)
            code = "OK"
        except grpc.aio.AbortError:
            code = _code(context)
            raise
        except DecodeError:
            code = "INVALID_ARGUMENT"
            await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "no-message")
        finally:
            self._running.leave(place, caller)
            self._of_members -= bool(caller)
            seconds = time.perf_counter() - began
            self._metrics.requests.labels(method.rpartition("/")[2], code).observe(seconds)  # of methods that there are

    async def _request(self, requests: AsyncIterator[object], call: _Call) -> object:
        request = await self._asked(requests, call)
        if request is None:
            await self._refuse(call.context, grpc.StatusCode.DEADLINE_EXCEEDED, "no-request")
        return request

    async def _asked(self, requests: AsyncIterator[object], call: _Call) -> object:
        """The next of what is asked, None where that was all. Refuses who does not say it in time."""
        try:
            async with self._waiting(call):
                return await anext(requests, None)
        except _GivenUp:
            await self._refuse(call.context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-at-once")
        except TimeoutError:
            await self._refuse(call.context, grpc.StatusCode.DEADLINE_EXCEEDED, "no-request")

    async def _say(self, said: object, call: _Call) -> None:
        """Sends an answer. Drops the call of who does not take it in time: behind it, no refusal would arrive."""
        try:
            async with self._waiting(call):
                await call.context.write(said)
        except (_GivenUp, TimeoutError):
            self._metrics.refused_calls.labels("answer-not-taken").inc()
            raise asyncio.CancelledError from None

    @asynccontextmanager
    async def _waiting(self, call: _Call) -> AsyncIterator[None]:
        """Raises TimeoutError where the block does not end in time, _GivenUp where it must make room for another."""
        given_up = False
        try:
            async with asyncio.timeout(self._limits.request_s) as wait:

                def give_up() -> None:
                    nonlocal given_up
                    given_up = True
                    if not wait.expired():
                        wait.reschedule(asyncio.get_running_loop().time())

                place = Place(call.share, give_up)
                self._waited_in.take(place, call.places, call.most)
                try:
                    yield
                finally:
                    self._waited_in.leave(place, call.places)
        except TimeoutError as error:
            if given_up:
                raise _GivenUp from error
            raise

    async def _refuse(self, context: Context, code: grpc.StatusCode, reason: str) -> NoReturn:
        self._metrics.refused_calls.labels(reason).inc()
        await context.abort(code, reason)


def _code(context: Context) -> str:
    """The status that a call was ended with, by name."""
    code = context.code()  # grpc.aio gives what it was given: a status, or its number
    return next((each.name for each in grpc.StatusCode if code in (each, each.value[0])), "UNKNOWN")


def _run_of(context: Context) -> dict[str, str]:
    """What the caller says that its run is called, if that can be one: it is in its own log, and nothing to trust."""
    said = [value for name, value in context.invocation_metadata() or () if name == METADATA]
    return {"caller_run_id": str(said[0])} if len(said) == 1 and is_run(said[0]) else {}
