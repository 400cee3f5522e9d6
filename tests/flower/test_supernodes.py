"""Who may come to a SuperLink, and whom a SuperNode believes, in real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.federation.make_certificate import write as write_certificate
from examples.flower.make_key import write as write_key
from tests.support.superlink import LONG_LOST_S, Link, Service, superlink
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Link]:
    """A SuperLink alone."""
    with superlink(tmp_path_factory.mktemp("link")) as running:
        yield running


def says(link: Link, log: Path, said: str, command: list[str]) -> str:
    """What a SuperNode writes until it has said something."""
    node = Service(command, link.env, log)
    try:
        wait_until(lambda: said in node.log(), f"{said!r}", seconds=LONG_LOST_S)
    finally:
        node.stop()
    return node.log()


def test_one_that_is_known_comes_in(link: Link, tmp_path: Path) -> None:
    link.register("known")
    says(link, tmp_path / "log", "SuperNode ID", link.node_command("known", tmp_path))


def test_it_trusts_no_other_certificate(link: Link, tmp_path: Path) -> None:
    write_certificate(tmp_path)
    link.register("careful")
    command = link.node_command("careful", tmp_path, ca=tmp_path / "cert.pem")
    assert "SuperNode ID" not in says(link, tmp_path / "log", "CERTIFICATE_VERIFY_FAILED", command)


def test_one_whose_key_nobody_registered_is_refused(link: Link, tmp_path: Path) -> None:
    write_key(link.folder / "unknown.key")
    said = says(link, tmp_path / "log", "Failed to activate SuperNode", link.node_command("unknown", tmp_path))
    assert "SuperNode ID" not in said
