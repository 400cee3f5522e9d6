"""What Flower's engine does of its own: tasks as bytes, places for clients, and errors; Flower itself is not needed."""

import pickle
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing import Pipe
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.cli.remedies import advice
from swipefl.errors import DataError, UsageError
from swipefl.flower import installed
from swipefl.flower.engine import pool
from swipefl.flower.engine.dispatching import cores_each
from swipefl.flower.engine.tasks import Outcome, asked, check, done, hash_of, here, outcome_of, swipefl_here
from tests.support.command import ROOT
from tests.support.waiting import LONG_S

GB = 1e9
machines = st.lists(st.tuples(st.integers(0, 64), st.floats(0, 64)), min_size=1, max_size=5)


@given(machines, st.floats(0.1, 8))
def test_no_machine_is_given_more_clients_than_it_has_memory_for_and_few_less(
    sizes: list[tuple[int, float]], each_gb: float
) -> None:
    nodes = [{"CPU": float(cores), "memory": gb * GB} for cores, gb in sizes]

    def is_too_much(cores: int) -> bool:
        return any(have // cores * (each_gb * GB) > gb * GB for have, gb in sizes)

    most = max(cores for cores, _ in sizes)
    if all(is_too_much(cores) for cores in range(1, most + 1)):
        with pytest.raises(UsageError, match="no machine has a core"):
            cores_each(nodes, each_gb * GB)
        return
    cores = cores_each(nodes, each_gb * GB)
    assert not is_too_much(cores)
    assert all(is_too_much(fewer) for fewer in range(1, cores))
    assert any(have // cores for have, _ in sizes)


def test_a_machine_that_says_no_memory_has_none() -> None:
    with pytest.raises(UsageError, match="no machine has a core and 700 MB of memory"):
        cores_each([{"CPU": 4.0}, {}], 700e6)


def halved(number: int) -> float:
    if number < 0:
        raise DataError("negative", "{number} is negative", number=number)
    return number / 2


class Odd(Exception):
    """One that pickles, and raises what it is made without when it is read back."""

    def __init__(self, why: str, more: object) -> None:
        super().__init__(why)


def odd(*given: object) -> None:
    raise Odd("it is odd", given)


class Unreadable:
    """A value that pickles, and does not come back."""

    def __reduce__(self) -> object:
        return odd, ()


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    (tmp_path / "engine").write_text("token")
    check.cache_clear()
    return tmp_path / "engine"


def test_a_task_gives_what_its_function_gives_or_raises(mark: Path) -> None:
    needs = here(mark, "token")
    assert outcome_of(done(asked(needs, partial(halved, 5)))).value == 2.5
    error = outcome_of(done(asked(needs, partial(halved, -5)))).error
    assert isinstance(error, DataError)
    assert str(error) == "-5 is negative"


def test_an_error_that_cannot_cross_says_what_it_was(mark: Path) -> None:
    error = outcome_of(done(asked(here(mark, "token"), odd))).error
    assert (type(error), str(error)) == (RuntimeError, "Odd: it is odd")


def test_an_answer_that_cannot_be_read_is_one_task_s_error_and_all_others_are_answered(mark: Path) -> None:
    near, far = Pipe()
    workers = pool._Engine(near, here(mark, "token"))
    results = [workers.submit(halved, number) for number in (1, 2, 3)]
    assert not results[0].cancel()
    numbers = [far.recv()[0] for _ in results]
    answers = [
        pickle.dumps(Outcome(error=Odd("odd", 1))),
        pickle.dumps(Outcome(Unreadable())),
        pickle.dumps(Outcome(1)),
    ]
    for number, answer in zip(numbers, answers, strict=True):
        far.send((number, answer))
    assert isinstance(results[0].exception(LONG_S), TypeError)
    assert isinstance(results[1].exception(LONG_S), Odd)
    assert results[2].result(LONG_S) == 1
    far.close()


def test_a_machine_without_the_folder_does_nothing_and_says_which_it_lacks(mark: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    seen, unseen = tmp_path / "eval.jsonl", tmp_path / "none.jsonl"
    seen.touch()
    grounds = {
        str(tmp_path): [here(mark, "other"), here(tmp_path / "none", "token")],
        str(unseen): [here(mark, "token", (seen, unseen))],
    }
    for name, needs in ((name, each) for name, several in grounds.items() for each in several):
        error = outcome_of(done(asked(needs, ran.touch))).error
        assert isinstance(error, UsageError)
        assert error.code == "not-shared"
        assert f"does not see {name} of the machine that began" in str(error)
        assert "must see the folder of --out" in (advice(error) or "")
    assert not ran.exists()
    assert outcome_of(done(asked(here(mark, "token", (seen,)), ran.touch))).error is None
    assert ran.exists()


@pytest.mark.parametrize("other", ["0.0.1", f"{version('swipefl')} (of another commit)"])
def test_a_machine_with_another_swipefl_unpickles_nothing(mark: Path, other: str) -> None:
    needs = replace(here(mark, "token"), swipefl=other)
    error = outcome_of(done(pickle.dumps((needs, b"no pickle at all")))).error
    assert isinstance(error, UsageError)
    assert error.code == "other-version"
    assert f"has swipefl {swipefl_here()}, and the machine that began has {other}" in str(error)
    assert "the same commit" in (advice(error) or "")


def test_modules_that_differ_in_a_letter_or_a_name_are_another_swipefl(tmp_path: Path) -> None:
    """Wherever they lie, and whatever else lies beside them."""
    texts = ({"a.py": "1", "b/c.py": "2"}, {"a.py": "1", "b/c.py": "3"}, {"a.py": "1", "b/d.py": "2"}, {"a.py": "12"})
    hashes = []
    for number, modules in enumerate((*texts, {**texts[0], "b/notes.txt": "more", "__pycache__/a.pyc": "0"})):
        for name, text in modules.items():
            file = tmp_path / str(number) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        hashes.append(hash_of(tmp_path / str(number)))
    assert (len(set(hashes)), hashes[0]) == (4, hashes[-1])
    assert hash_of(ROOT / "swipefl") in swipefl_here()


def test_without_flower_its_engine_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="there is no flwr and no ray") as raised, pool.flower_workers(tmp_path):
        pytest.fail("began")
    assert "flwr[simulation]" in (advice(raised.value) or "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free_mb", "places"), [(None, 8), (100.0, 1), (1700.0, 2), (1e6, 8)])
def test_this_machine_has_as_many_places_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, free_mb: float | None, places: int
) -> None:
    monkeypatch.setattr(pool, "free_memory_mb", lambda: free_mb)
    monkeypatch.setattr(pool.os, "cpu_count", lambda: 8)
    assert pool._places() == places
