"""A federation on Flower of which one process after another is killed with -9: every update counts, and counts once."""

import json
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from swipefl.federation.coordinator.state import State
from tests.support.command import environment
from tests.support.federated import EACH, NAMES, Federated, make_home, make_project, set_config
from tests.support.states import enrolled
from tests.support.superlink import LONG_LOST_S, Link, Service, free_port, kill, named, superlink
from tests.support.waiting import wait_until

DEVICES = 3  # of each coordinator
FOR_EVER = 10_000  # rounds
TOGETHER = 4  # so many kills, and then rounds that show that all goes on
MOST_PAUSE_S = 25.0  # between two kills: about a round
REMEMBERED = 15  # versions of which a coordinator surely still knows each update


@dataclass(frozen=True)
class Campaign:
    """What may be killed, by name."""

    folder: Path
    link: Link
    coordinators: dict[str, Service]
    devices: Service
    running: Service

    def targets(self) -> dict[str, Callable[[], bool]]:
        """How each is killed; one that is not there just now is not, and says so."""
        found: dict[str, Callable[[], bool]] = {
            "superlink": _outright(self.link.service),
            "serverapp": _below(self.link.service, "flwr-serverapp"),
            "devices": _outright(self.devices),
            "run": _outright(self.running),
        }
        for name in NAMES:
            found[f"coordinator {name}"] = _outright(self.coordinators[name])
            found[f"supernode {name}"] = _outright(self.link.nodes[name])
            found[f"clientapp {name}"] = _below(self.link.nodes[name], "flwr-clientapp")
        return found

    def versions(self) -> int:
        """The newest version that the server told everybody of; 1 before there is any."""
        return max((line["version"] for line in self.lines()), default=1)

    def lines(self) -> list[dict[str, int]]:
        """What the server noted."""
        file = self.folder / "versions" / "rounds.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _outright(service: Service) -> Callable[[], bool]:
    def end() -> bool:
        is_there = service.process.poll() is None
        service.kill()
        return is_there

    return end


def _below(service: Service, program: str) -> Callable[[], bool]:
    def end() -> bool:
        there = named(service.process.pid, program)
        for pid in there:
            kill(pid)
        return bool(there)

    return end


def enrol(home: Path) -> Iterator[tuple[str, str]]:
    """New devices' ids, and what each authorizes itself with."""
    with State(home / "coordinator.db") as state:
        for _ in range(DEVICES):
            credential = secrets.token_bytes(32)
            device = enrolled(state, credential=credential)
            yield device, f"{device}:{credential.hex()}"


@contextmanager
def campaign(folder: Path) -> Iterator[Campaign]:
    """All of it, running."""
    make_project(folder, FOR_EVER)
    with ExitStack() as started, superlink(folder / "link") as link:
        coordinators, devices, env = {}, [], environment(folder, OMP_NUM_THREADS="1")
        for name in NAMES:
            make_home(folder / name)
            at = f"127.0.0.1:{free_port()}"
            command = [sys.executable, "-m", "swipefl", "coordinator", "serve", "--home", str(folder / name)]
            coordinators[name] = Service([*command, "--listen", at], env, folder / f"{name}.log")
            started.callback(coordinators[name].stop)
            devices += [(device, at, credential) for device, credential in enrol(folder / name)]
            link.start_node(name, folder / name)
        (folder / "devices").mkdir()
        (folder / "devices" / "devices.json").write_text(json.dumps(devices))
        command = [sys.executable, "-m", "tests.support.flower_devices", str(folder / "devices")]
        giving = Service(command, env, folder / "devices.log")
        started.callback(giving.stop)
        command = Federated(folder, link, {}).run_command()
        running = Service(command, {**env, "FLWR_HOME": link.env["FLWR_HOME"]}, folder / "run.log")
        started.callback(running.stop)
        yield Campaign(folder, link, coordinators, giving, running)


def survives(folder: Path, seed: int, kills: int, told: Callable[[str], None] = lambda line: None) -> None:
    """Kills so many processes at seeded moments, each kind in turn; then ends the rounds, and counts."""
    rng = random.Random(seed)
    with campaign(folder) as at:
        wait_until(lambda: at.versions() > 1, "a round before any kill", seconds=5 * LONG_LOST_S)
        order = [name for _ in range(kills) for name in rng.sample(sorted(at.targets()), len(at.targets()))][:kills]
        for number, name in enumerate(order, 1):
            time.sleep(rng.uniform(0, MOST_PAUSE_S))
            wait_until(at.targets()[name], f"a {name} that could be killed", seconds=5 * LONG_LOST_S)
            told(f"{number}. {name}: killed after version {at.versions()}")
            if number % TOGETHER == 0:
                _rounds_go_on(at)
        _rounds_go_on(at)
        set_config(folder / "project", rounds=at.versions() + 1)
        at.targets()["serverapp"]()  # whose successor has the new number
        wait_until(lambda: at.running.is_done, "the last round", seconds=10 * LONG_LOST_S)
        at.devices.stop()
        told(f"{at.versions() - 1} rounds, {sum(line['updates'] for line in at.lines())} updates")
        everything_counts_once(at)


def _rounds_go_on(at: Campaign) -> None:
    """Two more: the first may have been all but made."""
    goal = at.versions() + 2
    wait_until(lambda: at.versions() >= goal, "rounds after kills", seconds=10 * LONG_LOST_S)


def everything_counts_once(at: Campaign) -> None:
    """What was acknowledged is known, waits or went into one version; and the server counted what went, no more."""
    consumed = 0
    for name in NAMES:
        with closing(sqlite3.connect(at.folder / name / "coordinator.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            rows = database.execute("SELECT id, device, version, consumed_by, blob IS NULL FROM updates").fetchall()
            versions = dict(database.execute("SELECT number, updates FROM versions").fetchall())
            devices = [device for (device,) in database.execute("SELECT id FROM devices")]
        oldest = max(versions) - REMEMBERED
        known = {id for id, *_ in rows}
        for device in devices:
            given = (at.folder / "devices" / f"{device}.given").read_text().split()
            tried = [json.loads(line) for line in (at.folder / "devices" / f"{device}.trying").read_text().splitlines()]
            recent = {each["update_id"] for each in tried if each["base_version"] > oldest}
            assert set(given) & recent <= known
            assert len(given) == len(set(given)) >= EACH
            assert {id for id, whose, *_ in rows if whose == device} <= {each["update_id"] for each in tried}
        for _, _, version, consumed_by, is_gone in rows:
            assert (consumed_by is not None) == bool(is_gone)
            assert consumed_by is None or consumed_by > version
        for number, updates in versions.items():
            if number > oldest:
                assert updates == sum(row[3] == number for row in rows), number
        consumed += sum(versions.values())
    assert consumed == sum(line["updates"] for line in at.lines())
    assert not (at.folder / "devices" / "odd").exists()
