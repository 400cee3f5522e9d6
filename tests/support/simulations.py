"""Simulations without other processes."""

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.protocol.plan import Plan
from swipefl.simulation.participants import participants_of
from swipefl.simulation.scenario import Scenario
from swipefl.simulation.simulation import Simulation

PLAN = Plan(epochs=1, batch_size=8, learning_rate=1e-3, max_norm=0.5)


class Here(Executor):
    """Runs what it is given in this process, at once."""

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*given, **named))
        return future


def simulation(swipes: Path, folder: Path, scenario: Scenario, processes: Here | None = None) -> Simulation:
    """One of the people of `swipes`, that begins at the base and is kept in `folder`."""
    clients = participants_of(swipes, swipes.parent / "people")
    folder.mkdir(exist_ok=True)
    return Simulation(clients, scenario, base_checkpoint(), folder, processes or Here(), parallel=1)
