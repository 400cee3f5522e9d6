"""What a device knows of the one federation that it belongs to, if it belongs to any."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from swipefl.database.sql import Sql
from swipefl.errors import SwipeflError


@dataclass(frozen=True)
class Fault:
    """What the last visit failed of, to be told later: the error's code, what it says, and the name of what helps.

    `is_lasting` where that passes only when somebody does something.
    """

    code: str
    says: str
    remedy: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    is_lasting: bool = False

    @classmethod
    def of(cls, error: SwipeflError, is_lasting: bool = False) -> Self:
        """What is kept of an error."""
        facts = {name: str(fact) for name, fact in error.facts.items()}
        return cls(error.code, str(error), error.remedy.name if error.remedy else None, facts, is_lasting)

    @property
    def error(self) -> SwipeflError:
        """The error again, for a face to word what helps."""
        return SwipeflError.kept(self.code, self.says, self.remedy, self.facts)


@dataclass(frozen=True)
class Membership:
    """Where the coordinator is, who this device is to it, and how far they came; times in unix seconds.

    `ca` (PEM) is what the coordinator's certificate must come from, if not the system's; `version` and `fingerprint`
    are the newest that it told, 0 and "" before; `plan` its training plan as JSON, `conditions` when it wants
    contributions; `contributed` the version for which
    it took an update of this device; `residual` what quantising left over of those that it took.
    `failures` in a row, the `fault` of the last one and `tried_at` say until when not to try again.
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
    conditions: str = ""
    fault: Fault | None = None

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
        for address, device_id, credential, public_key, ca, insecure, *rest, fault in self._sql.rows(
            f"SELECT {_COLUMNS} FROM membership"
        ):
            member = Membership(address, device_id, credential, public_key, ca, bool(insecure), *rest)
            return replace(member, fault=_fault(fault))
        return None

    def set(self, membership: Membership) -> None:
        """Remember `membership` in place of what was. Raises StoreError."""
        marks = ", ".join("?" for _ in fields(Membership))
        row = [getattr(membership, each.name) for each in fields(Membership)]
        row[-1] = json.dumps(asdict(membership.fault)) if membership.fault else ""
        self._sql.run(f"INSERT OR REPLACE INTO membership (id, {_COLUMNS}) VALUES (1, {marks})", row)

    def delete(self) -> None:
        """Forget it. Raises StoreError."""
        self._sql.run("DELETE FROM membership")


def _fault(text: str) -> Fault | None:
    """What was kept of an error; what cannot be read is none: what helps a damaged store is no less for it."""
    try:
        known: dict[str, Any] = json.loads(text)
        kept = Fault(**known)
    except (ValueError, TypeError):
        return None
    return kept if _is_sound(kept) else None


def _is_sound(fault: Fault) -> bool:
    """Whether what was kept has the types that it was kept with."""
    texts = (fault.code, fault.says, "" if fault.remedy is None else fault.remedy)
    return (
        all(isinstance(each, str) for each in texts)
        and isinstance(fault.facts, dict)
        and isinstance(fault.is_lasting, bool)
    )
