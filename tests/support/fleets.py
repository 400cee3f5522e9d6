"""A coordinator's state as a fleet of so many devices leaves it, row by row, without their calls."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.federation.coordinator.devices import hashed
from swipefl.federation.coordinator.policy import KEPT
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.round import Master

DAY_S = 86_400.0
NIGHTS = 365  # that the fleet is old
AWAY, LEFT, REVOKED, SILENT = 0.3, 0.03, 0.002, 0.08  # shares: of a night's visits; of all devices
EVERY_NIGHTS = 7  # a device contributes as often
VERSIONS_A_NIGHT = 20
SHARING = 0.1  # of the devices say what a version is worth
UNUSED = 0.01  # tokens that nobody used, of all


@dataclass(frozen=True)
class Fleet:
    """So many devices at unix time `now`; all of it follows from the seed.

    Each contributes once a week on one of the nights on which it calls; the buffer is what makes `VERSIONS_A_NIGHT`, or
    40. Half a buffer waits.
    """

    devices: int
    now: float = 1_800_000_000.0
    seed: int = 0

    @property
    def contributions(self) -> int:
        """Updates a night."""
        return int(self.devices * (1 - LEFT - REVOKED - SILENT) * (1 - AWAY) / EVERY_NIGHTS)

    @property
    def buffer(self) -> int:
        """Updates a version."""
        return max(40, self.contributions // VERSIONS_A_NIGHT)

    @property
    def versions(self) -> int:
        """That were made in all the nights, and at least as many as are kept."""
        return max(KEPT + 1, NIGHTS * self.contributions // self.buffer)

    @property
    def waiting(self) -> int:
        """Updates that wait for the next version."""
        return min(self.buffer // 2, self.devices // 4)

    def id(self, number: int) -> str:
        """What the device of that number is called."""
        return self._secret("id", number)[:8].hex()

    def credential(self, number: int) -> bytes:
        """What it is known by."""
        return self._secret("credential", number)

    def authorization(self, number: int) -> str:
        """What it says with each call."""
        return f"{self.id(number)}:{self.credential(number).hex()}"

    def _secret(self, what: str, number: int) -> bytes:
        return hashlib.sha256(f"{self.seed} {what} {number}".encode()).digest()

    @cached_property
    def gone(self) -> frozenset[int]:
        """The devices that left or were revoked."""
        return frozenset(n for n in range(self.devices) if self._fate(n) < LEFT + REVOKED)

    @cached_property
    def here(self) -> list[int]:
        """The devices that call, in no order."""
        here = [n for n in range(self.devices) if self._fate(n) >= LEFT + REVOKED + SILENT]
        random.Random(self.seed).shuffle(here)
        return here

    def _fate(self, number: int) -> float:
        return int.from_bytes(self._secret("fate", number)[:4], "big") / 2**32

    def fill(self, path: Path, model: Checkpoint, update: bytes) -> None:
        """Makes the coordinator at `path`, whose versions all have the weights of `model`, and updates these bytes."""
        with State(path, lambda: self.now) as state:
            state.sql.run("PRAGMA cache_size = -1000000")  # KiB, for this connection alone
            state.sql.run("PRAGMA synchronous = OFF")
            state.create(model)
            with state.transaction():
                state.publish(Draft(Master(model), "published", ahead=self.versions - 1))
                self._fill_versions(state)
                self._fill_devices(state)
                self._fill_updates(state, update)
                self._fill_judges(state)
            state.sql.run("PRAGMA optimize")

    def _fill_versions(self, state: State) -> None:
        """All between the first and the newest; of the last ones the bytes too."""
        every_s = NIGHTS * DAY_S / self.versions
        state.sql.run_many(
            "INSERT INTO versions (number, made_by, created_at, updates, architecture, fingerprint, sha256, blob) "
            "SELECT ?1, 'aggregated', ?2, ?3, architecture, fingerprint, sha256, CASE WHEN ?1 > ?4 THEN blob END "
            "FROM versions WHERE number = ?5",
            (
                (number, self.now - (self.versions - number) * every_s, self.buffer, self._oldest, self.versions)
                for number in range(2, self.versions)
            ),
        )

    @property
    def _oldest(self) -> int:
        return self.versions - KEPT

    def _fill_devices(self, state: State) -> None:
        devices = (
            "INSERT INTO devices (id, name, credential, enrolled_at, seen_at, revoked, enrolled_with, has_left, taken, "
            "refused, stale, last_update) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        state.sql.run_many(devices, map(self._device, range(self.devices)))
        tokens = "INSERT INTO tokens (hash, expires_at, name, device) VALUES (?, ?, ?, ?)"
        state.sql.run_many(tokens, map(self._token, range(int(self.devices * (1 + UNUSED)))))

    def _device(self, number: int) -> tuple[object, ...]:
        rng, fate, enrolled_at = random.Random(number), self._fate(number), self._enrolled_at(number)
        nights = (self.now - enrolled_at) / DAY_S
        silent = fate < LEFT + REVOKED + SILENT
        away = rng.uniform(0.1, 1) * nights if silent else (rng.expovariate(2.0) if rng.random() < AWAY else 0.3)
        taken = int(nights * (1 - AWAY) / EVERY_NIGHTS)
        last = self._secret("update", number)[:16].hex() if taken else ""
        return (
            self.id(number),
            f"phone-{number}",
            hashed(self.credential(number)),
            enrolled_at,
            max(enrolled_at, self.now - away * DAY_S),
            fate < LEFT + REVOKED,
            min(self.versions, max(1, int((1 - nights / NIGHTS) * self.versions))),
            fate < LEFT,
            taken,
            0,
            taken // 20,
            last,
        )

    def _enrolled_at(self, number: int) -> float:
        """Evenly over the nights."""
        return self.now - NIGHTS * DAY_S * (1 - number / self.devices)

    def _token(self, number: int) -> tuple[object, ...]:
        used = number < self.devices
        issued = self._enrolled_at(number) if used else self.now
        name, device = f"phone-{number}", self.id(number) if used else None
        return hashed(self._secret("token", number)), issued + 3 * DAY_S, name, device

    def _fill_updates(self, state: State, update: bytes) -> None:
        """Of those who call: one each for the versions that are kept, as long as there are devices, and what waits."""
        rows = (
            "INSERT OR IGNORE INTO updates (id, device, version, examples, received_at, consumed_by, blob) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        state.sql.run_many(rows, self._consumed())
        waiting = self.here[-self.waiting :]
        state.sql.run_many(
            rows,
            ((f"w{number:x}", self.id(number), self.versions, 100, self.now - 600, None, update) for number in waiting),
        )

    def _consumed(self) -> Iterator[tuple[object, ...]]:
        devices = self.here[: -self.waiting]
        for at in range(KEPT * self.buffer):
            number, version = devices[at % len(devices)], self._oldest + 1 + at // self.buffer
            sent = self._secret("update", number)[:16].hex() if at < len(devices) else f"{at:032x}"
            yield sent, self.id(number), version - 1, 100, self.now - 3600, version, None

    def _fill_judges(self, state: State) -> None:
        """Who shares has judged one of the versions that are kept; of each version ever there is a sum."""
        speakers = self.here[: int(SHARING * len(self.here))]
        state.sql.run_many(
            "INSERT INTO judges (device, version) VALUES (?, ?)",
            ((self.id(number), self._oldest + 1 + at % KEPT) for at, number in enumerate(speakers)),
        )
        state.sql.run_many(
            "INSERT INTO judged VALUES (?, ?, ?, ?, ?)",
            ((number, 30, 3000, 2700, 2705) for number in range(2, self.versions)),
        )
