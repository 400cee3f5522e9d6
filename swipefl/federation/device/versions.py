"""Which versions of the model this device has seen: a contribution may start from one that is not the newest any more.

A coordinator takes an update that is some versions late, and in a live federation one that took a device several nights
always is.
"""

import json

from swipefl.federation.protocol.plan import LATE
from swipefl.store.store import Store

SEEN = "versions.seen"  # [version, fingerprint] of each, the newest first


def note_version(store: Store, version: int, fingerprint: str) -> None:
    """The newest one is this; those that an update would be too late for are forgotten. The caller's transaction."""
    seen = [(version, fingerprint), *(one for one in _seen(store) if version - LATE <= one[0] < version)]
    store.meta.set(SEEN, json.dumps(seen))


def version_of(store: Store, fingerprint: str) -> int | None:
    """The newest version with these weights from which an update may still be taken, None where there is none.

    Raises StoreError.
    """
    member = store.memberships.get()
    if member and member.version and member.fingerprint == fingerprint:
        return member.version
    return next((version for version, known in _seen(store) if known == fingerprint), None)


def _seen(store: Store) -> list[tuple[int, str]]:
    """What cannot be read is as good as nothing."""
    try:
        return [(int(version), str(known)) for version, known in json.loads(store.meta.get(SEEN) or "[]")]
    except (ValueError, TypeError):
        return []
