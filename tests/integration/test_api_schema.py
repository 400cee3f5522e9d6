"""What OpenAPI says is what is answered, whatever is asked: found out by schemathesis, on the application itself."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send

import swipefl
from swipefl.api.app import app_of
from swipefl.database.lock import hold
from tests.support.command import environment
from tests.support.swipes import EXAMPLE

EXAMPLES = int(os.environ.get("SWIPEFL_TEST_EXAMPLES", "12"))  # of each operation: some hundred find no more
OF_JOBS = ("/api/v1/train", "/api/v1/cycle")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class _Served:
    """An application that is there when it is asked for something."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


served = _Served()
schema = schemathesis.openapi.from_dict(app_of(swipefl.open("of no device")).openapi())
schema.app = served


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schema") / "home"


@pytest.fixture(scope="module")
def device(home: Path) -> Iterator[swipefl.Device]:
    with swipefl.open(home, languages="en") as device:
        device.ingest(EXAMPLE)
        served.app = app_of(device)
        yield device


@schema.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck])
def test_nothing_is_answered_that_is_not_documented(case: Case, home: Path, device: swipefl.Device) -> None:
    """Jobs while another run holds the home: nobody needs to train so often."""
    with hold(home) if case.operation.path in OF_JOBS else nullcontext():
        case.call_and_validate(excluded_checks=[positive_data_acceptance])  # what fits may still run backwards in time


def test_every_operation_says_what_it_is_with_examples(device: swipefl.Device) -> None:
    document = TestClient(app_of(device)).get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        assert path.startswith(("/api/v1/", "/health/", "/metrics"))
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("description"), (method, path)
            if not path.startswith("/api/v1/"):
                continue
            body = operation.get("requestBody", {}).get("content", {})
            answers = [answer for status, answer in operation["responses"].items() if int(status) < 300]
            for content in (body, *(answer.get("content", {}) for answer in answers)):
                for media_type, media in content.items():
                    assert media.get("examples") or media_type == "image/svg+xml", (method, path)
            problems = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in problems)


def test_nothing_of_it_loads_torch() -> None:
    code = "import sys, swipefl.api.app; assert 'torch' not in sys.modules and 'grpc' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment(Path("of no device")))


def test_a_bug_is_a_problem_and_tells_nothing(device: swipefl.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: swipefl.Device) -> None:
        raise ValueError("zuzanka")

    logged: list[str] = []
    monkeypatch.setattr(swipefl.Device, "status", fails)
    monkeypatch.setattr(logging.getLogger("swipefl.api.problems"), "error", logged.append)
    answer = TestClient(app_of(device), raise_server_exceptions=True).get("/api/v1/stats")
    assert (answer.status_code, answer.json()["kind"], answer.json()["exit_code"]) == (500, "bug", 1)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "zuzanka" not in answer.text
    assert len(logged) == 1
    assert "ValueError" in logged[0]
    assert "zuzanka" not in logged[0]
