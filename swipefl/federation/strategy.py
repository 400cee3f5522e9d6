"""How a coordinator makes one step of many updates, in numbers; free of numpy, so that a command can show them."""

from dataclasses import dataclass

from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.bounds import check

RULES = ("mean", "median", "trimmed-mean")
OPTIMIZERS = ("fedavg", "fedavgm", "fedadam")
MOST_RATE = 100.0  # a step of it leads anywhere
MOST_COUNT = 1_000_000  # of rounds, and of examples
LEAST_SHARE = 0.1  # of the full one


@dataclass(frozen=True)
class Strategy:
    """How updates become one step: a rule of `RULES`, an optimiser of `OPTIMIZERS` and their numbers.

    `server_lr` is the step size of the global weights, `momentum` that of fedavgm and fedadam. `example_cap` 0 gives
    every update the same weight, else one weighs as its examples do, up to the cap; `trim` is the share that a trimmed
    mean leaves out at each end. After `steady` rounds, unless 0, the step falls as 1 / round.
    Raises UsageError for an unknown rule or optimiser, and for numbers that make no step.
    """

    rule: str = "mean"
    optimizer: str = "fedavgm"
    server_lr: float = 1.0
    momentum: float = 0.9
    example_cap: int = 0
    trim: float = 0.25
    steady: int = 30

    def __post_init__(self) -> None:
        _check_one_of("rule", self.rule, RULES)
        _check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        check("server_lr", self.server_lr, 0, MOST_RATE)
        check("momentum", self.momentum, 0, 0.999)
        check("example_cap", self.example_cap, 0, MOST_COUNT)
        check("trim", self.trim, 0, 0.49)
        check("steady", self.steady, 0, MOST_COUNT)

    def step_size(self, round_number: int) -> float:
        """The learning rate of a round, from 1: noise averages out as it falls (Robbins 1951), news still come in."""
        falling = min(1.0, self.steady / round_number) if self.steady else 1.0
        return self.server_lr * max(falling, LEAST_SHARE)


def _check_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            "unknown-choice",
            "{setting} is one of {known}, not {value!r}",
            Remedy.CORRECT_SETTING,
            setting=name,
            known=", ".join(known),
            value=value,
        )
