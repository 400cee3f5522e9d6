"""Flower's own strategies by name, and what each remembers from round to round, so that it can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from flwr.app import ArrayRecord
from flwr.serverapp.strategy import FedAdam, FedAvg, FedAvgM, FedTrimmedAvg, Krum

from swipefl.arrays import Floats
from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.bounds import check
from swipefl.federation.strategy import MOST_RATE, Strategy

NAMES = ("fedavg", "fedavgm", "fedadam", "fedtrimmedavg", "krum")
BETA_2, TAU = 0.99, 1e-4  # of FedAdam, as in `aggregation.step`
LEAST_NODES = 2  # of any: the mean of one is what that one gave
MOST_LIARS = 1_000
_OURS = Strategy()
Memory = Mapping[str, Floats]


@dataclass(frozen=True)
class Choice:
    """A strategy of `NAMES` and its numbers, which mean what they do in `federation.Strategy`.

    `liars` is how many nodes may lie before Krum is wrong. Raises UsageError for what is no strategy.
    """

    name: str = _OURS.optimizer
    server_lr: float = _OURS.server_lr
    momentum: float = _OURS.momentum
    trim: float = _OURS.trim
    liars: int = 1

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            what = "{setting} is one of {known}, not {value!r}"
            facts = {"setting": "strategy", "known": ", ".join(NAMES), "value": self.name}
            raise UsageError("unknown-choice", what, Remedy.CORRECT_SETTING, **facts)
        check("server-lr", self.server_lr, 0, MOST_RATE)
        check("momentum", self.momentum, 0, 0.999)
        check("trim", self.trim, 0.001, 0.49)
        check("liars", self.liars, 0, MOST_LIARS)

    @property
    def least_nodes(self) -> int:
        """How many nodes it takes: fewer, and Krum (Blanchard 2017) proves nothing, and no end is trimmed."""
        by_name = {"krum": 2 * self.liars + 3, "fedtrimmedavg": ceil(1 / self.trim)}
        return max(LEAST_NODES, by_name.get(self.name, LEAST_NODES))


def strategy_of(choice: Choice, arrays: ArrayRecord, memory: Memory) -> FedAvg:
    """A strategy that goes on from these arrays, and from what it remembered; what another one did is left."""
    # Of all nodes that are there.
    asks: dict[str, Any] = {"min_train_nodes": 1, "min_evaluate_nodes": 1, "min_available_nodes": 1}
    if choice.name == "fedavgm":
        moving = FedAvgM(server_learning_rate=choice.server_lr, server_momentum=choice.momentum, **asks)
        moving.current_arrays = arrays
        if velocity := _named(memory, "velocity"):
            moving.momentum_vector = [velocity[name] for name in arrays]
        return moving
    if choice.name == "fedadam":
        adam = FedAdam(eta=choice.server_lr, beta_1=choice.momentum, beta_2=BETA_2, tau=TAU, **asks)
        adam.current_arrays = {name: array.numpy() for name, array in arrays.items()}
        adam.m_t, adam.v_t = _named(memory, "first") or None, _named(memory, "second") or None
        return adam
    if choice.name == "fedtrimmedavg":
        return FedTrimmedAvg(beta=choice.trim, **asks)
    return Krum(num_malicious_nodes=choice.liars, **asks) if choice.name == "krum" else FedAvg(**asks)


def memory_of(strategy: FedAvg, arrays: ArrayRecord) -> Memory:
    """What a strategy remembers, by the arrays' names."""
    if isinstance(strategy, FedAvgM) and strategy.momentum_vector is not None:
        return {f"velocity.{name}": moment for name, moment in zip(arrays, strategy.momentum_vector, strict=True)}
    if isinstance(strategy, FedAdam) and strategy.m_t and strategy.v_t:
        first = {f"first.{name}": moment for name, moment in strategy.m_t.items()}
        return first | {f"second.{name}": moment for name, moment in strategy.v_t.items()}
    return {}


def _named(memory: Memory, kind: str) -> dict[str, Floats]:
    return {name.partition(".")[2]: array for name, array in memory.items() if name.startswith(f"{kind}.")}
