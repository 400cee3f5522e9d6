"""How a coordinator wants contributions trained, within what a device is willing to do."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from swipefl.federation.protocol.bounds import bounded, check

if TYPE_CHECKING:
    from swipefl.federation.wire.v1.federation_pb2 import TrainingPlan

LEAST_RATE = LEAST_NORM = 1e-6
MOST_NORM = 1000.0
LATE = 10  # versions that an update may be, unless a coordinator is told otherwise; devices are not
MOST_COUNT = 2**32 - 1  # that the wire can say


@dataclass(frozen=True)
class Plan:
    """Passes, examples a step, step size (Adam), and the norm that an update is clipped to.

    Raises UsageError for what nobody can train by.
    """

    epochs: int = 2
    batch_size: int = 16
    learning_rate: float = 1e-3
    max_norm: float = 4.0

    def __post_init__(self) -> None:
        check("epochs", self.epochs, 1, MOST_COUNT)
        check("batch_size", self.batch_size, 1, MOST_COUNT)
        check("learning_rate", self.learning_rate, LEAST_RATE)
        check("max_norm", self.max_norm, LEAST_NORM)

    @classmethod
    def of(cls, asked: "TrainingPlan") -> "Plan":
        """What is asked for, each number within bounds: nobody may keep a device busy for days."""
        return cls.within(asked.epochs, asked.batch_size, asked.learning_rate, asked.max_norm)

    @classmethod
    def within(cls, epochs: int, batch_size: int, learning_rate: float, max_norm: float) -> "Plan":
        """A plan of these numbers, each within what a device does for anybody."""
        return cls(
            int(bounded(epochs, 1, 10)),
            int(bounded(batch_size, 1, 256)),
            bounded(learning_rate, LEAST_RATE, 10),
            bounded(max_norm, LEAST_NORM, MOST_NORM),
        )

    def to_json(self) -> str:
        """The plan at rest."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The inverse of `to_json`."""
        return cls(**json.loads(text))
