"""How many connections a server takes is less than there are descriptors."""

import resource
import subprocess
import sys

import pytest

from swipefl.federation.coordinator.descriptors import MOST_CONNECTIONS, MOST_DESCRIPTORS, OWN, connections
from tests.support.command import ROOT

RAISED = """
import resource, sys
from swipefl.federation.coordinator.descriptors import raise_limit
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def raised(soft: int, hard: int) -> list[int]:
    """What the limit is taken for, and what soft and hard ones are then."""
    command = [sys.executable, "-c", RAISED, str(soft), str(hard)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.parametrize(("soft", "hard"), [(64, 512), (64, 64), (100, 101), (300, 1024)])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int) -> None:
    assert raised(soft, hard) == [hard, hard, hard]


def test_a_limit_beyond_all_need_is_neither_used_nor_lowered() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard <= MOST_DESCRIPTORS:
        pytest.skip("no more descriptors than that here")
    assert raised(256, hard) == [MOST_DESCRIPTORS, MOST_DESCRIPTORS, hard]
    assert raised(MOST_DESCRIPTORS + 1, hard) == [MOST_DESCRIPTORS, MOST_DESCRIPTORS + 1, hard]


@pytest.mark.parametrize("descriptors", [64, 128, 255, 256, 257, 1024, 4096, 65_536])
def test_connections_leave_descriptors_for_the_server_itself(descriptors: int) -> None:
    assert 0 < connections(descriptors) <= MOST_CONNECTIONS
    assert descriptors - connections(descriptors) >= min(OWN, descriptors // 2)
