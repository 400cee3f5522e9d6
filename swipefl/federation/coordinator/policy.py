"""What a coordinator is told to do: when and how to aggregate, what to ask of devices, what nobody may exceed."""

from dataclasses import dataclass, field

from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.protocol.bounds import check
from swipefl.federation.protocol.conditions import Conditions
from swipefl.federation.protocol.plan import LATE, Plan
from swipefl.federation.strategy import Strategy

KEPT = 20  # versions that can still be downloaded and rolled back to
SOURCES = ("here", "flower")  # of versions
FEW = 3  # updates: who knows his own of two knows the other, and one alone is the change itself


@dataclass(frozen=True)
class Policy:
    """FedBuff (Nguyen 2022, AISTATS): a step when `buffer` updates wait, or `least` and one of them for `max_wait_s`.

    A version made of few updates says much of each: a step of one gives it away to everybody. So `least` is more than
    a handful, and a `buffer` that is smaller asks for no more than itself.
    With `versions_from` flower it makes none: it lends what waits, and follows the versions that come back, those that
    `flower_key` signed, else whoever's come first.
    An update more than `max_staleness` versions late is stale; `kept` versions stay downloadable.
    Raises UsageError for waits that are no finite number.
    """

    plan: Plan = field(default_factory=Plan)
    strategy: Strategy = field(default_factory=Strategy)
    limits: Limits = field(default_factory=Limits)
    buffer: int = 40
    least: int = 10
    max_wait_s: float = 6 * 3600.0
    max_staleness: int = LATE
    retry_after_s: float = 0.0
    kept: int = KEPT
    versions_from: str = SOURCES[0]
    flower_key: bytes | None = None
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        for name in ("max_wait_s", "retry_after_s"):  # no wait is for ever
            check(name, getattr(self, name), 0)

    @property
    def follows(self) -> bool:
        """Whether versions are made elsewhere."""
        return self.versions_from != SOURCES[0]

    @property
    def fewest(self) -> int:
        """The updates that any version is made of, at least."""
        return max(1, min(self.least, self.buffer))

    def is_due(self, waiting: int, waited_s: float) -> bool:
        """Whether so many waiting updates make a round now, the oldest of which came `waited_s` ago."""
        return waiting >= self.buffer or (waiting >= self.fewest and self.is_long(waited_s))

    def is_long(self, waited_s: float) -> bool:
        """Whether an update waited long enough, also by a clock that went back."""
        return not 0 <= waited_s < self.max_wait_s

    @property
    def gives_away(self) -> bool:
        """Whether a version may be made of so few updates that it tells what is in one."""
        return self.fewest < FEW
