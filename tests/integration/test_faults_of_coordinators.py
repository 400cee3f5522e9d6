"""A coordinator that is away or no coordinator, and clocks that are wrong: work is kept, and nobody is locked out."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device.breaker import FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S, after_success
from swipefl.store.store import Store
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator
from tests.support.phones import Phone
from tests.support.proxy import Proxy
from tests.support.strangers import Answer, speaking

HOUR_S, DAY_S = 3600.0, 24 * 3600.0


@contextmanager
def nobody_listens() -> Iterator[str]:
    """An address that is taken, so that nobody else comes to answer there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def test_without_a_coordinator_work_is_kept_and_timers_stay_away(tmp_path: Path, quiet: Coordinator) -> None:
    home, fast = tmp_path / "phone", {"SWIPEFL_SYNC_DEADLINE_S": "0.5"}
    with nobody_listens() as nobody, Phone(home, quiet, nobody) as device:
        queued = device.queue(1)
        first = swipefl(home, "sync", "--json", **fast)
        assert (first.code, first.out, "try again later" in first.err) == (6, "", True)
        assert device.member.failures == 1
        kept = swipefl(home, "cycle", "--json", **fast)
        assert (kept.code, device.member.failures) == (0, 1)  # not even tried
        assert "the last visit failed; the next one is due in 1 min" in kept.json["sync"]
        required = swipefl(home, "cycle", "--require-sync", "--json", **fast)
        assert (required.code, device.member.failures) == (6, 2)
        assert device.store.outbox.waiting() == [queued]


def test_the_back_off_grows_to_a_bound_is_kept_and_ends_with_an_answer(tmp_path: Path, quiet: Coordinator) -> None:
    now, waits = time.time(), []
    with Phone(tmp_path, quiet, "127.0.0.1:1") as device:
        for failures in range(1, 14):
            with pytest.raises(CoordinatorUnreachable):
                device.visit(lambda: now, deadline_s=0.01)
            member = device.member
            assert (member.failures, member.tried_at) == (failures, now)
            longest = min(FIRST_BACK_OFF_S * 2 ** (failures - 1), LONGEST_BACK_OFF_S)
            assert longest / 2 <= member.wait_s <= longest
            waits.append(member.wait_s)
            with Store(tmp_path / "swipefl.db"):  # another process's eyes
                assert device.exchange(lambda: now + waits[-1] - 1).waits()
                assert device.exchange(lambda: now + waits[-1]).waits() is None
        assert waits[-1] > 100 * waits[0]
        device.store.memberships.set(replace(device.member, address=quiet.address))
        device.visit(lambda: now)
        assert (device.member.failures, device.member.wait_s) == (0, 0)


SILENT: dict[str, Answer] = {
    "nothing at all": lambda connection: None,
    "half a handshake": lambda connection: connection.sendall(b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64" + b"\0\0\1"),
    "silence": lambda connection: connection.recv(1) and time.sleep(1.5),
}


@pytest.mark.parametrize("what", SILENT)
def test_who_says_nothing_of_use_may_be_a_coordinator_later(what: str, tmp_path: Path, quiet: Coordinator) -> None:
    with speaking(SILENT[what]) as address, Phone(tmp_path, quiet, address) as device:
        queued = device.queue(1)
        with pytest.raises(CoordinatorUnreachable, match="what waits to be sent is kept"):
            device.visit(deadline_s=1)
        assert device.member.failures == 1
        assert device.store.outbox.waiting() == [queued]


def test_a_slow_coordinator_is_waited_for_and_one_that_resets_is_not(phone: Phone, proxy: Proxy) -> None:
    proxy.refusing = True
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=0.5)
    proxy.refusing, proxy.delay_s = False, 0.01
    assert phone.visit().pulled


@pytest.mark.parametrize("wrong_by", [-DAY_S, DAY_S])
def test_a_clock_that_is_a_day_wrong_locks_nobody_out(phone: Phone, proxy: Proxy, wrong_by: float) -> None:
    now = time.time()
    for asked_s in (0.0, HOUR_S, 9 * DAY_S):
        phone.store.memberships.set(after_success(phone.member, asked_s, now + wrong_by))
        assert phone.exchange(lambda: now + wrong_by + HOUR_S / 2).waits() is None or asked_s
        assert phone.exchange(lambda: now).waits() is None
        assert phone.exchange(lambda: now + wrong_by + DAY_S).waits() is None  # whatever it asks for
    proxy.refusing = True
    for _ in range(2):
        with pytest.raises(CoordinatorUnreachable):
            phone.visit(lambda: now + wrong_by, deadline_s=0.01)
    assert phone.exchange(lambda: now).waits() is None
    proxy.refusing = False
    assert phone.visit(lambda: now).pulled
    phone.queue(3)
    assert phone.visit(lambda: now + wrong_by).pushed == 1
