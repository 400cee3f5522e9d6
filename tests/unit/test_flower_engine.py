"""What Flower's engine does of its own: tasks as bytes, places for clients, and errors; Flower itself is not needed."""

import pickle
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.cli.remedies import advice
from swipefl.errors import DataError, UsageError
from swipefl.flower import engine
from swipefl.flower.dispatching import cores_each
from swipefl.flower.tasks import asked, check, done, here, outcome_of

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


def test_a_machine_with_another_swipefl_unpickles_nothing(mark: Path) -> None:
    needs = replace(here(mark, "token"), version="0.0.1")
    error = outcome_of(done(pickle.dumps((needs, b"no pickle at all")))).error
    assert isinstance(error, UsageError)
    assert error.code == "other-version"
    assert f"has swipefl {version('swipefl')}, and the machine that began has 0.0.1" in str(error)


def test_without_flower_its_engine_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="there is no flwr and no ray") as raised, engine.flower_workers(tmp_path):
        pytest.fail("began")
    assert "flwr[simulation]" in (advice(raised.value) or "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free_mb", "places"), [(None, 8), (100.0, 1), (1700.0, 2), (1e6, 8)])
def test_this_machine_has_as_many_places_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, free_mb: float | None, places: int
) -> None:
    monkeypatch.setattr(engine, "free_memory_mb", lambda: free_mb)
    monkeypatch.setattr(engine.os, "cpu_count", lambda: 8)
    assert engine._places() == places
