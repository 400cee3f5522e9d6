"""What quantising left over of the clients' updates, kept as devices keep it: owed once the update was taken."""

import json
from collections.abc import Iterable
from pathlib import Path

INDEX = "residuals.json"  # in a round's folder: by client, the round whose update left what is owed after this one


class Residuals:
    """The residuals of a simulation in `folder`, a file each: one a client that is owed, one an update on its way.

    Which are owed is part of a round's state, so that a round that is done again begins with what it began with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def owed(self, number: int) -> dict[int, Path]:
        """After round `number`, by client."""
        return {client: self._path(made_in, client) for client, made_in in self._index(number).items()}

    def leave(self, made_in: int, client: int, residual: bytes) -> None:
        """What an update leaves over, should it be taken; nothing for one that changes nothing of what is owed."""
        if residual:
            self._path(made_in, client).write_bytes(residual)

    def land(self, number: int, taken: Iterable[tuple[int, int]]) -> None:
        """Round `number` takes the updates of these rounds and clients; others leave what was owed as it was."""
        changed = {client: made_in for made_in, client in taken if self._path(made_in, client).exists()}
        index = self._index(number - 1) | changed
        (self._folder / f"{number:05}" / INDEX).write_text(json.dumps(index), "utf-8")

    def sweep(self, number: int, on_their_way: Iterable[tuple[int, int]]) -> None:
        """Removes what nobody needs once round `number` is done."""
        needed = {*self.owed(number).values(), *(self._path(*update) for update in on_their_way)}
        for path in self._folder.glob("residual-*"):
            if path not in needed:
                path.unlink()

    def _index(self, number: int) -> dict[int, int]:
        path = self._folder / f"{number:05}" / INDEX
        return (
            {int(client): made_in for client, made_in in json.loads(path.read_text()).items()} if path.exists() else {}
        )

    def _path(self, made_in: int, client: int) -> Path:
        return self._folder / f"residual-{made_in:05}-{client:05}"
