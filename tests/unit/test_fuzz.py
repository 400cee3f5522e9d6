"""All that reads bytes of the network, given any bytes: it answers or raises an error of swipefl, and stays small."""

import pytest

from tests.support.fuzzing import PROPERTIES, SHORT, tried


@pytest.mark.parametrize("what", PROPERTIES)
def test_no_bytes_break_what_reads_them(what: str) -> None:
    check, strategy, _ = PROPERTIES[what]
    tried(check, strategy, SHORT)
