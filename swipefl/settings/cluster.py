"""Where there is a Ray cluster to simulate on, as Ray's own commands have it."""

import os
from collections.abc import Mapping

RAY_ADDRESS = "RAY_ADDRESS"


def ray_address(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of a cluster, or "auto" for the one of this machine; None: there is none."""
    return environment.get(RAY_ADDRESS) or None
