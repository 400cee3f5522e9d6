"""What tests of all kinds are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made; its folder is not there yet."""
    return tmp_path / "home" / "swipefl.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty one."""
    with Store(path) as store:
        yield store
