"""What somebody meets who has just cloned it: a Python that lacks something, a port that is taken."""

import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swipefl.cli import remedies
from tests.support.command import ROOT, environment
from tests.support.waiting import LONG_S

# What Debian's python3 does without python3-venv: it says what to install, and leaves an environment that has no pip.
WITHOUT_VENV = '#!/bin/sh\nif [ "$1" = -m ]; then "{real}" -m venv --without-pip "$3"; exit 1; fi\nexec "{real}" "$@"\n'
# Ctrl-C while it is made.
BROKEN_OFF = '#!/bin/sh\nif [ "$1" = -m ]; then mkdir -p "$3/bin"; exit 130; fi\nexec "{real}" "$@"\n'
TOO_OLD = '#!/bin/sh\nif [ "$1" = -c ]; then exit 1; fi\nexec "{real}" "$@"\n'


def program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text.replace("{real}", sys.executable))
    file.chmod(0o755)
    return file


def made(venv: Path, python: Path | str, **said: str) -> subprocess.CompletedProcess[str]:
    """What make does for `make try`, but for what is fetched."""
    variables = {"VENV": str(venv), "PYTHON": str(python), **said}
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS", "TORCH")}
    return subprocess.run(
        ["make", f"{venv}/.ready", *(f"{name}={value}" for name, value in variables.items())],
        cwd=ROOT,
        env=env | {"PIP_NO_INDEX": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=4 * LONG_S,
    )


@pytest.mark.parametrize("text", [WITHOUT_VENV, BROKEN_OFF])
def test_an_environment_that_was_not_made_is_made_anew(tmp_path: Path, text: str) -> None:
    venv = tmp_path / "venv"
    first = made(venv, program(tmp_path, "python3", text))
    assert first.returncode != 0
    assert "apt install python3-venv" in first.stdout
    assert "installing" not in first.stdout
    again = made(venv, sys.executable, TORCH="pip")  # which is there, so this is done; swipefl's own things are not
    assert "No module named pip" not in again.stdout
    assert "installing" in again.stdout
    subprocess.run([venv / "bin" / "python", "-m", "pip", "--version"], check=True, stdout=subprocess.DEVNULL)


def test_a_python_that_is_too_old_is_told_of_before_anything_is_made(tmp_path: Path) -> None:
    done = made(tmp_path / "venv", program(tmp_path, "python3", TOO_OLD))
    assert "needs Python 3.11" in done.stdout
    assert "make try PYTHON=" in done.stdout
    assert not (tmp_path / "venv").exists()


def test_what_make_fetches_is_said_as_it_is(tmp_path: Path) -> None:
    """The big PyTorch is told of where pip may take it, and not where TORCH says which."""

    def told(*said: str) -> str:
        line = ["make", "--dry-run", f"{tmp_path}/venv/.ready", f"VENV={tmp_path}/venv", *said]
        env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "TORCH")}
        path = f"{tmp_path}:{env['PATH']}"
        return subprocess.run(
            line, cwd=ROOT, env=env | {"PATH": path}, check=True, capture_output=True, text=True
        ).stdout

    program(tmp_path, "uname", "#!/bin/sh\necho Linux\n")
    assert "graphics cards" in told("BY_UV=")
    assert "graphics cards" not in told("TORCH=--index-url https://example.org torch")
    program(tmp_path, "uv", "#!/bin/sh\nexit 1\n")
    assert "graphics cards" not in told()
    assert "uv pip install" in told()
    assert "uv pip install" not in told("TORCH=torch")


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Somebody listens there, we or another."""
    with socket.socket() as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind(("127.0.0.1", port))
            ours.listen()
        except OSError:
            pass
        yield


def where(tmp_path: Path, **said: str) -> str:
    """The first lines of `make try` up to where the page is."""
    env = environment(tmp_path / "home", BROWSER="true", **said)
    program(tmp_path, "xdg-open", "#!/bin/sh\n")
    env["PATH"] = f"{tmp_path}:{Path(sys.executable).parent}:{env['PATH']}"
    with subprocess.Popen(
        ["sh", "examples/try.sh"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            return next(line for line in process.stdout or () if "http://" in line)
        finally:
            process.send_signal(signal.SIGINT)


def test_a_taken_port_is_no_reason_not_to_try(tmp_path: Path) -> None:
    with taken(8000):
        assert ":8000" not in where(tmp_path)


def test_the_port_to_try_it_on_may_be_said(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert f":{port}" in where(tmp_path, PORT=str(port))


@pytest.mark.parametrize(("has_pip", "line"), [(True, "{} -m pip install"), (False, "uv pip install --python {}")])
def test_what_is_missing_comes_to_the_python_that_asks(
    monkeypatch: pytest.MonkeyPatch, has_pip: bool, line: str
) -> None:
    monkeypatch.setattr(remedies, "find_spec", lambda name: has_pip or None)
    monkeypatch.setattr(sys, "executable", "/home/a b/{x}/python")
    assert remedies.installing("one", "two") == f"`{line.format(chr(39) + '/home/a b/{x}/python' + chr(39))} one two`"
    assert remedies._bringing("one").format() == f"{remedies.installing('one')} brings it"


def test_what_is_said_to_be_installed_is_of_an_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {re.split(r"[>=]", package)[0] for extra in ("api", "plot", "languages") for package in extras[extra]}
    assert {"fastapi", "segno", "uvicorn", "wordfreq", "resvg-py", "matplotlib"} <= named
