"""What a device remembers that takes part in rounds itself: whose version it has, and what it gave and said of that.

So of one version there is one answer: asked again it says the same, whatever it learned meanwhile, or nothing. It is in
the store, and goes with what it was made of.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from swipefl.errors import Remedy, StoreError
from swipefl.store.meta import Meta

FOLLOWED = "node.followed"
HAS_LEFT = "node.left"  # whose version it followed then: a copy of the store from before makes no node of it again
MAY_HAVE_GIVEN = "node.may-have-given"  # for the next version that comes: as the store that this one is a copy of


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
    """What was given for a version: an encoded update, None where that was forgotten since, of so many examples.

    Without either nothing was, and nothing will be: another store, which this one comes from, may have given it.
    """

    blob: bytes | None
    examples: int


@dataclass(frozen=True)
class Followed:
    """The version that is followed, by its signer's public key, its number and the SHA-256 of its model's bytes.

    `proof` is what that one signed of it, `given` what was given for it, `told` what was told last, which may be of one
    before; None where nothing was.
    """

    key: bytes
    version: int
    sha256: bytes
    proof: bytes
    given: Given | None = None
    told: Told | None = None


def followed(meta: Meta) -> Followed | None:
    """What is followed, None before anything is. Raises StoreError, also for what makes no sense."""
    text = meta.get(FOLLOWED)
    try:
        return None if text is None else _read(json.loads(text))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        what = "what this device remembers of Flower's rounds makes no sense"
        raise StoreError("damaged-node", what, Remedy.LEAVE_FIRST) from error


def _read(said: dict[str, Any]) -> Followed:
    given, told = said["given"], said["told"]
    if given is not None:
        given = Given(None if given["blob"] is None else base64.b64decode(given["blob"]), int(given["examples"]))
    if told is not None:
        before = None if told["before"] is None else float(told["before"])
        told = Told(int(told["version"]), int(told["swipes"]), before, float(told["now"]))
    key, sha256, proof = (bytes.fromhex(said[name]) for name in ("key", "sha256", "proof"))
    return Followed(key, int(said["version"]), sha256, proof, given, told)


def _readable(meta: Meta) -> Followed | None:
    """What is followed, and nothing where that makes no sense."""
    try:
        return followed(meta)
    except StoreError as error:
        if error.code != "damaged-node":
            raise
        return None


def follow(meta: Meta, now: Followed) -> None:
    """This is followed from now on. Raises StoreError."""
    blob = now.given and now.given.blob
    given = now.given and {"blob": blob and base64.b64encode(blob).decode(), "examples": now.given.examples}
    signed = {"key": now.key.hex(), "version": now.version, "sha256": now.sha256.hex(), "proof": now.proof.hex()}
    meta.set(FOLLOWED, json.dumps({**signed, "given": given, "told": now.told and asdict(now.told)}))


def follow_newer(meta: Meta, newer: Followed) -> Followed:
    """A newer version is followed from now on; what is known of it. The caller holds the transaction.

    For one that something may have been given for nothing is given any more. Raises StoreError.
    """
    known, (key, _, version) = followed(meta), (meta.get(HAS_LEFT) or "").partition(" ")
    is_new = key != newer.key.hex() or (version.isdecimal() and newer.version > int(version))
    had_it = known is None and not is_new
    given = Given(None, 0) if had_it or meta.get(MAY_HAVE_GIVEN) else None
    now = replace(newer, told=known.told if known else None, given=given)
    follow(meta, now)
    meta.delete(HAS_LEFT)
    meta.delete(MAY_HAVE_GIVEN)
    return now


def come_back(meta: Meta, here: Meta | None) -> None:
    """What is followed, was given or was left in a store that comes back from a copy: as `here`, in whose place it is.

    Where nothing is known of that here, nothing is given any more for the version that the copy follows, nor for the
    first newer one. The caller holds the transaction. Raises StoreError.
    """
    if here and (_readable(here) or here.get(HAS_LEFT)):
        for name in (FOLLOWED, HAS_LEFT, MAY_HAVE_GIVEN):
            meta.take(name, here)
        return
    if was := _readable(meta):
        follow(meta, replace(was, given=Given(None, 0)))
    meta.set(MAY_HAVE_GIVEN, "yes")


def forget_given(meta: Meta) -> None:
    """What was given is kept no longer: it was made of swipes. For the same version nothing is given any more.

    The caller holds the transaction. Raises StoreError.
    """
    known = _readable(meta)
    if known is None:
        forget_followed(meta)  # it may hold what was given, where it makes no sense
    elif known.given:
        follow(meta, replace(known, given=replace(known.given, blob=None)))


def forget_followed(meta: Meta) -> bool:
    """Nobody's versions are followed any more: whoever offers one first is from now on. Whether anybody's were.

    The caller holds the transaction. Raises StoreError.
    """
    known, was_node = _readable(meta), meta.get(FOLLOWED) is not None
    if known:
        meta.set(HAS_LEFT, f"{known.key.hex()} {known.version}")
    elif was_node:
        meta.set(MAY_HAVE_GIVEN, "yes")
    meta.delete(FOLLOWED)
    return was_node
