"""The keys that sign: ed25519, each named by the one before it."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from swipefl.database.sql import Sql
from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.signing import public_bytes, succession
from swipefl.federation.wire.v1.federation_pb2 import SigningKeys, Succession


class Keys:
    """Keys by number; the last one signs."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def create(self) -> None:
        """Make the first key. Raises UsageError where there is one already."""
        if self._sql.rows("SELECT 1 FROM keys LIMIT 1"):
            raise UsageError(
                "coordinator-already", "{path} is a coordinator already", Remedy.PUBLISH, path=self._sql.path
            )
        self._add(Ed25519PrivateKey.generate(), b"")

    def rotate(self) -> None:
        """A new key signs from now on; the old one says so. Raises UsageError before `create`."""
        with self._sql.transaction():
            key = Ed25519PrivateKey.generate()
            self._add(key, succession(self.signing(), key).SerializeToString())

    def signing(self) -> Ed25519PrivateKey:
        """The key that signs now. Raises UsageError before `create`."""
        rows = self._sql.rows("SELECT private FROM keys ORDER BY number DESC LIMIT 1")
        if not rows:
            raise no_coordinator(self._sql)
        return Ed25519PrivateKey.from_private_bytes(rows[0][0])

    def public(self) -> SigningKeys:
        """The public key, and how it followed those before. Raises UsageError before `create`."""
        with self._sql.reading():  # the links are those to this very key
            links = self._sql.rows("SELECT succession FROM keys WHERE length(succession) > 0 ORDER BY number")
            key = public_bytes(self.signing())
        return SigningKeys(public_key=key, successions=[Succession.FromString(row[0]) for row in links])

    def _add(self, key: Ed25519PrivateKey, link: bytes) -> None:
        self._sql.run("INSERT INTO keys (private, succession) VALUES (?, ?)", (key.private_bytes_raw(), link))


def no_coordinator(sql: Sql) -> UsageError:
    """The error for a file that `create` has not made a coordinator of."""
    return UsageError("no-coordinator", "{path} is no coordinator yet", Remedy.INIT_COORDINATOR, path=sql.path)
