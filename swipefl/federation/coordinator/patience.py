"""How long, and with how many, a coordinator waits for what a caller asks: who says nothing holds nobody's place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.metrics import Metrics

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class Patience(grpc.aio.ServerInterceptor):
    """Takes calls of one request as streams: grpc would wait for that request for ever.

    `caller` names the device that calls, "" for a stranger. Each device may be waited for a few times at once,
    strangers only so many together in each method.
    """

    def __init__(self, caller: Callable[[Context], str], limits: Limits, metrics: Metrics) -> None:
        self._caller = caller
        self._limits = limits
        self._metrics = metrics
        self._waited_for: Counter[str] = Counter()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The handler of a call, in front of which its request is waited for, and one that can be read is asked for."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.stream_stream:
            return handler
        stranger = str(handler_call_details.method)
        answer: Any = handler.stream_unary or handler.unary_stream or handler.unary_unary

        async def patient(requests: AsyncIterator[object], context: Context) -> object:
            try:
                if handler.request_streaming:
                    return await answer(requests, context)
                return await answer(await self._request(requests, context, stranger), context)
            except DecodeError:
                await self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "no-message")

        kind = grpc.stream_stream_rpc_method_handler
        if not handler.response_streaming:
            kind = grpc.stream_unary_rpc_method_handler
        return kind(patient, handler.request_deserializer, handler.response_serializer)

    async def _request(self, requests: AsyncIterator[object], context: Context, stranger: str) -> object:
        caller = self._caller(context)
        most = self._limits.waiting_calls if caller else self._limits.waiting_strangers
        if self._waited_for[caller or stranger] >= most:
            await self._refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-at-once")
        try:
            with self._place(caller or stranger):
                async with asyncio.timeout(self._limits.request_s):
                    return await anext(requests)
        except (TimeoutError, StopAsyncIteration):
            await self._refuse(context, grpc.StatusCode.DEADLINE_EXCEEDED, "no-request")

    @contextmanager
    def _place(self, caller: str) -> Iterator[None]:
        self._waited_for[caller] += 1
        try:
            yield
        finally:
            self._waited_for[caller] -= 1
            if not self._waited_for[caller]:
                del self._waited_for[caller]

    async def _refuse(self, context: Context, code: grpc.StatusCode, reason: str) -> NoReturn:
        self._metrics.refused_calls.labels(reason).inc()
        await context.abort(code, reason)
