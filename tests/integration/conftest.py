"""Coordinators that tests of several files call, and what stands between them and a device."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.coordinator import Coordinator, coordinator
from tests.support.phones import Phone, publish
from tests.support.proxy import Proxy, proxied


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that never aggregates and has little patience."""
    flags = ("--buffer", "100000", "--stream-s", "3")
    with coordinator(tmp_path_factory.mktemp("coordinator"), *flags) as serving:
        yield serving


@pytest.fixture(scope="module")
def quiet(collecting: Coordinator) -> Coordinator:
    """A coordinator at version 2, which is not the base, that aggregates nothing."""
    publish(collecting, 0.5)
    return collecting


@pytest.fixture
def proxy(quiet: Coordinator) -> Iterator[Proxy]:
    """A bad network before it."""
    with proxied(quiet.address) as between:
        yield between


@pytest.fixture
def phone(tmp_path: Path, quiet: Coordinator, proxy: Proxy) -> Iterator[Phone]:
    """A device that never visited; the proxy is between."""
    with Phone(tmp_path / "phone", quiet, proxy.address) as device:
        yield device
