"""The lines of examples/flower/README.md, one after another, on one machine in place of several."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from examples.federation.make_certificate import write as write_certificate
from tests.support.command import ROOT, environment, swipefl
from tests.support.readme import blocks
from tests.support.superlink import BIN, LONG_LOST_S, OFF, Service, free_port, superlink
from tests.support.waiting import wait_until

PAGE = "examples/flower/README.md"
INSTALL, OFFS, LINK, COORDINATOR, NODE, REGISTER, RUN = blocks(PAGE, "On real machines")


@pytest.fixture
def person(tmp_path: Path) -> dict[str, str]:
    """The environment of one who has all of it in one folder."""
    write_certificate(tmp_path)
    shutil.copy(tmp_path / "cert.pem", tmp_path / "ca.pem")
    path = f"{BIN}:{os.environ['PATH']}"
    return {**environment(tmp_path, **OFF), "HOME": str(tmp_path), "PATH": path, "FLWR_HOME": str(tmp_path / ".flwr")}


def test_it_is_installed_as_the_page_says() -> None:
    """But for what is fetched: all of it is here, and what is tested."""
    make, install = INSTALL.splitlines()
    assert make == "python3 -m venv ~/swipefl"
    words = install.replace("~/swipefl/bin/pip", f"{sys.executable} -m pip").replace(
        "install ", "install --dry-run --no-index --no-build-isolation -q ", 1
    )
    subprocess.run(["sh", "-euc", words], cwd=ROOT, check=True)


def test_what_it_says_to_set_is_what_is_set_in_all_tests(person: dict[str, str]) -> None:
    shown = subprocess.run(
        ["sh", "-euc", f"{OFFS}\nenv"], env=person, check=True, capture_output=True, text=True
    ).stdout
    assert {f"{name}={value}" for name, value in OFF.items()} <= set(shown.splitlines())
    assert "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION=1" in shown


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no ssh-keygen")
def test_the_lines_of_the_page_set_it_up_and_begin_rounds(tmp_path: Path, person: dict[str, str]) -> None:
    link, port = f"localhost:{free_port()}", str(free_port())

    def here(text: str) -> str:
        """The same lines for this machine, and ports that are free."""
        text = text.replace("flower.example.org:8000", link).replace("--host flower.example.org", "--host localhost")
        return text.replace("--port 8000", f"--port {link.partition(':')[2]}").replace(
            "0.0.0.0:8443", f"localhost:{port}"
        )

    def run(text: str) -> None:
        subprocess.run(["sh", "-euc", here(text)], env=person, cwd=tmp_path, check=True)

    with ExitStack() as running:

        def serve(name: str, text: str) -> Service:
            assert "exec" not in text
            command = ["sh", "-euc", f"cd {tmp_path}; exec {here(text).strip()}"]
            service = Service(command, person, tmp_path / f"{name}.log")
            running.callback(service.stop)
            return service

        (tmp_path / "swipefl").mkdir()
        serving = serve("superlink", LINK)
        assert swipefl(tmp_path / "north", "coordinator", "init").code == 0
        set_up, served = COORDINATOR.splitlines()
        run(set_up)
        coordinator = serve("coordinator", served.replace("swipefl ", f"{sys.executable} -m swipefl "))
        key, *node = NODE.splitlines()
        run(key)
        supernode = serve(
            "supernode", "\n".join(node).replace("flower-supernode", f"flower-supernode --port {free_port()}")
        )
        wait_until(lambda: "Uvicorn running" in serving.log(), "a SuperLink")
        run(REGISTER)
        wait_until(lambda: "SuperNode ID" in supernode.log(), "a SuperNode", seconds=LONG_LOST_S)
        init, follow = RUN.replace("swipefl ", f"{sys.executable} -m swipefl ").splitlines()
        run(init)
        serve("run", follow)
        wait_until(lambda: (tmp_path / "versions" / "version-1.state").exists(), "version 1", seconds=LONG_LOST_S)
        assert "serving on" in coordinator.log()


@pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx")
def test_through_a_proxy_as_the_page_has_it_come_supernodes_and_no_runs(tmp_path: Path) -> None:
    (block,), project = blocks(PAGE, "On real machines", "nginx"), str(tmp_path / "project")
    with superlink(tmp_path / "link") as link, ExitStack() as running:
        front = replace(link, port=free_port())
        text = block.replace("listen 8000", f"listen 127.0.0.1:{front.port}").replace("localhost:8001", link.address)
        text = text.replace("flower.example.org", "localhost").replace("/etc/swipefl/ca.pem", str(link.ca))
        text = text.replace("/etc/swipefl", str(link.folder))
        logs = f"access_log {tmp_path}/access; error_log {tmp_path}/errors;"
        (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{logs}\n{text}}}\n")
        command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"]
        nginx = Service(command, dict(os.environ), tmp_path / "nginx.log")
        running.callback(nginx.stop)
        wait_until(lambda: (tmp_path / "pid").exists(), "nginx")
        link.register("north")
        node = Service(front.node_command("north", tmp_path / "north"), link.env, tmp_path / "node.log")
        running.callback(node.stop)
        wait_until(lambda: "SuperNode ID" in node.log(), "a SuperNode through it", seconds=LONG_LOST_S)
        assert swipefl(tmp_path, "flower", "init", project, "--state", str(tmp_path / "versions")).code == 0
        done = swipefl(tmp_path, "flower", "run", project, "--superlink", front.address, "--ca", str(link.ca))
        assert (done.code, "refuses: HTTP 403" in done.err) == (2, True)


def test_the_line_for_a_lab_writes_a_project_of_devices(tmp_path: Path) -> None:
    (line,) = blocks(PAGE, "A lab without coordinators")[0].splitlines()
    done = subprocess.run(
        ["sh", "-euc", line.replace("swipefl ", f"{sys.executable} -m swipefl ", 1)],
        env=environment(tmp_path),
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path / "lab" / "pyproject.toml") in done.stderr
    assert "swipefl.flower.device_app:app" in (tmp_path / "lab" / "pyproject.toml").read_text()
