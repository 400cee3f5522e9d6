"""When a coordinator wants its devices to contribute; within bounds, whatever it says."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from swipefl.federation.protocol.bounds import bounded, check

if TYPE_CHECKING:
    from swipefl.federation.wire.v1.federation_pb2 import Conditions as Said

MOST_PERCENT = 100
LEAST_C, MOST_C = 30.0, 200.0  # below, no device would ever be cool enough
LEAST_LOAD, MOST_LOAD = 0.05, 1000.0
MOST_NEW = 1000  # swipes; more are those of a month
MOST_PAUSE_S = 30 * 24 * 3600.0


@dataclass(frozen=True)
class Conditions:
    """What is asked of a device before it contributes, and for nothing else; 0 asks for nothing.

    Power, or a battery above so many percent; a network that is not metered; the processor's temperature and the load
    a core, at most; new swipes, and seconds since the last contribution, at least. Raises UsageError for what no device
    could meet.
    """

    least_battery: int = 0
    unmetered: bool = False
    hottest_c: float = 0.0
    most_load: float = 0.0
    least_new_swipes: int = 0
    contribute_every_s: float = 0.0

    def __post_init__(self) -> None:
        check("least_battery", self.least_battery, 0, MOST_PERCENT)
        check("hottest_c", self.hottest_c, LEAST_C if self.hottest_c else 0, MOST_C)
        check("most_load", self.most_load, LEAST_LOAD if self.most_load else 0, MOST_LOAD)
        check("least_new_swipes", self.least_new_swipes, 0, MOST_NEW)
        check("contribute_every_s", self.contribute_every_s, 0, MOST_PAUSE_S)

    @classmethod
    def of(cls, said: "Said") -> "Conditions":
        """What a coordinator asks for, each within bounds: no slip and no ill will ends it for ever."""
        return cls(
            int(bounded(said.least_battery, 0, MOST_PERCENT)),
            said.unmetered,
            bounded(said.hottest_c, LEAST_C, MOST_C) if said.hottest_c > 0 else 0.0,
            bounded(said.most_load, LEAST_LOAD, MOST_LOAD) if said.most_load > 0 else 0.0,
            int(bounded(said.least_new_swipes, 0, MOST_NEW)),
            bounded(said.contribute_every_s, 0, MOST_PAUSE_S),
        )

    def to_json(self) -> str:
        """The conditions at rest."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Conditions":
        """The inverse of `to_json`; "" asks for nothing, as coordinators do that know of no conditions."""
        return cls(**json.loads(text)) if text else cls()
