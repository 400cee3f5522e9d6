"""Predictions that follow their store: made once, and made anew when something in it has changed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swipefl.decoder.decoder import Decoder
    from swipefl.device.prediction import Prediction

SETTLED_S = 0.1  # within which a file may change again without looking changed

Stamp = tuple[tuple[int, int, int] | None, ...]


class Live:
    """What `compose` makes of the store at `path`; to be asked from any thread. Nothing stays open."""

    def __init__(self, compose: "Callable[[], Prediction]", path: Path) -> None:
        self._compose = compose
        self._files = (path, path.with_name(f"{path.name}-wal"))
        self._lock = threading.Lock()
        self._made: tuple[Prediction, Decoder] | None = None
        self._stamp: Stamp = ()

    def refresh(self) -> None:
        """What has changed until now is taken up by the next call anyway."""

    def close(self) -> None:
        """Lets go of what was made."""
        self._made = None

    def now(self) -> "tuple[Prediction, Decoder]":
        """The prediction and its decoder, as the store is now. Raises UsageError, CheckpointError, StoreError."""
        with self._lock:
            stamp = tuple(map(_stamp, self._files))
            if self._made is None or stamp != self._stamp:
                prediction = self._compose()
                self._made = prediction, prediction.decoder()
                newest_ns = max((seen[2] for seen in stamp if seen), default=0)
                self._stamp = stamp if time.time_ns() - newest_ns > SETTLED_S * 1e9 else ()
            return self._made


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        seen = file.stat()
    except FileNotFoundError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
