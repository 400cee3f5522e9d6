"""What a coordinator is told to do: when and how to aggregate, what to ask of devices, what nobody may exceed."""

from dataclasses import dataclass, field

from swipefl.federation.aggregation import Aggregation
from swipefl.federation.coordinator.state import KEPT
from swipefl.federation.protocol.plan import ContributionPlan


@dataclass(frozen=True)
class Limits:
    """Bounds on one device: calls a minute, bytes of updates a day, seconds a stream may take, claimed examples.

    `wrong_tokens_a_minute` bounds one address, `concurrent_calls` all together. What a call asks is waited for for
    `request_s`; so may `waiting_calls` of a device at once, and `waiting_strangers` of all who have no credential.
    """

    calls_a_minute: int = 120
    upload_bytes_a_day: int = 64 * 1024 * 1024
    stream_s: float = 60.0
    examples: int = 100_000
    wrong_tokens_a_minute: int = 10
    concurrent_calls: int = 1024
    request_s: float = 5.0
    waiting_calls: int = 8
    waiting_strangers: int = 64


@dataclass(frozen=True)
class Policy:
    """FedBuff (Nguyen 2022, AISTATS): a step when `buffer` updates wait, or `least` and one of them for `max_wait_s`.

    A version made of few updates says much of each: `least` is what stands before a round of one.
    An update more than `max_staleness` versions late is stale; `kept` versions stay downloadable.
    """

    plan: ContributionPlan = field(default_factory=ContributionPlan)
    aggregation: Aggregation = field(default_factory=Aggregation)
    limits: Limits = field(default_factory=Limits)
    buffer: int = 40
    least: int = 1
    max_wait_s: float = 6 * 3600.0
    max_staleness: int = 10
    retry_after_s: float = 0.0
    kept: int = KEPT
