"""What several processes do comes in order, and nothing is taken long before its turn."""

import multiprocessing
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.device.parallel import BATCH, spread
from swipefl.device.words import change_word
from swipefl.errors import DataError
from swipefl.home import Home
from swipefl.processes import in_order, workers
from swipefl.settings.device import Settings
from tests.support.people import examples
from tests.support.simulations import Here
from tests.support.waiting import LONG_S, wait_until


@given(st.lists(st.integers(), max_size=40), st.integers(0, 9))
def test_what_is_done_comes_in_order_and_little_is_begun_ahead(tasks: list[int], ahead: int) -> None:
    taken = 0

    def counted() -> Iterator[int]:
        nonlocal taken
        for task in tasks:
            taken += 1
            yield task

    done = []
    for result in in_order(Here(), lambda task: task + 1, counted(), ahead):
        done.append(result)
        assert taken <= len(done) + ahead
    assert done == [task + 1 for task in tasks]


def test_a_slow_first_task_is_waited_for() -> None:
    second_is_done = threading.Event()

    def work(task: int) -> int:
        assert second_is_done.wait(60) if task == 0 else second_is_done.set() is None
        return task

    with ThreadPoolExecutor(2) as threads:
        assert list(in_order(threads, work, range(4), 2)) == [0, 1, 2, 3]


def test_what_stands_before_an_error_is_still_given() -> None:
    def work(task: int) -> int:
        if task == 2:
            raise DataError("no", "no")
        return task

    given = in_order(Here(), work, range(4), 0)
    assert [next(given), next(given)] == [0, 1]
    with pytest.raises(DataError):
        next(given)


def halved(decoder: Decoder, number: int) -> float:
    if number < 0:
        raise DataError("negative", "{number} is negative", number=number)
    return number / 2


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("count", [0, 1, BATCH, 5 * BATCH + 1])
def test_processes_do_what_one_does(jobs: int, count: int) -> None:
    decoder = Home(Settings(home=Path("nowhere"))).prediction("base").decoder()
    assert list(spread(halved, decoder, range(count), jobs)) == [number / 2 for number in range(count)]


def test_an_error_of_another_process_is_the_same_error() -> None:
    decoder = Home(Settings(home=Path("nowhere"))).prediction("base").decoder()
    with pytest.raises(DataError, match="-1 is negative"):
        list(spread(halved, decoder, [4, -1], 2))


def test_only_its_own_processes_end_where_a_block_is_left_early(tmp_path: Path) -> None:
    """At once, in the middle of what they do; what the program began meanwhile goes on."""
    began = tmp_path / "began"
    ways = [multiprocessing.get_context(way) for way in ("fork", "spawn")]
    others = [way.Process(target=time.sleep, args=(10 * LONG_S,)) for way in ways]  # type: ignore[attr-defined]
    its_own = set[int | None]()

    def leave_early(processes: Executor) -> None:
        its_own.update(child.pid for child in multiprocessing.active_children())
        for other in others:
            other.start()
        processes.submit(_sleep, began)
        wait_until(began.exists, "nothing began")
        raise DataError("early", "early")

    with pytest.raises(DataError), workers(2) as processes:
        leave_early(processes)
    assert len(its_own) == 2
    assert its_own.isdisjoint(child.pid for child in multiprocessing.active_children())
    for other in others:
        assert other.is_alive()
        other.kill()
        other.join()


def _sleep(began: Path) -> None:
    began.touch()
    time.sleep(10 * LONG_S)


def test_a_decoder_is_the_same_in_another_process(tmp_path: Path) -> None:
    """With the person's own words, hidden ones and languages."""
    home = Home(Settings(home=tmp_path, languages="en"), lambda languages, source: None)
    with home.store() as store:
        change_word(store, "ouyangxi", ("en",), "add")
        change_word(store, "the", ("en",), "hide")
        prediction = home.prediction()
    again = pickle.loads(pickle.dumps(prediction.decoder()))
    assert "ouyangxi" in again.lexicon(examples(1, 1)[0].gesture)
    for example in examples(30, 1):
        assert again.decode(example.gesture) == prediction.decoder().decode(example.gesture)
    assert base_checkpoint().fingerprint == prediction.checkpoint.fingerprint
