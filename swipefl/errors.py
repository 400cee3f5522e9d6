"""The error tree of swipefl; every error says what is wrong, where, and what to do next.

SwipeflError                     exit 1   (a bug, if it is seen bare)
├── UsageError                   exit 2   flags, settings, an unknown keyboard
├── DataError                    exit 3   bad or too little data
│   ├── RejectedLine                      one line of a file; the lines around it still land
│   ├── BadUpdate                         an update that does not fit the model, or would harm it
│   └── TooLittleData
├── CheckpointError              exit 4   missing, corrupt or of another shape
├── StoreError                   exit 5   the file swipefl.db: newer, damaged, disk full
├── CoordinatorUnreachable       exit 6   work is kept; try later
├── UpdateRefused                exit 7   do not retry
├── StoreBusy                    exit 8   another run holds the store
└── Interrupted                  exit 130 / 143

No message ever contains a word that a person swiped or a point of a gesture.
"""

from typing import ClassVar


class SwipeflError(Exception):
    """Anything that swipefl raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(SwipeflError):
    """A flag, a setting or a name that cannot be used."""

    exit_code = 2


class DataError(SwipeflError):
    """Input that cannot be read, or too little of it."""

    exit_code = 3


class RejectedLine(DataError):
    """One line of input that holds no usable gesture; `reason` is a stable kebab-case name."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BadUpdate(DataError):
    """An update that a coordinator does not take; `reason` is a stable kebab-case name."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TooLittleData(DataError):
    """Not enough examples for what was asked."""


class CheckpointError(SwipeflError):
    """A checkpoint that is missing, corrupt or of another shape."""

    exit_code = 4


class StoreError(SwipeflError):
    """The store cannot be opened, read or written."""

    exit_code = 5


class CoordinatorUnreachable(SwipeflError):
    """No answer from the coordinator; what waits to be sent is kept."""

    exit_code = 6


class UpdateRefused(SwipeflError):
    """The coordinator will never take this update."""

    exit_code = 7


class StoreBusy(SwipeflError):
    """Another train, cycle, sync or forget holds the store."""

    exit_code = 8


class Interrupted(SwipeflError):
    """Ctrl-C or SIGTERM, answered at the next safe moment; exit 130 or 143."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by signal {signum}; what was finished is kept")
        self.signum = signum
