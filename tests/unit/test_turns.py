"""Whose turn it is: nobody who asks a lot keeps another one waiting, and no turn is lost."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from swipefl.api.guards.bodies import SIZE
from swipefl.api.guards.clients import client_of
from swipefl.api.guards.turns import Pace, TurnGuard, Turns, _TooMany


def worked(asked: Sequence[str], at_once: int) -> list[str]:
    """In which order clients are worked for that ask, one behind the other, while somebody works."""

    async def run() -> list[str]:
        turns, order = Turns(at_once, 1000), list[str]()

        async def work(client: str) -> None:
            async with turns.of(client):
                order.append(client)
                await asyncio.sleep(0)

        await asyncio.gather(*(work(client) for client in asked))
        return order

    return asyncio.run(run())


def test_one_who_asks_little_waits_for_one_of_each_other_at_most() -> None:
    order = worked([*["noisy"] * 100, "page", "keyboard"], 1)
    assert max(order.index("page"), order.index("keyboard")) <= 4
    assert sorted(order) == sorted([*["noisy"] * 100, "page", "keyboard"])


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 4))
def test_everybody_has_every_turn(asked: list[str], at_once: int) -> None:
    assert sorted(worked(asked, at_once)) == sorted(asked)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20), st.integers(1, 3))
def test_who_gives_up_waiting_takes_no_turn_along(asked: list[tuple[str, bool]], at_once: int) -> None:
    async def run() -> int:
        turns = Turns(at_once, 1000)

        async def work(client: str) -> None:
            async with turns.of(client):
                await asyncio.sleep(0)

        tasks = [asyncio.ensure_future(work(client)) for client, _ in asked]
        await asyncio.sleep(0)
        for task, (_, gives_up) in zip(tasks, asked, strict=True):
            if gives_up:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        done = [asyncio.ensure_future(work("later")) for _ in range(at_once)]
        await asyncio.wait_for(asyncio.gather(*done), 60)
        return len(done)

    assert asyncio.run(run()) == at_once


def test_only_so_much_of_one_client_waits() -> None:
    async def run() -> None:
        turns = Turns(1, 2)
        async with turns.of("a"):
            waiting = [asyncio.ensure_future(turns._take("a")) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(_TooMany):
                async with turns.of("a"):
                    pass
            other = asyncio.ensure_future(turns._take("b"))
            await asyncio.sleep(0)
            assert not other.done()
        for each in (*waiting, other):
            each.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "headers", "known", "client"),
    [
        ("127.0.0.1", [], True, "program 127.0.0.1"),
        ("127.0.0.1", [(b"sec-fetch-site", b"same-origin")], True, "page 127.0.0.1"),
        ("127.0.0.1", [(b"sec-fetch-site", b"same-origin")], False, "stranger 127.0.0.1"),
        ("::ffff:192.0.2.1", [], True, "program 192.0.2.1"),
        ("2001:db8::1", [], True, "program 2001:db8::/64"),
        ("2001:db8::2", [], True, "program 2001:db8::/64"),
        ("fe80::1%eth0", [], True, "program fe80::/64"),
    ],
)
def test_whom_a_request_is_counted_to(host: str, headers: list[tuple[bytes, bytes]], known: bool, client: str) -> None:
    assert client_of({"client": (host, 5), "headers": headers, "swipefl.known": known}) == client


def test_a_large_body_is_spent_as_many_requests() -> None:
    """And what does not fit any more leaves the rest to small ones."""

    async def run() -> list[int]:
        asked, statuses = [1_000, 5, 1_000, 1_000, 5], list[int]()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(status_code=204)(scope, receive, send)

        async def receive() -> Message:
            raise AssertionError

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        guard = TurnGuard(app, Pace(a_second=1e-9, burst=25, bytes_of_one=100))
        for size in asked:
            scope = {"type": "http", "path": "/", "client": ("127.0.0.1", 5), "headers": [], SIZE: size}
            await guard(scope, receive, send)
        return statuses

    assert asyncio.run(run()) == [204, 204, 204, 429, 204]
