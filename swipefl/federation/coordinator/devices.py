"""Who belongs to a federation: one-time tokens, and the devices that used them."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from swipefl.database.sql import Parameters, Sql
from swipefl.errors import Remedy, UsageError
from swipefl.federation.coordinator.keys import Keys
from swipefl.federation.protocol.token import SECRET_BYTES, Token

STATES = ("active", "silent", "left", "revoked")
SEEN_STATES = STATES[:2]  # of which no index tells, as each visit would write to it
_IN_STATE = {
    None: "1",
    "active": "NOT revoked AND seen_at >= :since * 86400",
    "silent": "NOT revoked AND seen_at < :since * 86400",
    "left": "revoked AND has_left",
    "revoked": "revoked AND NOT has_left",
}
_PLACE = "(SELECT enrolled_at, id FROM devices WHERE id = :{})"
_ENROLLED = "ORDER BY enrolled_at, id"
DAY_S = 86_400.0
SILENT_DAYS = 30  # that a device has not called on, and counts as silent
MOST_LOOKED_AT = 20_000  # devices for one page of those in a state that most may not be in
LEAST_OF_ID = 4  # characters that stand for a device's id: with fewer a slip of the finger finds another one
LONGEST_NAME = 64  # of a device, in characters


@dataclass(frozen=True)
class Calls:
    """What one device called for in a while: when last, and its updates by what became of them."""

    seen_at: float
    taken: int = 0
    refused: int = 0
    stale: int = 0


@dataclass(frozen=True)
class Device:
    """A place in the federation; `credential` is the hash of what the device says, `name` what its owner called it.

    `enrolled_with` is the version that was the newest then. `taken`, `refused` and `stale` count its updates. One that
    is `revoked` is refused; `left` says that it went of its own will.
    """

    id: str
    name: str
    credential: bytes
    enrolled_at: float
    enrolled_with: int
    seen_at: float
    taken: int
    refused: int
    stale: int
    revoked: bool
    left: bool


@dataclass(frozen=True)
class Page:
    """Some devices, in the order of enrolment, and the id `after` which the next ones come; None behind the last."""

    devices: tuple[Device, ...]
    after: str | None


class Devices:
    """Devices by id, and the tokens that new ones come with; of secrets only hashes are kept."""

    def __init__(self, sql: Sql, keys: Keys, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._keys = keys
        self._clock = clock

    def new_token(self, valid_s: float, name: str = "") -> Token:
        """A one-time token; only its hash stays here. The device that uses it is known by `name`.

        Names are for people: two devices may have the same one. Raises UsageError for one that cannot be shown.
        """
        if len(name) > LONGEST_NAME or not name.isprintable():
            what = "a device's name has {most} characters at most, and each can be printed"
            raise UsageError("bad-name", what, Remedy.CHOOSE_NAME, most=LONGEST_NAME)
        token = Token.of(secrets.token_bytes(SECRET_BYTES), self._keys.public().public_key)
        row = (hashed(token.secret), self._clock() + valid_s, name)
        self._sql.run("INSERT INTO tokens (hash, expires_at, name) VALUES (?, ?, ?)", row)
        return token

    def offers(self, secret: bytes) -> bool:
        """Whether a token with this secret waits to be used."""
        rows = self._sql.rows("SELECT expires_at FROM tokens WHERE hash = ? AND device IS NULL", (hashed(secret),))
        return bool(rows) and rows[0][0] >= self._clock()

    def enrolled(self, secret: bytes, credential: bytes) -> str | None:
        """The id of the device that used this token with this credential, unless it was revoked meanwhile."""
        rows = self._sql.rows("SELECT device FROM tokens WHERE hash = ? AND device IS NOT NULL", (hashed(secret),))
        device = self.get(rows[0][0]) if rows else None
        return device.id if device and device.credential == hashed(credential) and not device.revoked else None

    def revoke_token(self, secret: bytes) -> None:
        """The token buys nothing any more. Raises UsageError for one that is not there or was used."""
        if not self._sql.run("DELETE FROM tokens WHERE hash = ? AND device IS NULL", (hashed(secret),)):
            raise UsageError("unknown-token", "no such token waits to be used", Remedy.LIST_DEVICES)

    def enroll(self, secret: bytes, credential: bytes) -> str | None:
        """The id of a new device, or None for a token that buys none; for one that was used, what `enrolled` gives."""
        with self._sql.transaction():
            rows = self._sql.rows("SELECT expires_at, device, name FROM tokens WHERE hash = ?", (hashed(secret),))
            for expires_at, used_by, name in rows:
                if used_by is not None:
                    return self.enrolled(secret, credential)
                if expires_at < self._clock():
                    return None
                device_id = secrets.token_hex(8)
                self._sql.run(
                    "INSERT INTO devices (id, name, credential, enrolled_at, seen_at, revoked, enrolled_with) "
                    "VALUES (?, ?, ?, ?, ?, 0, (SELECT coalesce(max(number), 0) FROM versions))",
                    (device_id, name, hashed(credential), self._clock(), self._clock()),
                )
                self._sql.run("UPDATE tokens SET device = ? WHERE hash = ?", (device_id, hashed(secret)))
                return device_id
        return None

    def get(self, device_id: str) -> Device | None:
        """The device of that id, if there is one."""
        return next(iter(self._select("WHERE id = ?", (device_id,))), None)

    def id_of(self, begun: str) -> str:
        """The id that is this, or the only one that begins so. Raises UsageError where there is none, or several."""
        if self.get(begun):
            return begun
        if len(begun) < LEAST_OF_ID:
            what = "'{id}' is too short for the id of a device: it takes the first {least} characters"
            raise UsageError("short-id", what, Remedy.LIST_DEVICES, id=begun, least=LEAST_OF_ID)
        query = "SELECT id FROM devices WHERE id >= ?1 AND id < ?1 || char(0x10FFFF) LIMIT 2"
        found = [each for (each,) in self._sql.rows(query, (begun,))]
        if len(found) > 1:
            what = "the ids of several devices begin with {id}"
            raise UsageError("several-devices", what, Remedy.LIST_DEVICES, id=begun)
        if not found:
            raise no_such_device(begun)
        return str(found[0])

    def state_of(self, device: Device) -> str:
        """Which of `STATES` it is in, as `page` sees it."""
        if device.revoked:
            return "left" if device.left else "revoked"
        return "active" if device.seen_at >= self._active_since() * DAY_S else "silent"

    def page(self, limit: int, after: str | None = None, state: str | None = None) -> Page:
        """At most `limit` devices, of one of `STATES` or of any, behind that id in the order of enrolment.

        Whatever happens between two pages, who was there before the first one is in one of them; in a state, who stays
        in it. Of a state that is rare among many a page may have few, or none, and others come behind it. Raises
        UsageError for an `after` that is no device.
        """
        if after is not None and self.get(after) is None:
            raise no_such_device(after)
        behind = f"(enrolled_at, id) > {_PLACE.format('after')}" if after is not None else "1"
        given = {"after": after, "since": self._active_since(), "most": limit + 1, "looked_at": MOST_LOOKED_AT}
        with self._sql.reading():
            end = self._end_of_look(behind, given) if state in SEEN_STATES else None
            until = f"(enrolled_at, id) <= {_PLACE.format('end')}" if end else "1"
            where = f"WHERE {_IN_STATE[state]} AND {behind} AND {until}"
            found = self._select(f"{where} {_ENROLLED} LIMIT :most", given | {"end": end})
        if len(found) > limit:
            return Page(tuple(found[:limit]), found[limit - 1].id)
        return Page(tuple(found), end)

    def _end_of_look(self, behind: str, given: dict[str, Any]) -> str | None:
        """The last device that is looked at for a page; None where that is the last one of all."""
        found = f"SELECT id FROM devices WHERE {behind} {_ENROLLED} LIMIT 1 OFFSET :looked_at"
        rows = self._sql.rows(found, given)
        return rows[0][0] if rows else None

    def by_state(self) -> dict[str, int]:
        """How many there are in each of `STATES`; to the day. Costs the same however many there are."""
        counted = """SELECT CASE WHEN has_left THEN 'left' WHEN revoked THEN 'revoked' WHEN day >= ? THEN 'active'
            ELSE 'silent' END AS state, sum(devices) FROM census GROUP BY state"""
        return {state: count for state, count in self._sql.rows(counted, (self._active_since(),)) if count}

    def count(self) -> int:
        """How many belong: neither revoked nor gone."""
        return int(self._sql.rows("SELECT coalesce(sum(devices), 0) FROM census WHERE NOT revoked")[0][0])

    def _active_since(self) -> int:
        """The day, counted since 1970, on which a device that is no longer active was last seen before."""
        return int(self._clock() // DAY_S) - SILENT_DAYS

    def saw(self, calls: Mapping[str, Calls]) -> None:
        """What devices, by their ids, called for since the last time. The caller holds a transaction."""
        self._sql.run_many(
            "UPDATE devices SET seen_at = ?, taken = taken + ?, refused = refused + ?, stale = stale + ? WHERE id = ?",
            [(since.seen_at, since.taken, since.refused, since.stale, device) for device, since in calls.items()],
        )

    def revoke(self, device_id: str) -> None:
        """The device is refused from now on. Raises UsageError for one that is not there."""
        if not self._sql.run("UPDATE devices SET revoked = 1 WHERE id = ?", (device_id,)):
            raise no_such_device(device_id)

    def left(self, device_id: str) -> None:
        """The device went of its own will, unless it was revoked before."""
        self._sql.run("UPDATE devices SET has_left = 1, revoked = 1 WHERE id = ? AND NOT revoked", (device_id,))

    def _select(self, where: str, parameters: Parameters = ()) -> list[Device]:
        columns = "id, name, credential, enrolled_at, enrolled_with, seen_at, taken, refused, stale, revoked, has_left"
        rows = self._sql.rows(f"SELECT {columns} FROM devices {where}", parameters)
        return [Device(*facts, bool(revoked), bool(left)) for *facts, revoked, left in rows]  # type: ignore[call-arg]


def no_such_device(device_id: str) -> UsageError:
    """The error for an id that no device has."""
    return UsageError("no-such-device", "there is no device {id}", Remedy.LIST_DEVICES, id=device_id)


def hashed(secret: bytes) -> bytes:
    """What is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret).digest()
