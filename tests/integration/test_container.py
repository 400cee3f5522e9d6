"""The coordinator's container: what its files say is so, and it is built and run where a container engine works."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from swipefl.settings.coordinator import CoordinatorSettings
from tests.support.command import ROOT, environment
from tests.support.coordinator import coordinator

HERE = ROOT / "examples" / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "compose.yml").read_text())
MOST_MB = 250
# What the extra `dev` brings lies beside its Python, which need not be on the way.
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the Containerfile, with what they are given."""
    text = re.sub(r"^#.*\n", "", (HERE / "Containerfile").read_text(), flags=re.M).replace("\\\n", " ")
    instructions = [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)
    ]
    begins = [at for at, (word, _) in enumerate(instructions) if word == "FROM"]
    return [instructions[at:end] for at, end in zip(begins, [*begins[1:], None], strict=True)]


@cache
def engine() -> str | None:
    """A container engine that works, if any."""
    for name in ("podman", "docker"):
        if shutil.which(name) and not subprocess.run([name, "info"], capture_output=True, check=False).returncode:
            return name
    return None


def test_the_last_stage_is_what_a_careful_owner_wants() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for stage in stages() for word, _ in stage} <= known
    last = dict(stages()[-1])
    assert last["USER"] == "10001:10001"
    assert json.loads(last["ENTRYPOINT"]) == ["python", "-m", "swipefl", "coordinator"]
    assert json.loads(last["CMD"]) == ["serve"]
    names = re.findall(r"(\w+)=", last["ENV"])
    settings = {name.removeprefix("SWIPEFL_COORDINATOR_").lower() for name in names if "COORDINATOR" in name}
    assert settings <= CoordinatorSettings.model_fields.keys()
    assert not any(re.search(r"\b(apt|curl|wget|chmod 777|--privileged)\b", rest) for _, rest in stages()[-1])


def test_what_is_copied_is_there() -> None:
    copied = [rest.split()[:-1] for stage in stages() for word, rest in stage if word == "COPY"]
    for name in [name for names in copied for name in names if not names[0].startswith("--from=")]:
        assert (ROOT / name).exists(), name


def test_it_is_healthy_as_long_as_it_answers(tmp_path: Path) -> None:
    command = json.loads(dict(stages()[-1])["HEALTHCHECK"].partition("CMD ")[2])
    with coordinator(tmp_path) as serving:
        asking = [sys.executable, "-c", command[-1].replace("http://127.0.0.1:9464/metrics", serving.metrics_url)]
        assert subprocess.run(asking, capture_output=True, check=False).returncode == 0
    assert subprocess.run(asking, capture_output=True, check=False).returncode == 1


def test_the_settings_of_the_container_are_such(tmp_path: Path) -> None:
    said = COMPOSE["services"]["coordinator"]["environment"]
    command = [sys.executable, "-m", "swipefl", "coordinator", "config", "--json"]
    done = subprocess.run(command, env=environment(tmp_path, **said), capture_output=True, check=True)
    assert done.stderr == b""
    shown = {setting["name"]: setting["value"] for setting in json.loads(done.stdout)["settings"]}
    assert (shown["tls_cert"], shown["tls_key"]) == ("/run/tls/fullchain.pem", "/run/tls/privkey.pem")


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_no_service_may_more_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "devices", "cap_add"} & service.keys()
    assert not [port for port in service["ports"] if "9464" in port]
    for mounted in service["volumes"]:
        source = mounted.split(":")[0]
        if source.startswith("."):
            assert mounted.endswith(":ro")
            assert source == "./tls" or (HERE / source).exists()
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here (Debian's prometheus)")
def test_prometheus_takes_its_settings(tmp_path: Path) -> None:
    for file in (HERE / "prometheus.yml", ROOT / "examples" / "monitoring" / "swipefl-alerts.yml"):
        shutil.copy(file, tmp_path)
    done = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    job = yaml.safe_load((HERE / "prometheus.yml").read_text())["scrape_configs"][0]
    assert job["job_name"] == "swipefl-coordinator"  # which the alerts ask for


@pytest.mark.skipif(not HADOLINT, reason="no hadolint here")
def test_hadolint_finds_no_fault() -> None:
    done = subprocess.run([str(HADOLINT), str(HERE / "Containerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_built_small_and_serves() -> None:
    if (by := engine()) is None:
        pytest.skip("no container engine works here")
    image = "swipefl-coordinator-test"
    built = subprocess.run(
        [by, "build", "-q", "-f", str(HERE / "Containerfile"), "-t", image, str(ROOT)], capture_output=True, check=False
    )
    if built.returncode and re.search(rb"pull|registry|resolve|lookup|timeout", built.stderr):
        pytest.skip("the image that it is made from is not to be had here")
    assert built.returncode == 0, built.stderr
    try:
        size = subprocess.run([by, "image", "inspect", "-f", "{{.Size}}", image], capture_output=True, check=True)
        assert int(size.stdout) < MOST_MB * 10**6
        confined = [
            by,
            "run",
            "--rm",
            "--read-only",
            "--cap-drop=ALL",
            "--tmpfs=/tmp",
            "--tmpfs=/var/lib/swipefl:uid=10001",
        ]
        script = "python -m swipefl coordinator init && python -m swipefl coordinator status --json"
        done = subprocess.run([*confined, "--entrypoint=sh", image, "-c", script], capture_output=True, check=False)
        assert json.loads(done.stdout)["version"] == 1, done.stderr
    finally:
        subprocess.run([by, "image", "rm", "-f", image], capture_output=True, check=False)
