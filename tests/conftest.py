"""What tests of all kinds are given."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.store.store import Store
from tests.support.coordinator import Coordinator, coordinator, in_process
from tests.support.disk import SmallDisk, small_disk
from tests.support.overheard import pytest_runtest_makereport, pytest_runtest_teardown
from tests.support.people import write_people
from tests.support.unending import pytest_runtest_protocol

__all__ = [
    "pytest_runtest_makereport",  # these two read what is said in all tests
    "pytest_runtest_protocol",  # and this one ends those that hang
    "pytest_runtest_teardown",
]

# A shell without job control starts what it puts into the background with SIGINT ignored, and all that comes of it
# inherits that: a command of a test would be deaf to Ctrl-C. A handler, unlike "ignore", is not inherited.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something of the machine, not of what is tested; and which are drawn is no chance.
settings.register_profile(
    "any machine", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made; its folder is not there yet."""
    return tmp_path / "home" / "swipefl.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty one."""
    with Store(path) as store:
        yield store


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 16 MB."""
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def collecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that only collects: it stays at version 1, the base."""
    with coordinator(tmp_path_factory.mktemp("collecting"), "--buffer", "1000") as serving:
        yield serving


@pytest.fixture(scope="module")
def limitless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that lets one device call as often as it likes."""
    limits = Limits(calls_a_minute=10**9, upload_bytes_a_day=10**18, wrong_tokens_a_minute=10**9)
    with in_process(tmp_path_factory.mktemp("coordinator"), Policy(limits=limits, buffer=10**9)) as coordinator:
        yield coordinator


@pytest.fixture(scope="module")
def swipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people of twelve swipes, and one of three, who has too few."""
    path = tmp_path_factory.mktemp("swipes") / "swipes.jsonl"
    write_people(path, {seed: 3 if seed == 5 else 12 for seed in range(6)})
    return path
