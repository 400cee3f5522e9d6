"""Where a home is, without reading any setting: what a shell asks at each press of Tab has no time for more."""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from swipefl.errors import Remedy, UsageError

PREFIX = "SWIPEFL_"
COORDINATOR_PREFIX = f"{PREFIX}COORDINATOR_"
HOME = "HOME"


def default_home() -> Path:
    """The platform's folder for a user's data. Raises UsageError where it knows none, as for a user without a home."""
    try:
        return Path(platformdirs.user_data_dir("swipefl")).expanduser()
    except RuntimeError as error:
        nowhere = "there is no telling where your data belongs: this user has no home folder"
        raise UsageError("homeless", nowhere, Remedy.SAY_HOME, setting="home") from error


def likely_home(flag: str, is_coordinator: bool, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The home that a command would have with `--home FLAG` ("": not given), None where there is no telling."""
    names = [COORDINATOR_PREFIX, PREFIX] if is_coordinator else [PREFIX]
    said = [flag, *(environment.get(f"{prefix}{HOME}", "") for prefix in names)]
    try:
        return next((Path(home).expanduser() for home in said if home), None) or default_home()
    except (RuntimeError, UsageError):
        return None
