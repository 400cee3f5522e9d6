"""Connections that are cut, stall or swallow an answer: work goes on where it was, and nothing counts twice."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Thread

import pytest

from swipefl.errors import CoordinatorUnreachable
from tests.support.command import environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.phones import Phone, model_bytes, suppressed, taken
from tests.support.proxy import Proxy


def test_a_download_goes_on_where_each_connection_was_cut(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    proxy.cut_after = 140_000  # two parts of the model, and a bit
    assert phone.visit().pulled
    assert proxy.connections > 6
    assert proxy.down < 1.8 * model_bytes(quiet)  # of what was on its way at a cut, gRPC hands on what it likes
    assert list(phone.home.glob("*.part")) == []


@pytest.mark.parametrize("cut_after", [300, 65_000, 70_000, 500_000, 1_050_000])
def test_a_download_goes_on_at_the_next_visit(phone: Phone, proxy: Proxy, quiet: Coordinator, cut_after: int) -> None:
    proxy.cut_after, proxy.most_connections = cut_after, 1
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=0.5)
    assert phone.member.version == 0
    before = proxy.down
    proxy.cut_after = proxy.most_connections = None
    assert phone.visit().pulled
    assert before <= cut_after
    assert proxy.down < 1.4 * model_bytes(quiet)


def test_a_download_goes_on_over_processes_one_of_them_killed(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    proxy.cut_after, proxy.most_connections = 300_000, 1
    proxy.delay_s = 0.02  # what is not read yet when a connection is cut is lost, on a busy machine all of it
    assert swipefl(phone.home, "sync", SWIPEFL_SYNC_DEADLINE_S="8").code == 6
    proxy.cut_after = proxy.most_connections = None
    begun = partly(phone)
    assert begun
    with subprocess.Popen(
        [sys.executable, "-m", "swipefl", "sync"], env=environment(phone.home), stderr=subprocess.DEVNULL
    ) as process:
        while partly(phone) < begun + 200_000:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
    proxy.delay_s = 0
    done = swipefl(phone.home, "sync", "--json")
    assert done.json["pulled"]
    assert proxy.down < 1.5 * model_bytes(quiet)


def test_a_signal_ends_a_stalled_download_at_once(phone: Phone, proxy: Proxy) -> None:
    proxy.delay_s = 0.01
    command = [sys.executable, "-m", "swipefl", "sync"]
    with subprocess.Popen(command, env=environment(phone.home), stderr=subprocess.DEVNULL) as process:
        while not partly(phone):
            time.sleep(0.005)
        proxy.stalled = True
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM
    assert phone.member.failures == 0


def partly(device: Phone) -> int:
    return sum(part.stat().st_size for part in device.home.glob("*.part"))


def test_a_lost_acknowledgement_is_asked_for_again_and_counts_once(
    phone: Phone, proxy: Proxy, quiet: Coordinator
) -> None:
    phone.visit()
    queued = phone.queue(1)
    proxy.mute_after = len(queued.blob)
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=1.5)
    assert proxy.muted
    assert taken(quiet, queued.id) == 1
    (frozen,) = phone.store.outbox.waiting()
    assert frozen == replace(queued, attempted=True, version=phone.member.version)
    assert (phone.member.residual, phone.member.contributed) == (b"", 0)
    proxy.mute_after = None
    done = phone.visit()
    assert (done.pushed, done.queued) == (1, 0)
    assert (phone.member.residual, phone.member.contributed) == (queued.residual, phone.member.version)
    phone.store.memberships.set(replace(phone.member, residual=b"spent"))
    again = phone.visit()
    assert (again.pushed, phone.member.residual) == (0, b"spent")
    assert taken(quiet, queued.id) == 1


def test_an_upload_that_is_cut_anywhere_counts_once(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    phone.visit()
    queued = phone.queue(2)
    proxy.delay_s = 0.005
    visiting = Thread(target=lambda: suppressed(phone, deadline_s=5))
    visiting.start()
    for pause in (0.05, 0.2, 0.3):
        time.sleep(pause)
        proxy.cut()
    visiting.join()
    proxy.delay_s = 0
    suppressed(phone, deadline_s=20)
    assert phone.store.outbox.waiting() == []
    assert taken(quiet, queued.id) == 1
    assert phone.member.residual == queued.residual
