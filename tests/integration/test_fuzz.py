"""A coordinator and a device over a real wire, sent and answered anything."""

from pathlib import Path

from tests.support.coordinator import Coordinator
from tests.support.fuzzing import SHORT
from tests.support.fuzzing_network import whatever_is_answered, whatever_is_called


def test_no_calls_break_a_coordinator(limitless: Coordinator) -> None:
    whatever_is_called(limitless, SHORT)


def test_no_answers_break_a_device(tmp_path: Path) -> None:
    whatever_is_answered(tmp_path, SHORT)
