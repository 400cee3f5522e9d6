"""What tests of all kinds are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.store.store import Store
from tests.support.coordinator import Coordinator, coordinator
from tests.support.disk import SmallDisk, small_disk


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
