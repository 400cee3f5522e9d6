"""What a device sends and fetches in a month, and how soon devices have a version, out of how often they call."""

import math

import numpy as np

NIGHTS = 30
UPDATES = NIGHTS / 7  # a device contributes once a week
HEADERS = 1 + 66 / 1448 + 66 / 2896  # TCP over IPv4 over Ethernet, and an acknowledgement of every other segment
JITTER_H = 0.75  # RandomizedDelaySec of the timer


def month(figures: dict[str, tuple[int, int]], versions: float) -> tuple[float, float]:
    """MB up and down a month of a device that calls each night, for so many new versions a night that it finds."""
    quiet, sent, came = figures["nothing is new"], figures["an update is sent"], figures["a version comes"]
    return tuple(  # type: ignore[return-value]
        HEADERS
        * (NIGHTS * quiet[way] + UPDATES * (sent[way] - quiet[way]) + NIGHTS * versions * (came[way] - quiet[way]))
        / 1e6
        for way in (0, 1)
    )


def nights_until(share: float, away: float, alike: float = math.inf) -> int:
    """After how many nights so many devices have a version, where each is away in a share `away` of them on average.

    A device calls once a night. How often each of them is away is spread as Beta(alike * away, alike * (1 - away)):
    infinite, all are away equally often; the smaller, the more of them hardly ever call.
    """
    missing, nights = 1.0, 0
    while missing > 1 - share:
        missing *= away if alike == math.inf else (alike * away + nights) / (alike + nights)
        nights += 1
    return nights


def hours_until(
    share: float, away: float, alike: float, out_at_h: float, devices: int = 100_000, seed: int = 0
) -> float:
    """The same of simulated visits, in hours since the version was out at `out_at_h` o'clock.

    A timer starts each device at three o'clock, and up to `JITTER_H` later.
    """
    rng = np.random.default_rng(seed)
    rates = np.full(devices, away) if alike == math.inf else rng.beta(alike * away, alike * (1 - away), devices)
    reached = np.full(devices, math.inf)
    for night in range(400):
        at = 24 * night + 3 + JITTER_H * rng.random(devices) - out_at_h
        calls = (rng.random(devices) >= rates) & (at > 0)
        reached = np.where(calls, np.minimum(reached, at), reached)
    return float(np.quantile(reached, share))
