"""What a device remembers that takes part in rounds itself: whose version it has, and what it gave and said of that.

So of one version there is one answer: asked again it says the same, whatever it learned meanwhile, or nothing. It is in
the store, and goes with what it was made of.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace

from swipefl.store.meta import Meta

FOLLOWED = "node.followed"


@dataclass(frozen=True)
class Told:
    """What was told of a version: first words right with the one before, where there was one, and with it, of swipes
    that were counted as so many."""

    version: int
    swipes: int
    before: float | None
    now: float


@dataclass(frozen=True)
class Given:
    """What was given for a version: an encoded update, None where that was forgotten since, of so many examples."""

    blob: bytes | None
    examples: int


@dataclass(frozen=True)
class Followed:
    """The version that is followed, by its signer's public key, its number and the SHA-256 of its model's bytes.

    `given` is what was given for it, `told` what was told last, which may be of one before; None where nothing was.
    """

    key: bytes
    version: int
    sha256: bytes
    given: Given | None = None
    told: Told | None = None


def followed(meta: Meta) -> Followed | None:
    """What is followed, None before anything is. Raises StoreError."""
    text = meta.get(FOLLOWED)
    if text is None:
        return None
    said = json.loads(text)
    given, told = said["given"], said["told"]
    if given:
        given = Given(given["blob"] and base64.b64decode(given["blob"]), given["examples"])
    key, sha256 = bytes.fromhex(said["key"]), bytes.fromhex(said["sha256"])
    return Followed(key, said["version"], sha256, given, told and Told(**told))


def follow(meta: Meta, now: Followed) -> None:
    """This is followed from now on. Raises StoreError."""
    blob = now.given and now.given.blob
    given = now.given and {"blob": blob and base64.b64encode(blob).decode(), "examples": now.given.examples}
    said = {"key": now.key.hex(), "version": now.version, "sha256": now.sha256.hex(), "given": given}
    meta.set(FOLLOWED, json.dumps({**said, "told": now.told and asdict(now.told)}))


def spend(meta: Meta) -> None:
    """For the version that is followed nothing is given any more, whether or not anything was.

    A store that comes back may have given something after it was copied. The caller holds the transaction. Raises
    StoreError.
    """
    if known := followed(meta):
        follow(meta, replace(known, given=Given(None, 0)))


def forget_given(meta: Meta) -> None:
    """What was given is kept no longer: it was made of swipes. For the same version nothing is given any more.

    The caller holds the transaction. Raises StoreError.
    """
    known = followed(meta)
    if known and known.given:
        follow(meta, replace(known, given=replace(known.given, blob=None)))


def forget_followed(meta: Meta) -> None:
    """Nobody's versions are followed any more: whoever offers one first is from now on. Raises StoreError."""
    meta.delete(FOLLOWED)
