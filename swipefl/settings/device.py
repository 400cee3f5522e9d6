"""A device's settings: flags, `SWIPEFL_*`, `config.toml` in the home, defaults."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator

from swipefl.federation.protocol.plan import MOST_NORM, Plan
from swipefl.gesture.language import languages_of
from swipefl.operations.conditions.hours import quiet_hours
from swipefl.operations.conditions.limits import Limits
from swipefl.settings.sources import Sourced, expanded, load, meant_home

_PLAN = Plan()
_LIMITS = Limits()
MOST = 1_000_000_000  # of what is counted: what is kept in files has no room for every number


class Settings(Sourced):
    """Everything that can be set on a device; `home` holds the store and `config.toml`."""

    file_name: ClassVar[str] = "config.toml"

    keyboard: str | None = None
    languages: str | None = None
    offensive_words: bool = False
    capitals: bool = True
    epochs: int = Field(4, ge=1, le=MOST)
    batch_size: int = Field(_PLAN.batch_size, ge=1, le=MOST)
    learning_rate: float = Field(1e-3, gt=0)
    seed: int = Field(0, ge=0, le=MOST)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    contribution_epochs: int = Field(_PLAN.epochs, ge=1, le=MOST)
    contribution_learning_rate: float = Field(_PLAN.learning_rate, gt=0)
    max_norm: float = Field(_PLAN.max_norm, gt=0, le=MOST_NORM)
    sync_deadline_s: float = Field(120.0, gt=0)
    share_scores: bool = False
    metrics_file: Annotated[Path, AfterValidator(expanded)] | None = None
    keep_days: int = Field(90, ge=0, le=1_000_000)
    keep_swipes: int = Field(20_000, ge=0, le=MOST)
    client_certificate: Path | None = None
    client_key: Path | None = None
    least_battery: int = Field(_LIMITS.least_battery, ge=0, le=100)
    sharing_battery: int = Field(_LIMITS.sharing_battery, ge=0, le=100)
    metered: bool = _LIMITS.metered
    hottest_c: float = Field(_LIMITS.hottest_c, ge=0, le=200)
    most_load: float = Field(_LIMITS.most_load, ge=0)
    least_disk_mb: int = Field(_LIMITS.least_disk_mb, ge=0, le=MOST)
    least_memory_mb: int = Field(_LIMITS.least_memory_mb, ge=0, le=MOST)
    quiet_hours: str | None = None
    least_new_swipes: int = Field(_LIMITS.least_new_swipes, ge=1, le=MOST)
    contribute_every_h: float = Field(_LIMITS.contribute_every_h, ge=0)

    @property
    def limits(self) -> Limits:
        """When this device works, and when it leaves the battery alone."""
        asked = {name: getattr(self, name) for name in vars(_LIMITS) if name != "quiet_hours"}
        return Limits(**asked, quiet_hours=quiet_hours(self.quiet_hours or ""))

    @field_validator("quiet_hours")
    @classmethod
    def _as_hours(cls, value: str | None) -> str | None:
        """Raises ValueError for what are no hours."""
        quiet_hours(value or "")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _as_tags(cls, value: object) -> object:
        """`de,en`, also of a list. Raises ValueError for what is no language."""
        if isinstance(value, str | list | tuple):
            try:
                return ",".join(languages_of(value)) or None
            except ValueError:
                raise ValueError("a language is a tag such as de or pt-br, and several are as de,en") from None
        return value

    @field_validator("keep_days", "keep_swipes", mode="before")
    @classmethod
    def _for_ever(cls, value: object) -> object:
        """`forever` is 0. Raises ValueError for another word."""
        if not isinstance(value, str):
            return value
        said = value.strip().lower()
        if said != "forever" and not any(letter.isdigit() for letter in said):
            raise ValueError("a number, or forever")
        return 0 if said == "forever" else value


def load_settings(home: Path | None = None, **flags: Any) -> Settings:
    """The settings in force; flags that are None were not given. Raises UsageError naming what is wrong."""
    return load(Settings, {"home": home, **flags})


def default_settings(home: Path | None = None) -> Settings:
    """The defaults in the home that is meant, for who looks what is wrong with the settings. Raises UsageError."""
    return Settings.model_construct(home=meant_home(home))
