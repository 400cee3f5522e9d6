"""HTTP/1.1 with patience that ends: who says nothing, speaks slowly or takes no answer is hung up on."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from swipefl.api.door import Door
from swipefl.api.guards import CLOSING
from swipefl.api.guards.tokens import PAUSE
from swipefl.api.problems import problem_response
from swipefl.errors import UsageError


@dataclass(frozen=True)
class Patience:
    """Seconds that are waited for a request's head, for its body, for an answer to be taken, and between requests.

    Of a body that nobody wants, as its request was refused, `unwanted` bytes are read, so that the answer arrives.
    """

    head_s: float = 10.0
    body_s: float = 30.0
    answer_s: float = 20.0
    rest_s: int = 60
    unwanted: int = 1 << 20


PATIENCE = Patience()


class PatientProtocol(H11Protocol):
    """One connection of `door`'s."""

    def __init__(self, door: Door, patience: Patience, **given: Any) -> None:
        super().__init__(**given)
        self._door = door
        self._patience = patience
        self._waits_for: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._not_taken: asyncio.TimerHandle | None = None
        self._unwanted = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=1, low=0)  # so that it hears of what is not taken; 0 stops TLS
        self._wait_for("head")

    def connection_lost(self, error: Exception | None) -> None:
        for timer in (self._timer, self._not_taken):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._refused_already():
            self._unwanted += len(data)
            if self._unwanted > self._patience.unwanted:
                self.transport.abort()
        self._wait_for(self._missing(is_heard=True))

    def on_response_complete(self) -> None:
        scope: MutableMapping[str, Any] = self.cycle.scope  # type: ignore[assignment]
        pause_s = scope.get(PAUSE, 0.0)
        if self._refused_already() and any(name == b"expect" for name, _ in self.headers):
            self.transport.close()  # it waits to be told to send its body, and may now send something else
        super().on_response_complete()
        self._wait_for(self._missing(is_heard=bool(self.conn.trailing_data[0])))
        if pause_s and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(min(pause_s, 1.0), self._hear_again)

    def send_400_response(self, msg: str) -> None:
        """Says that this is no HTTP, unless an answer has begun already; nothing after it can be understood."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem_response(UsageError("no-http", "this is no request of HTTP"), 400, CLOSING)
            begun = h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (begun, h11.Data(data=bytes(answer.body))):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._not_taken is None:
            self._not_taken = self.loop.call_later(self._patience.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._not_taken is not None:
            self._not_taken.cancel()
            self._not_taken = None

    def _hear_again(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _refused_already(self) -> bool:
        """Whether what comes now is a body whose request was answered without it."""
        return self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE

    def _missing(self, is_heard: bool) -> str | None:
        """What is to come from the other end; a head only once it began, for between requests one may rest."""
        if self.conn.their_state is h11.IDLE and is_heard:
            return "head"
        return "body" if self.conn.their_state is h11.SEND_BODY else None

    def _wait_for(self, missing: str | None) -> None:
        self._door.busy(self.client, self.cycle is not None and not self.cycle.response_complete)
        if missing == self._waits_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._waits_for, self._timer, self._unwanted = missing, None, 0
        if missing is not None:
            after_s = self._patience.head_s if missing == "head" else self._patience.body_s
            self._timer = self.loop.call_later(after_s, self.transport.abort)
