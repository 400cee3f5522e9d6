"""The same as the short ones of unit and integration, with many thousand examples that differ each time."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.coordinator import Coordinator
from tests.support.fuzzing import LONG, PROPERTIES, tried
from tests.support.fuzzing_network import whatever_is_answered, whatever_is_called


@pytest.mark.parametrize("what", PROPERTIES)
def test_no_bytes_break_what_reads_them_in_a_long_campaign(what: str) -> None:
    check, strategy, count = PROPERTIES[what]
    tried(check, strategy, settings(LONG, max_examples=count))


def test_no_calls_break_a_coordinator_in_a_long_campaign(limitless: Coordinator) -> None:
    whatever_is_called(limitless, settings(LONG, max_examples=20_000))


def test_no_answers_break_a_device_in_a_long_campaign(tmp_path: Path) -> None:
    whatever_is_answered(tmp_path, settings(LONG, max_examples=5_000))
