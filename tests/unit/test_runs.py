"""What a run is called: one id for all processes of a night, and another one the next night."""

import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.federation.protocol.run import is_run, new_run
from swipefl.settings.runs import LONGEST_NIGHT_S, NEXT_STEP_S, STEP, go_on_with_step, note_step, this_run
from swipefl.store.store import Store

ONE, OTHER = "0123456789abcdef" * 2, "f" * 32


def test_the_steps_of_a_unit_are_one_run() -> None:
    steps = [this_run({"INVOCATION_ID": ONE, "SYSTEMD_EXEC_PID": str(os.getpid())}) for _ in range(2)]
    assert steps == [ONE, ONE]
    assert this_run({"INVOCATION_ID": ONE}) == ONE  # an older systemd says no process


def test_what_a_run_begins_belongs_to_it() -> None:
    environment: dict[str, str] = {}
    run = this_run(environment)
    code = "from swipefl.settings.runs import this_run; print(this_run())"
    child = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True)
    assert child.stdout.decode().strip() == run == this_run(environment)
    assert this_run({**environment, "INVOCATION_ID": ONE}) == run


def test_the_next_night_is_another_run() -> None:
    assert len({this_run({}) for _ in range(20)}) == 20


def test_a_script_that_systemd_began_is_of_tonight() -> None:
    assert this_run({"INVOCATION_ID": ONE, "SYSTEMD_EXEC_PID": str(os.getppid())}) == ONE


def test_what_a_desktop_hands_on_for_weeks_names_no_night(monkeypatch: pytest.MonkeyPatch) -> None:
    of_a_desktop = {"INVOCATION_ID": ONE, "SYSTEMD_EXEC_PID": str(os.getppid())}
    now = __import__("time").clock_gettime
    monkeypatch.setattr("time.clock_gettime", lambda clock: now(clock) + LONGEST_NIGHT_S + 1)
    nights = {this_run(dict(of_a_desktop)) for _ in range(2)}
    assert len(nights) == 2
    assert ONE not in nights


@pytest.mark.parametrize("process", ["0", "-1", "x", "4194305", "1" * 400, "1/../self"])
def test_the_process_of_a_unit_that_is_over_names_none(process: str) -> None:
    assert this_run({"INVOCATION_ID": ONE, "SYSTEMD_EXEC_PID": process}) != ONE


def of_systemd(run: str) -> dict[str, str]:
    return {"INVOCATION_ID": run, "SYSTEMD_EXEC_PID": str(os.getpid())}


def went_on(store: Store, environment: dict[str, str], at: float = time.time()) -> str:
    """What a step is called that begins then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: at)
        go_on_with_step(store.path, environment)
    return this_run(environment)


def ended(store: Store, environment: dict[str, str]) -> None:
    """A step ends now."""
    this_run(environment)
    note_step(store, environment)


def test_the_next_step_of_a_night_is_the_same_run_in_a_unit_of_its_own(store: Store) -> None:
    assert went_on(store, of_systemd(OTHER)) == OTHER
    ended(store, of_systemd(ONE))
    assert went_on(store, of_systemd(OTHER), time.time() + NEXT_STEP_S / 2) == ONE
    assert went_on(store, of_systemd(OTHER), time.time() + NEXT_STEP_S + 1) == OTHER
    assert went_on(store, of_systemd(OTHER), time.time() - 60) == OTHER  # the clock went back


def test_what_systemd_did_not_begin_goes_on_with_nothing(store: Store) -> None:
    ended(store, of_systemd(ONE))
    assert ONE not in (went_on(store, {}), went_on(store, {"SWIPEFL_RUN_ID": OTHER}))
    assert went_on(store, {**of_systemd(OTHER), "SWIPEFL_RUN_ID": "e" * 32}) == "e" * 32


@pytest.mark.parametrize("said", [{}, {"SWIPEFL_RUN_ID": ONE}, {**of_systemd(OTHER), "SWIPEFL_RUN_ID": ONE}])
def test_a_step_that_systemd_did_not_begin_names_no_other(store: Store, said: dict[str, str]) -> None:
    ended(store, dict(said))
    assert went_on(store, of_systemd(OTHER)) == OTHER


@pytest.mark.parametrize("kept", ["", ONE, f"{ONE} soon", f"{ONE} 1 2", f"{ONE} nan", "x 1e9", f"{ONE.upper()} 1e9"])
def test_what_no_step_wrote_names_none(store: Store, kept: str) -> None:
    store.meta.set(STEP, kept)
    assert went_on(store, of_systemd(OTHER), 1e9) == OTHER


@given(st.text())
def test_nothing_but_an_id_is_one(text: str) -> None:
    assert is_run(this_run({"INVOCATION_ID": text, "SWIPEFL_RUN_ID": text}))


@pytest.mark.parametrize("said", ["", ONE[:-1], ONE + "0", ONE.upper(), ONE + "\n", " " + ONE, "٣" * 32, None, 5])
def test_what_is_no_id(said: object) -> None:
    assert not is_run(said)
    assert is_run(new_run())
