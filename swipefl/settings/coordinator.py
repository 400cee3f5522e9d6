"""A coordinator's settings: flags, `SWIPEFL_COORDINATOR_*`, `coordinator.toml` in its home, defaults."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.protocol.address import LISTEN
from swipefl.federation.protocol.conditions import Conditions
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.strategy import Strategy
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX
from swipefl.settings.sources import Sourced, load, meant_home

MOST = 1_000_000  # updates of a round, versions: more than a database of them could hold
_POLICY = Policy()
_PLAN, _STRATEGY, _LIMITS = _POLICY.plan, _POLICY.strategy, _POLICY.limits
_CONDITIONS = _POLICY.conditions


class CoordinatorSettings(Sourced):
    """Everything that can be set at a coordinator; `home` holds `coordinator.db` and `coordinator.toml`."""

    model_config = SettingsConfigDict(env_prefix=COORDINATOR_PREFIX)
    file_name: ClassVar[str] = "coordinator.toml"

    listen: str = LISTEN
    tls_cert: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    insecure: bool = False
    metrics: str | None = None
    reflection: bool = False
    holdout: Path | None = None
    versions_from: Literal["here", "flower"] = "here"
    flower_key: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    buffer: int = Field(_POLICY.buffer, ge=1, le=MOST)
    max_wait_s: float = Field(_POLICY.max_wait_s, ge=0)
    least: int = Field(_POLICY.least, ge=1, le=MOST)
    max_staleness: int = Field(_POLICY.max_staleness, ge=0, le=MOST)
    rule: str = _STRATEGY.rule
    optimizer: str = _STRATEGY.optimizer
    server_lr: float = _STRATEGY.server_lr
    steady: int = _STRATEGY.steady
    momentum: float = _STRATEGY.momentum
    trim: float = _STRATEGY.trim
    example_cap: int = _STRATEGY.example_cap
    max_norm: float = _PLAN.max_norm
    epochs: int = _PLAN.epochs
    batch_size: int = _PLAN.batch_size
    learning_rate: float = _PLAN.learning_rate
    retry_after_s: float = Field(_POLICY.retry_after_s, ge=0)
    stream_s: float = Field(_LIMITS.stream_s, ge=0.1)
    least_battery: int = _CONDITIONS.least_battery
    unmetered: bool = _CONDITIONS.unmetered
    hottest_c: float = _CONDITIONS.hottest_c
    most_load: float = _CONDITIONS.most_load
    least_new_swipes: int = _CONDITIONS.least_new_swipes
    contribute_every_s: float = _CONDITIONS.contribute_every_s

    @property
    def plan(self) -> Plan:
        """What is asked of devices."""
        return Plan(**{name: getattr(self, name) for name in vars(_PLAN)})

    @property
    def conditions(self) -> Conditions:
        """When devices are to contribute."""
        return Conditions(**{name: getattr(self, name) for name in vars(_CONDITIONS)})

    @property
    def strategy(self) -> Strategy:
        """How updates become a step."""
        return Strategy(**{name: getattr(self, name) for name in vars(_STRATEGY)})

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        _ = self.plan, self.strategy, self.conditions  # which check themselves
        return self


def load_coordinator_settings(home: Path | None = None, **flags: Any) -> CoordinatorSettings:
    """The settings in force; flags that are None were not given. Raises UsageError naming what is wrong."""
    return load(CoordinatorSettings, {"home": home, **flags})


def default_coordinator_settings(home: Path | None = None) -> CoordinatorSettings:
    """The defaults in the home that is meant, for who looks what is wrong with the settings. Raises UsageError."""
    return CoordinatorSettings.model_construct(home=meant_home(home, prefixes=(COORDINATOR_PREFIX, PREFIX)))
