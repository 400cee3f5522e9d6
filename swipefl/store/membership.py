"""What a device knows of the one federation that it belongs to, if it belongs to any."""

from dataclasses import astuple, dataclass, fields

from swipefl.database.sql import Sql


@dataclass(frozen=True)
class Membership:
    """Where the coordinator is, who this device is to it, and how far they came; times in unix seconds.

    `ca` (PEM) is what the coordinator's certificate must come from, if not the system's; `version` and `fingerprint`
    are the newest that it told, 0 and "" before; `plan` its training plan as JSON; `contributed` the version for which
    it took an update of this device; `residual` what quantising left over of those that it took.
    `failures` in a row and `tried_at` say until when not to try again.
    """

    address: str
    device_id: str
    credential: bytes
    public_key: bytes
    ca: bytes | None = None
    insecure: bool = False
    version: int = 0
    fingerprint: str = ""
    plan: str = ""
    contributed: int = 0
    residual: bytes = b""
    tried_at: float = 0.0
    wait_s: float = 0.0
    failures: int = 0

    @property
    def authorization(self) -> str:
        """Who this device is, as every call says it."""
        return f"{self.device_id}:{self.credential.hex()}"

    def __repr__(self) -> str:
        return f"Membership(address={self.address!r}, device_id={self.device_id!r}, version={self.version})"


_COLUMNS = ", ".join(field.name for field in fields(Membership))


class Memberships:
    """At most one membership."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self) -> Membership | None:
        """The membership, or None. Raises StoreError."""
        for address, device_id, credential, public_key, ca, insecure, *rest in self._sql.rows(
            f"SELECT {_COLUMNS} FROM membership"
        ):
            return Membership(address, device_id, credential, public_key, ca, bool(insecure), *rest)
        return None

    def set(self, membership: Membership) -> None:
        """Remember `membership` in place of what was. Raises StoreError."""
        marks = ", ".join("?" for _ in fields(Membership))
        self._sql.run(
            f"INSERT OR REPLACE INTO membership (id, {_COLUMNS}) VALUES (1, {marks})",
            astuple(membership),
        )

    def delete(self) -> None:
        """Forget it. Raises StoreError."""
        self._sql.run("DELETE FROM membership")
