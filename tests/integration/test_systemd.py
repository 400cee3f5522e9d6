"""Units as systemd reads and judges them, and a night and a coordinator within their limits."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swipefl.operations.surroundings import code
from swipefl.operations.unit_words import word
from tests.support.command import ROOT, SHORT, environment, swipefl
from tests.support.processes import served
from tests.support.swipes import EXAMPLE
from tests.support.waiting import LONG_S

UNITS = ROOT / "examples" / "systemd"
HAS_SYSTEMD = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


def verified(folder: Path, *units: Path, manager: str = "--system") -> tuple[int, str]:
    """What systemd says of units whose programs are there."""
    paths = []
    for unit in units:
        paths.append(folder / unit.name)
        text = re.sub(r"(?m)^ExecStart=:?/\S+", "ExecStart=/bin/true", unit.read_text())
        paths[-1].write_text(text.replace("User=anna", "User=root").replace("User=swipefl", "User=root"))
    env = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = ["systemd-analyze", manager, "verify", *map(str, paths)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def exposure(unit: Path) -> float:
    """How exposed systemd finds a service, of 10."""
    command = ["systemd-analyze", "security", "--offline=yes", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(re.findall(r"exposure level for \S+: (\d+\.\d)", done.stdout)[0])


@HAS_SYSTEMD
def test_the_units_of_the_examples_are_valid(tmp_path: Path) -> None:
    for variant, manager in (("user", "--user"), ("system", "--system")):
        (tmp_path / variant).mkdir()
        found = verified(tmp_path / variant, *sorted((UNITS / variant).glob("swipefl-*")), manager=manager)
        assert found == (0, ""), variant
    assert verified(tmp_path, UNITS / "swipefl-coordinator.service") == (0, "")


@HAS_SYSTEMD
@pytest.mark.parametrize(
    "unit", ["swipefl-coordinator", *(f"{a}/swipefl-{b}" for a in ("user", "system") for b in ("ingest", "cycle"))]
)
def test_the_units_expose_little(unit: str) -> None:
    """At most 2.0 of 10; what each is today: 1.1, of an ingest 0.2, 0.3 more of a user's."""
    assert exposure(UNITS / f"{unit}.service") <= 2.0


def test_the_units_of_the_examples_are_what_install_writes() -> None:
    subprocess.run([sys.executable, "-m", "examples.systemd", "--check"], cwd=ROOT, check=True)


