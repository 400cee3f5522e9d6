"""How long, and with how many, a coordinator waits for what a caller asks: who says nothing holds nobody's place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from swipefl.federation.coordinator.limits import Limits, share_of
from swipefl.federation.coordinator.metrics import Metrics

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(eq=False)
class _Place:
    """Where one call is waited for; `share` says from which address."""

    share: str
    wait: asyncio.Timeout
    given_up: bool = False

    def give_up(self) -> None:
        """Its call is waited for no longer."""
        self.given_up = True
        if not self.wait.expired():
            self.wait.reschedule(asyncio.get_running_loop().time())


class Patience(grpc.aio.ServerInterceptor):
    """Takes calls of one request as streams: grpc would wait for that request for ever.

    `caller` names the device that calls, "" for a stranger. Each device has a few places to be waited for in, all
    strangers together some in each method. Where all are taken, the address that has most gives one up, the one waited
    in longest: who sends what they ask is hardly waited for, and so gets in.
    """

    def __init__(self, caller: Callable[[Context], str], limits: Limits, metrics: Metrics) -> None:
        self._caller = caller
        self._limits = limits
        self._metrics = metrics
        self._places: dict[str, list[_Place]] = {}  # by device, and by method for strangers; in order of arrival

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The handler of a call, in front of which its request is waited for, and one that can be read is asked for."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        answer: Any = handler.stream_unary or handler.unary_stream or handler.unary_unary or handler.stream_stream

        async def patient(requests: AsyncIterator[object], context: Context) -> object:
            try:
                if handler.request_streaming:
                    return await answer(requests, context)
                return await answer(await self._request(requests, context, method), context)
            except DecodeError:
                await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "no-message")

        async def conversation(requests: AsyncIterator[object], context: Context) -> AsyncIterator[object]:
            async with self._waiting(context, method):
                async for each in answer(requests, context):
                    yield each

        coded = (handler.request_deserializer, handler.response_serializer)
        if handler.stream_stream:  # that of reflection, which asks for no credential
            return grpc.stream_stream_rpc_method_handler(conversation, *coded)
        kind = grpc.stream_stream_rpc_method_handler
        if not handler.response_streaming:
            kind = grpc.stream_unary_rpc_method_handler
        return kind(patient, *coded)

    async def _request(self, requests: AsyncIterator[object], context: Context, method: str) -> object:
        async with self._waiting(context, method):
            request = await anext(requests, None)
        if request is None:
            await self._refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, "no-request")
        return request

    @asynccontextmanager
    async def _waiting(self, context: Context, method: str) -> AsyncIterator[None]:
        """Refuses who does not end the block in time, or must make room for another."""
        caller = self._caller(context)
        most = self._limits.waiting_calls if caller else self._limits.waiting_strangers
        place = None
        try:
            async with asyncio.timeout(self._limits.request_s) as wait:
                place = _Place(share_of(context.peer()), wait)
                self._take(place, caller or method, most)
                try:
                    yield
                finally:
                    self._leave(place, caller or method)
        except TimeoutError:
            if place and place.given_up:
                await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-at-once")
            await self._refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, "no-request")

    def _take(self, place: _Place, key: str, most: int) -> None:
        places = self._places.setdefault(key, [])
        places.append(place)
        if len(places) > most:
            ((crowd, _),) = Counter(each.share for each in places).most_common(1)
            oldest = next(each for each in places if each.share == crowd)
            places.remove(oldest)
            oldest.give_up()

    def _leave(self, place: _Place, key: str) -> None:
        if place in (places := self._places.get(key, [])):  # else it was given up
            places.remove(place)
            if not places:
                del self._places[key]

    async def _refuse(self, context: Context, code: grpc.StatusCode, reason: str) -> NoReturn:
        self._metrics.refused_calls.labels(reason).inc()
        await context.abort(code, reason)
