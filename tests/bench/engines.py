"""The two engines of a simulation beside each other in one run, and the memory of all their processes over its rounds.

python -m tests.bench.engines FILE [CLIENTS] shows both on a file of swipes. It takes the extra `flower`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.support.command import environment
from tests.support.processes import session

ENGINES = ("own", "flower")
ROUNDS = 6  # of which the first, which loads torch, does not count
TURNS = 2  # that each engine has, so that what else the machine does meets both


def rounds_of(file: Path, out: Path, engine: str, rounds: int, clients: int) -> Iterator[tuple[dict[str, Any], float]]:
    """The rounds of a simulation as they end, and what all its processes then have of memory together, in MB."""
    sizes = ("--rounds", str(rounds), "--clients-per-round", str(clients), "--out", str(out), "--json")
    command = [sys.executable, "-m", "swipefl", "simulate", str(file), *sizes, "--engine", engine]
    env = environment(out.parent)
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        for line in process.stdout:
            yield json.loads(line), sum(map(pss_mb, session(process.pid)))
    if process.returncode:
        raise RuntimeError(f"{engine}: exit code {process.returncode}")


def pss_mb(pid: int) -> float:
    """What a process has of memory; of what several have, its share."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]) / 1000
    return 0.0


def engines(file: Path, folder: Path, clients: int = 40) -> dict[str, dict[str, float]]:
    """Clients and swipes a second of each engine, without what it takes to begin; nothing where there is no Flower."""
    if not find_spec("flwr"):
        return {}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ENGINES}
    for turn in range(TURNS):
        for name in ENGINES:
            done = [row for row, _ in rounds_of(file, folder / f"{name}-{turn}", name, ROUNDS, clients)]
            seen[name] += [(row["clients"] / row["seconds"], row["examples"] / row["seconds"]) for row in done[1:]]
    figures = {
        name: {
            "clients_per_s": statistics.median(clients for clients, _ in rates),
            "swipes_per_s": statistics.median(swipes for _, swipes in rates),
        }
        for name, rates in seen.items()
    }
    own, flower = (figures[name] for name in ENGINES)
    return {**figures, "flower / own": {unit: flower[unit] / own[unit] for unit in own}}


def main() -> None:
    """Show them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("file", type=Path)
    asked.add_argument("clients", type=int, nargs="?", default=40, help="a round")
    asked.add_argument("--memory", type=int, metavar="ROUNDS", help="memory over so many rounds, in place of speed")
    asked.add_argument("--engine", choices=ENGINES, default="flower")
    given = asked.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        if given.memory:
            out = Path(folder) / "out"
            for row, mb in rounds_of(given.file, out, given.engine, given.memory, given.clients):
                console.print(f"round {row['round']}: {row['clients']} clients in {row['seconds']:.1f} s, {mb:.0f} MB")
            return
        for name, rates in engines(given.file, Path(folder), given.clients).items():
            console.print(f"{name}: " + ", ".join(f"{rate:.3g} {unit}" for unit, rate in rates.items()))


if __name__ == "__main__":
    main()
