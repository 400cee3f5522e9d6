"""Connections that are cut, stall or swallow an answer: work goes on where it was, and nothing counts twice."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread

import pytest

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device.client import STREAM_S
from tests.support.command import environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.phones import Phone, model_bytes, suppressed, taken
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until


def test_a_download_goes_on_where_each_connection_was_cut(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    kept = [0]

    def more_is_kept() -> None:
        """Before a cut: what a device has not read by then is lost, on a busy machine all of it."""
        wait_until(lambda: partly(phone) != kept[-1], "none of the connection's two parts is kept")
        kept.append(partly(phone))

    proxy.cut_after, proxy.before_cut = 140_000, more_is_kept  # two parts of the model, and a bit
    assert phone.visit().pulled
    assert proxy.connections > 6
    assert proxy.down < 1.8 * model_bytes(quiet)  # of what was on its way at a cut, gRPC hands on what it likes
    assert list(phone.home.rglob("*.part")) == []


@pytest.mark.parametrize("cut_after", [300, 65_000, 70_000, 500_000, 1_050_000])
def test_a_download_goes_on_at_the_next_visit(phone: Phone, proxy: Proxy, quiet: Coordinator, cut_after: int) -> None:
    proxy.cut_after, proxy.most_connections = cut_after, 1
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=0.5)
    assert phone.member.version == 0
    before, kept = proxy.down, partly(phone)  # of what came, a busy machine may not have read all by then
    proxy.cut_after = proxy.most_connections = None
    assert phone.visit().pulled
    assert before <= cut_after
    assert proxy.down - before < model_bytes(quiet) - kept + 100_000


def test_a_download_goes_on_over_processes_one_of_them_killed(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    proxy.cut_after, proxy.most_connections = 300_000, 1
    proxy.before_cut = lambda: wait_until(lambda: partly(phone))  # what is not read when a connection is cut is lost
    assert swipefl(phone.home, "sync").code == 6
    proxy.cut_after = proxy.most_connections = None
    begun = partly(phone)
    assert begun
    proxy.stall_after = proxy.down + 400_000
    with subprocess.Popen(
        [sys.executable, "-m", "swipefl", "sync", "--json"], env=environment(phone.home), stderr=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: partly(phone) >= begun + 200_000)
        assert process.poll() is None
        process.kill()
    proxy.stall_after = None
    done = swipefl(phone.home, "sync", "--json")
    assert done.json["pulled"]
    assert proxy.down < 1.5 * model_bytes(quiet)


def test_a_signal_ends_a_stalled_download_at_once(phone: Phone, proxy: Proxy) -> None:
    proxy.stall_after = 400_000
    command = [sys.executable, "-m", "swipefl", "sync", "--json"]
    with subprocess.Popen(command, env=environment(phone.home), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: partly(phone) and proxy.holds)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STREAM_S / 2) == -signal.SIGTERM  # without it, the try would go on for STREAM_S
    assert phone.member.failures == 0


def partly(device: Phone) -> int:
    return sum(part.stat().st_size for part in device.home.rglob("*.part"))


def test_a_lost_acknowledgement_is_asked_for_again_and_counts_once(
    phone: Phone, proxy: Proxy, quiet: Coordinator
) -> None:
    phone.visit()
    queued = phone.queue(1)
    proxy.mute_after = len(queued.blob)

    def cut_off() -> None:
        wait_until(lambda: proxy.muted and taken(quiet, queued.id))
        proxy.refusing = True
        proxy.cut()

    with ThreadPoolExecutor() as pool:
        cutting = pool.submit(cut_off)
        with pytest.raises(CoordinatorUnreachable):
            phone.visit()
        cutting.result()
    proxy.refusing = False
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
    visiting = Thread(target=lambda: suppressed(phone))
    visiting.start()
    for pause in (0.05, 0.2, 0.3):
        time.sleep(pause)
        proxy.cut()
    visiting.join()
    proxy.delay_s = 0
    suppressed(phone)
    assert phone.store.outbox.waiting() == []
    assert taken(quiet, queued.id) == 1
    assert phone.member.residual == queued.residual
