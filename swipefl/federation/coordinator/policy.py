"""What a coordinator is told to do: when and how to aggregate, what to ask of devices, what nobody may exceed."""

from dataclasses import dataclass, field

from swipefl.federation.aggregation import Aggregation
from swipefl.federation.plan import ContributionPlan

CHUNK_BYTES = 256 * 1024
MESSAGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on one device: calls a minute, bytes of updates a day, seconds an upload may take, claimed examples."""

    calls_a_minute: int = 120
    upload_bytes_a_day: int = 64 * 1024 * 1024
    upload_s: float = 60.0
    examples: int = 100_000
    concurrent_calls: int = 256


@dataclass(frozen=True)
class Policy:
    """FedBuff (Nguyen 2022, AISTATS): a step when `buffer` updates wait, or one has waited `max_wait_s`.

    An update more than `max_staleness` versions late is stale; `kept` versions stay downloadable.
    """

    plan: ContributionPlan = field(default_factory=lambda: ContributionPlan(2, 16, 0.3, 2.0))
    aggregation: Aggregation = field(default_factory=Aggregation)
    limits: Limits = field(default_factory=Limits)
    buffer: int = 40
    max_wait_s: float = 6 * 3600.0
    max_staleness: int = 10
    retry_after_s: float = 0.0
    kept: int = 20
