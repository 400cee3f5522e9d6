"""Whose versions are followed: of who signed the first one, and never an older one or another of the same number."""

from typing import Protocol

from swipefl.errors import Remedy, TrustError


class Signed(Protocol):
    """A version: who signed it (a public key), its number, and the SHA-256 of its model's bytes."""

    @property
    def key(self) -> bytes: ...

    @property
    def version(self) -> int: ...

    @property
    def sha256(self) -> bytes: ...


def is_known(known: Signed, offered: Signed) -> bool:
    """Whether what is offered is what was followed last. Raises TrustError for what must not follow that."""
    if offered.key != known.key:
        what = "another key signed this version, {key}, than the first one that was followed; nothing of it was used"
        raise TrustError("wrong-signer", what, Remedy.ASK_OWNER, key=offered.key.hex())
    if offered.version < known.version:
        what = "version {offered} is older than version {known}, which was followed before; nothing of it was used"
        raise TrustError("older-version", what, Remedy.ASK_OWNER, offered=offered.version, known=known.version)
    if offered.version == known.version and offered.sha256 != known.sha256:
        what = "version {known} is another now than it was when it was followed; nothing of it was used"
        raise TrustError("another-model", what, Remedy.ASK_OWNER, known=known.version)
    return offered.version == known.version
