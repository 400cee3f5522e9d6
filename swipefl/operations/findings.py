"""What was found out about a device or its machine, one line each: a face shows them with a tick or what to do."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "wrong", "unknown"]
"""`note` is worth knowing and no fault; `unknown` is what could not be found out here."""


@dataclass(frozen=True)
class Finding:
    """`name` is stable, for programs; `says` is a sentence for people, `remedy` what they can do, None where nothing.

    `can_fix` says that `doctor --fix` mends it.
    """

    name: str
    state: State
    says: str
    remedy: str | None = None
    can_fix: bool = False
