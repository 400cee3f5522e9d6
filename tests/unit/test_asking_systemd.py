"""How systemd is asked, and what is left where it, or the disk, does not do its part."""

import os
import sys
import time
from pathlib import Path

import pytest

from swipefl.errors import UsageError
from swipefl.operations import timer
from swipefl.operations.timer import Manager, Timer, run
from swipefl.operations.unit_texts import Night
from swipefl.settings import nights
from swipefl.settings.device import load_settings


def test_who_does_not_answer_is_waited_for_no_longer_than_was_said() -> None:
    began = time.monotonic()
    code, _ = run([sys.executable, "-c", "import time; time.sleep(60)"], wait_s=0.2)
    assert (code, time.monotonic() - began < 30) == (124, True)


def test_doctor_waits_for_it_but_shortly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def asked(command: object, wait_s: float = timer.WAIT_S) -> tuple[int, str]:
        waits.append(wait_s)
        return 124, "timed out"

    def findings(timers: list[Timer], *_: object) -> list[object]:
        return [each.ask("show") for each in timers]

    monkeypatch.setattr(nights, "run", asked)
    monkeypatch.setattr(nights, "timer_findings", findings)
    nights.findings_of(load_settings(tmp_path))
    assert waits == [timer.LOOK_S] * 2


def test_a_unit_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    units = tmp_path / "units"
    night = Night(("/usr/bin/swipefl",), tmp_path, ())
    with pytest.raises(UsageError, match="No space left"):
        Timer(Manager(units, tmp_path / "stamps"), lambda command: (0, "")).install(night, "anna")
    assert list(units.iterdir()) == []