def test_the_rules_against_floods_can_be_loaded_again() -> None:
    """In a network of their own, so that nothing here is changed."""
    rules = UNITS / "swipefl-coordinator.nft"

    def loaded(times: int) -> subprocess.CompletedProcess[str]:
        script = "\n".join(["set -e", *['nft -f "$0"'] * times, "nft list ruleset"])
        command = ["unshare", "--map-root-user", "--net", "sh", "-c", script, str(rules)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if not shutil.which("nft") or not shutil.which("unshare") or loaded(0).returncode:
        pytest.skip("no nftables here, or no right to them")
    once, again = loaded(1), loaded(3)
    assert (once.returncode, once.stderr) == (0, "")
    assert once.stdout.count("drop") == rules.read_text().count(" drop\n") == 4
    assert (again.stdout, again.stderr) == (once.stdout, "")


def limited(unit: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Runs a unit's command, or others in its place, within its limits."""
    command = [sys.executable, "-m", "tests.support.sandbox", str(unit), *words]
    env = environment(Path("/nowhere"), **SHORT, **extra)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=4 * LONG_S, check=False)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The folder of the units of a person whose paths are odd; where their limits cannot be set here, it is skipped."""
    there = tmp_path / 'anna\'s "100%" $HOME ä'
    there.mkdir()
    log = there / "swipes of mine.jsonl"
    shutil.copy(EXAMPLE, log)
    done = swipefl(there / "home", "timer", "install", "--print", "--json", str(log))
    (there / "home").mkdir(mode=0o700)
    for unit in done.json["units"]:
        # at the lowest priority, a busy machine's tests would wait for hours
        (there / Path(unit["path"]).name).write_text(unit["text"].replace("Nice=19\n", ""), "utf-8")
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here, whose groups of system calls are asked for")
    tried = limited(there / "swipefl-cycle.service", "/bin/true")
    if tried.returncode:
        pytest.skip(f"no right to namespaces here: {tried.stderr.splitlines()[-1]}")
    return there


def test_a_night_works_within_its_limits(units: Path) -> None:
    ingest, cycle = units / "swipefl-ingest.service", units / "swipefl-cycle.service"
    done = limited(ingest)
    assert (done.returncode, done.stdout.split(":")[1].split(",")[0]) == (0, " 260 stored"), done.stderr
    done = limited(cycle)
    assert done.returncode == 0, done.stderr
    assert "new swipes" in done.stdout
    (units / "swipes of mine.jsonl").unlink()
    assert limited(ingest).returncode == 3  # which the unit takes for a success
    assert "SuccessExitStatus=3 8" in ingest.read_text()


def test_a_coordinator_serves_and_a_member_contributes_within_their_limits(units: Path, tmp_path: Path) -> None:
    """No call of either is one that its unit refuses; a name is looked up, too."""
    state = tmp_path / "state"
    assert swipefl(state, "coordinator", "init").code == 0
    shown = "".join(f"BindReadOnlyPaths={word(f'-{path}')}\n" for path in code())
    text = (UNITS / "swipefl-coordinator.service").read_text().replace("User=swipefl\n", "")
    text = text.replace("ReadWritePaths=/var/lib/swipefl\n", f"BindPaths={word(str(state))}\n{shown}")
    (units / "coordinator.service").write_text(text)
    serve = ("coordinator", "serve", "--home", str(state), "--listen", "localhost:0", "--json")
    sandbox = (sys.executable, "-m", "tests.support.sandbox", str(units / "coordinator.service"))
    command = (*sandbox, sys.executable, "-m", "swipefl", *serve)
    with served(command, environment(state), tmp_path / "log") as (at, _):
        token = swipefl(state, "coordinator", "token").out.strip()
        address = at["listening"].replace("127.0.0.1", "localhost")
        assert swipefl(units / "home", "enroll", address, "--token", "-", "--yes", given=token.encode()).code == 0
        assert limited(units / "swipefl-ingest.service").returncode == 0
        done = limited(units / "swipefl-cycle.service")
        assert done.returncode == 0, done.stderr
        assert json.loads(swipefl(state, "coordinator", "status", "--json").out)["waiting"] == 1


SEES = """
import json, os, socket, sys
def can(what):
    try: what()
    except OSError: return False
    return True
print(json.dumps({
    "write the home": can(lambda: open(os.environ["SWIPEFL_HOME"] + "/new", "w").close()),
    "write elsewhere": os.access("/usr", os.W_OK),
    "read the log": can(lambda: open(sys.argv[1]).close()),
    "speak to others": can(lambda: socket.socket(socket.AF_INET).close()),
    "speak to the bus": can(lambda: socket.socket(socket.AF_UNIX).close()),
    "see the memory": os.path.exists("/proc/meminfo"),
    "see homes": os.path.exists(sys.argv[2]),
    "rights": open("/proc/self/status").read().split("CapEff:\\t")[1].split()[0].strip("0"),
}))
"""


def test_each_step_sees_what_it_needs_and_no_more(units: Path) -> None:
    """What reads the log has no network; what has the network does not see the log."""
    (units / "other").write_text("somebody's")

    def seen(step: str) -> dict[str, object]:
        unit = units / f"swipefl-{step}.service"
        words = (sys.executable, "-c", SEES, str(units / "swipes of mine.jsonl"), str(units / "other"))
        return json.loads(limited(unit, *words).stdout)

    both = {"write the home": True, "write elsewhere": False, "see homes": False, "rights": ""}
    alone = {"read the log": True, "speak to others": False, "speak to the bus": False, "see the memory": False}
    assert seen("ingest") == both | alone
    assert seen("cycle") == both | {name: not may for name, may in alone.items()}
