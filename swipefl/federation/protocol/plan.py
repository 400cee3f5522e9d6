"""How a coordinator wants contributions trained, within what a device is willing to do."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swipefl.federation.wire.v1.federation_pb2 import TrainingPlan


@dataclass(frozen=True)
class ContributionPlan:
    """Passes, examples a step, step size (Adam), and the norm that an update is clipped to."""

    epochs: int = 2
    batch_size: int = 16
    learning_rate: float = 1e-3
    max_norm: float = 4.0

    @classmethod
    def of(cls, plan: "TrainingPlan") -> "ContributionPlan":
        """What is asked for, each number within bounds: nobody may keep a device busy for days."""
        return cls(
            int(_bounded(plan.epochs, 1, 10)),
            int(_bounded(plan.batch_size, 1, 256)),
            _bounded(plan.learning_rate, 1e-6, 10),
            _bounded(plan.max_norm, 1e-6, 1000),
        )

    def to_json(self) -> str:
        """The plan at rest."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ContributionPlan":
        """The inverse of `to_json`."""
        return cls(**json.loads(text))


def _bounded(value: float, least: float, most: float) -> float:
    return min(value, most) if value >= least else least  # NaN is the least
