"""Who belongs to a federation: one-time tokens, and the devices that used them."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.errors import Remedy, UsageError
from swipefl.federation.coordinator.keys import Keys
from swipefl.federation.protocol.token import SECRET_BYTES, Token


@dataclass(frozen=True)
class Device:
    """A place in the federation; `credential` is the hash of what the device says."""

    id: str
    credential: bytes
    enrolled_at: float
    seen_at: float
    revoked: bool


class Devices:
    """Devices by id, and the tokens that new ones come with; of secrets only hashes are kept."""

    def __init__(self, sql: Sql, keys: Keys, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._keys = keys
        self._clock = clock

    def new_token(self, valid_s: float) -> Token:
        """A one-time token; only its hash stays here."""
        token = Token.of(secrets.token_bytes(SECRET_BYTES), self._keys.public().public_key)
        row = (hashed(token.secret), self._clock() + valid_s)
        self._sql.run("INSERT INTO tokens (hash, expires_at) VALUES (?, ?)", row)
        return token

    def offers(self, secret: bytes) -> bool:
        """Whether there ever was a token with this secret."""
        return bool(self._sql.rows("SELECT 1 FROM tokens WHERE hash = ?", (hashed(secret),)))

    def revoke_token(self, secret: bytes) -> None:
        """The token buys nothing any more. Raises UsageError for one that is not there or was used."""
        if not self._sql.run("DELETE FROM tokens WHERE hash = ? AND device IS NULL", (hashed(secret),)):
            raise UsageError("unknown-token", "no such token waits to be used", Remedy.LIST_DEVICES)

    def enroll(self, secret: bytes, credential: bytes) -> str | None:
        """The id of a new device, or None for a token that buys none; the same again gives the same id."""
        with self._sql.transaction():
            rows = self._sql.rows("SELECT expires_at, device FROM tokens WHERE hash = ?", (hashed(secret),))
            for expires_at, used_by in rows:
                if used_by is not None:
                    device = self.get(used_by)
                    return used_by if device and device.credential == hashed(credential) else None
                if expires_at < self._clock():
                    return None
                device_id = secrets.token_hex(8)
                self._sql.run(
                    "INSERT INTO devices (id, credential, enrolled_at, seen_at, revoked) VALUES (?, ?, ?, ?, 0)",
                    (device_id, hashed(credential), self._clock(), self._clock()),
                )
                self._sql.run("UPDATE tokens SET device = ? WHERE hash = ?", (device_id, hashed(secret)))
                return device_id
        return None

    def get(self, device_id: str) -> Device | None:
        """The device of that id, if there is one."""
        return next(iter(self._select("WHERE id = ?", (device_id,))), None)

    def all(self) -> list[Device]:
        """Every device, in the order of enrolment."""
        return self._select("ORDER BY enrolled_at, id")

    def saw(self, seen_at: Mapping[str, float]) -> None:
        """When devices, by their ids, called last."""
        with self._sql.transaction():
            self._sql.run_many("UPDATE devices SET seen_at = ? WHERE id = ?", [(at, id) for id, at in seen_at.items()])

    def revoke(self, device_id: str) -> None:
        """The device is refused from now on. Raises UsageError for one that is not there."""
        if not self._sql.run("UPDATE devices SET revoked = 1 WHERE id = ?", (device_id,)):
            raise UsageError("no-such-device", "there is no device {id}", Remedy.LIST_DEVICES, id=device_id)

    def _select(self, where: str, parameters: Sequence[str] = ()) -> list[Device]:
        rows = self._sql.rows(f"SELECT id, credential, enrolled_at, seen_at, revoked FROM devices {where}", parameters)
        return [Device(*facts, bool(revoked)) for *facts, revoked in rows]  # type: ignore[call-arg]


def hashed(secret: bytes) -> bytes:
    """What is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret).digest()
