"""What stands on Flower is tested where that is installed (`make test-flower`)."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog

WHY = "Flower is not installed here: pip install '.[flower]', or make test-flower"


class Without(pytest.Module):
    """A file of tests that cannot be loaded."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip(WHY, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Without Flower each file here is skipped, and says why."""
    if find_spec("flwr") or Path(__file__).parent not in module_path.parents:
        return None
    return Without.from_parent(parent, path=module_path)  # type: ignore[no-any-return]


@pytest.fixture(scope="session", autouse=True)
def task() -> None:
    """Who writes a message in Flower has a task, which its own processes are given."""
    from flwr.supercore.task_identity import TaskIdentity

    TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A node's app says where it logs to, which the next test has not got any more."""
    yield
    structlog.reset_defaults()
