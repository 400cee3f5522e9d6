"""The only reader of flags, environment and file; logging set-up beside it.

Precedence: flag > `SWIPEFL_*` > `config.toml` in the home > default.
"""

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from swipefl.errors import UsageError


class Settings(BaseSettings):
    """Everything that can be set; `home` holds the store and `config.toml`."""

    model_config = SettingsConfigDict(env_prefix="SWIPEFL_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = Field(default_factory=lambda: default_home(), description="the folder of the store")
    keyboard: str | None = Field(None, description="the keyboard of gestures that do not say")
    epochs: int = Field(4, ge=1, description="passes of personal training")
    batch_size: int = Field(16, ge=1, description="examples a step")
    learning_rate: float = Field(1e-3, gt=0, description="step size of personal training (Adam)")
    seed: int = Field(0, ge=0, description="seed of training")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to train")
    contribution_epochs: int = Field(2, ge=1, description="passes for a contribution")
    contribution_learning_rate: float = Field(1e-3, gt=0, description="step size for a contribution (Adam)")
    max_norm: float = Field(4.0, gt=0, le=1000, description="the norm that a contribution is clipped to")
    sync_deadline_s: float = Field(120.0, gt=0, description="the longest that a visit to the coordinator may take")
    client_certificate: Path | None = Field(None, description="this device's certificate (PEM), where one is asked for")
    client_key: Path | None = Field(None, description="the key of that certificate (PEM)")
    log: Literal["text", "json"] = Field("text", description="log lines as key=value or as JSON")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment; `load_settings` adds the file."""
        file = TomlConfigSettingsSource(settings_cls, _config_path(init_settings, env_settings))
        return init_settings, env_settings, file


def _config_path(*sources: PydanticBaseSettingsSource) -> Path:
    homes = [values["home"] for values in (source() for source in sources) if "home" in values]
    return Path(homes[0] if homes else default_home()) / "config.toml"


def default_home() -> Path:
    """The platform's folder for a user's data."""
    return Path(platformdirs.user_data_dir("swipefl"))


def load_settings(home: Path | None = None, **flags: Any) -> Settings:
    """The settings in force; flags that are None were not given. Raises UsageError naming what is wrong."""
    given = {name: value for name, value in {"home": home, **flags}.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise UsageError(f"a setting is wrong (flag, SWIPEFL_* or config.toml): {what}") from error
    except (ValueError, OSError) as error:
        raise UsageError(f"config.toml in the home folder cannot be read: {error}") from error


def configure_logging(as_json: bool) -> None:
    """Log lines on standard error: JSON, or key=value."""
    import structlog

    renderer: Any = structlog.processors.JSONRenderer()
    if not as_json:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Log(sys.stderr))),
    )


class _Log:
    """A file to log to; where it takes no more, as on a full disk, the line is lost and the work goes on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def logs_json() -> bool:
    """Whether log lines were asked to be JSON."""
    import structlog

    return isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer)
