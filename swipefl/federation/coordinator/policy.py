"""What a coordinator is told to do: when and how to aggregate, what to ask of devices, what nobody may exceed."""

from dataclasses import dataclass, field

from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.strategy import Strategy

KEPT = 20  # versions that can still be downloaded and rolled back to


@dataclass(frozen=True)
class Policy:
    """FedBuff (Nguyen 2022, AISTATS): a step when `buffer` updates wait, or `least` and one of them for `max_wait_s`.

    A version made of few updates says much of each: `least` is what stands before a round of one.
    An update more than `max_staleness` versions late is stale; `kept` versions stay downloadable.
    """

    plan: Plan = field(default_factory=Plan)
    strategy: Strategy = field(default_factory=Strategy)
    limits: Limits = field(default_factory=Limits)
    buffer: int = 40
    least: int = 1
    max_wait_s: float = 6 * 3600.0
    max_staleness: int = 10
    retry_after_s: float = 0.0
    kept: int = KEPT
