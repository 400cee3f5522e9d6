"""All of this folder is slow: `make slow` runs it, and `make test` does not."""

from pathlib import Path

import pytest

from tests.support.killings import Ground

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Where trials of commands are made."""
    return Ground(tmp_path_factory.mktemp("ground"))
