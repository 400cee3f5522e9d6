"""The two engines of a simulation beside each other in one run, and the memory of all their processes over its rounds.

The last part of `make bench`, in the environment of Flower. python -m tests.bench.engines FILE [CLIENTS] shows both on
a file of swipes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.people import people_of
from tests.bench.simulating import write
from tests.support.command import environment
from tests.support.processes import session
from tests.support.swipes import EXAMPLE, SHARED

ENGINES = ("own", "flower")
ROUNDS = 5  # of which the first, which loads torch, and the last do not count
TURNS = 2  # that each engine has, so that what else the machine does meets both


TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Seen:
    """A round as it ended, and what all processes of the simulation together then have: memory, and time computed."""

    row: dict[str, Any]
    mb: float
    cpu_s: float


def rounds_of(file: Path, out: Path, engine: str, rounds: int, clients: int) -> Iterator[Seen]:
    """The rounds of a simulation."""
    sizes = ("--rounds", str(rounds), "--clients-per-round", str(clients), "--out", str(out), "--json")
    command = [sys.executable, "-m", "swipefl", "simulate", str(file), *sizes, "--engine", engine]
    env = environment(out.parent)
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        for line in process.stdout:
            there = session(process.pid)
            yield Seen(json.loads(line), sum(map(pss_mb, there)), sum(map(cpu_s, there)))
    if process.returncode:
        raise RuntimeError(f"{engine}: exit code {process.returncode}")


def pss_mb(pid: int) -> float:
    """What a process has of memory; of what several have, its share."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]) / 1000
    return 0.0


def cpu_s(pid: int) -> float:
    """How long a process has computed."""
    with suppress(OSError):
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS
    return 0.0


def engines(file: Path, folder: Path, clients: int = 40) -> dict[str, dict[str, float]]:
    """Clients and swipes a second of each engine, without what it takes to begin."""
    seen: dict[str, list[list[Seen]]] = {name: [] for name in ENGINES}
    for turn in range(TURNS):
        for name in ENGINES:
            seen[name].append(list(rounds_of(file, folder / f"{name}-{turn}", name, ROUNDS, clients)))
    figures = {name: _figures(turns) for name, turns in seen.items()}
    own, flower = (figures[name] for name in ENGINES)
    return {**figures, "flower / own": {unit: flower[unit] / own[unit] for unit in own}}


def _figures(turns: list[list[Seen]]) -> dict[str, float]:
    """Of all rounds but the first of each turn, and the last, at whose end the processes go.

    How much is computed a client is what other work on the machine leaves as it is.
    """
    rows = [seen.row for turn in turns for seen in turn[1:-1]]
    computed = sum(turn[-2].cpu_s - turn[0].cpu_s for turn in turns)
    return {
        "clients_per_s": statistics.median(row["clients"] / row["seconds"] for row in rows),
        "swipes_per_s": statistics.median(row["examples"] / row["seconds"] for row in rows),
        "clients_per_cpu_s": sum(row["clients"] for row in rows) / computed,
    }


def write_people(file: Path) -> None:
    """As many people as `make bench` simulates with."""
    dev = SHARED / "how_we_swipe" / "dev.jsonl.gz"
    write(people_of(dev, 1000) if dev.exists() else people_of(EXAMPLE, 1), file)


def main() -> None:
    """Show them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("file", type=Path, nargs="?", help="of swipes; else those of `make bench`")
    asked.add_argument("clients", type=int, nargs="?", default=40, help="a round")
    asked.add_argument("--memory", type=int, metavar="ROUNDS", help="memory over so many rounds, in place of speed")
    asked.add_argument("--engine", choices=ENGINES, default="flower")
    given = asked.parse_args()
    if not find_spec("flwr"):
        asked.exit(1, f"no throughput of both engines: {sys.executable} has no Flower; `make test-flower` makes one\n")
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or Path(folder) / "people.jsonl"
        if not given.file:
            write_people(file)
        if given.memory:
            out = Path(folder) / "out"
            for seen in rounds_of(file, out, given.engine, given.memory, given.clients):
                row = seen.row
                took = f"{row['clients']} clients in {row['seconds']:.1f} s"
                console.print(f"round {row['round']}: {took}, {seen.mb:.0f} MB")
            return
        for name, rates in engines(file, Path(folder), given.clients).items():
            console.print(f"{name}: " + ", ".join(f"{rate:.3g} {unit}" for unit, rate in rates.items()))


if __name__ == "__main__":
    main()
