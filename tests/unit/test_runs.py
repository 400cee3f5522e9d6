"""What a run is called: one id for all processes of a night, and another one the next night."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.federation.protocol.run import is_run, new_run
from swipefl.settings.runs import LONGEST_NIGHT_S, this_run

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


@given(st.text())
def test_nothing_but_an_id_is_one(text: str) -> None:
    assert is_run(this_run({"INVOCATION_ID": text, "SWIPEFL_RUN_ID": text}))


@pytest.mark.parametrize("said", ["", ONE[:-1], ONE + "0", ONE.upper(), ONE + "\n", " " + ONE, "٣" * 32, None, 5])
def test_what_is_no_id(said: object) -> None:
    assert not is_run(said)
    assert is_run(new_run())
