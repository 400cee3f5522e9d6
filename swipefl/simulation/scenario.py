"""What a simulation does, and to whom."""

from dataclasses import dataclass, field

from swipefl.federation.privacy import Privacy, check_hides
from swipefl.federation.protocol.bounds import check
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.strategy import Strategy


@dataclass(frozen=True)
class Troubles:
    """Shares of a round's clients: who drops out, is late (up to `delay` rounds) or is hostile; all drawn anew.

    A hostile client sends its change with the other sign and ten times as large, or with `cunning` as large as the
    bound allows. `skew` above 0 leaves a client a random part of its swipes, the less the higher.
    Raises UsageError for what is no share, and no finite number.
    """

    dropout: float = 0.0
    late: float = 0.0
    delay: int = 5
    byzantine: float = 0.0
    cunning: bool = False
    skew: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dropout", "late", "byzantine"):
            check(name, getattr(self, name), 0, 1)
        check("skew", self.skew, 0)


@dataclass(frozen=True)
class Scenario:
    """Rounds of so many clients. `noise` is that of differential privacy: its standard deviation is so many times the
    clip norm, in the sum of a round's updates; it needs a mean of bounded updates of equal weight.

    `compressed` sends int8 as devices do, else float32; `bounded` refuses updates above the clip norm as a coordinator
    does; `proximal` pulls towards the global weights while training (FedProx; Li 2020, MLSys).
    Raises UsageError for numbers that make no round, and for noise that would hide nobody.
    """

    rounds: int = 100
    clients_per_round: int = 40
    plan: Plan = field(default_factory=Plan)
    strategy: Strategy = field(default_factory=Strategy)
    troubles: Troubles = field(default_factory=Troubles)
    proximal: float = 0.0
    noise: float = 0.0
    compressed: bool = True
    bounded: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("rounds", "clients_per_round"):
            check(name, getattr(self, name), 1)
        for name in ("proximal", "noise"):
            check(name, getattr(self, name), 0)
        if self.noise:
            check_hides(self.strategy, self.bounded)

    @property
    def privacy(self) -> Privacy | None:
        """What hides each contribution, where that is asked for."""
        return Privacy(self.noise, self.plan.max_norm, self.clients_per_round) if self.noise else None
