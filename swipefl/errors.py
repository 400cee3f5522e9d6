"""The error tree of swipefl; every error says what is wrong and where and, where something helps, names what.

SwipeflError                     exit 1   (a bug, if it is seen bare)
├── UsageError                   exit 2   flags, settings, a coordinator that can never be spoken to as things are set
├── DataError                    exit 3   bad or too little data
│   ├── RejectedLine                      one line of a file; the lines around it still land
│   ├── BadUpdate                         an update that does not fit the model, or would harm it
│   └── TooLittleData
├── CheckpointError              exit 4   missing, corrupt or of another shape
├── StoreError                   exit 5   the file swipefl.db: newer, damaged, disk full
│   └── StoreBusy                exit 8   another run holds the store
├── WorkerLost                   exit 5   a process ended before its work was done, mostly for want of memory
├── FederationError                       a visit to the coordinator that came to nothing; a night goes on without it
│   ├── CoordinatorUnreachable   exit 6   work is kept; try later
│   ├── UpdateRefused            exit 7   do not retry
│   ├── UnusableModel            exit 4   a model that this swipefl cannot use
│   └── TrustError               exit 4   a signature, an older version, another model than the one that was signed
│       └── CredentialRefused    exit 7   the coordinator does not know this device, or no longer
├── Unwell                       exit 9   what a look at a home found wrong
├── VersionConflict              exit 8   what a version was made from changed meanwhile
└── Interrupted                  exit 130 / 143

What to do next is named (`Remedy`), not worded: a command line says it in flags, a page in buttons.
No message ever contains a word that a person swiped or a point of a gesture.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import ClassVar, Self


class Remedy(Enum):
    """What helps; the face that shows an error says it in its own words, with the error's facts."""

    ADD_KEYBOARD = auto()
    ALLOW_ORIGIN = auto()
    ASK_OWNER = auto()
    ASK_OWNER_OR_REJOIN = auto()
    BRING_UP_TO_DATE = auto()
    CHANGE_CERTIFICATE = auto()
    CHECK_ADDRESS = auto()
    CHECK_ADDRESS_OR_TOKEN = auto()
    CHECK_CLUSTER = auto()
    CHECK_DISK = auto()
    CHECK_FOLDER = auto()
    CHECK_OWNER = auto()
    CHECK_PERMISSIONS = auto()
    CHECK_PROXY = auto()
    CHECK_SUPERLINK = auto()
    CHOOSE_FIELD = auto()
    CHOOSE_FILE = auto()
    CHOOSE_LANGUAGE = auto()
    CHOOSE_MODEL = auto()
    CHOOSE_NAME = auto()
    CHOOSE_OUT = auto()
    CONVERT_CERTIFICATE = auto()
    CONVERT_KEY = auto()
    COPY_HOME = auto()
    CORRECT_SETTING = auto()
    ENROLL = auto()
    FEWER_JOBS = auto()
    FREE_ADDRESS = auto()
    FREE_PORT = auto()
    FREE_SPACE = auto()
    GIVE_ADDRESS = auto()
    GIVE_AUTHORITY = auto()
    GIVE_CERTIFICATE = auto()
    GIVE_CHECKPOINT = auto()
    GIVE_FILE = auto()
    GIVE_HANDLE = auto()
    GIVE_ONE_TOKEN = auto()
    GIVE_ORIGIN = auto()
    GIVE_PAIR = auto()
    GIVE_SIGNING_KEY = auto()
    GIVE_SUPERLINK_CA = auto()
    GIVE_TOKEN = auto()
    INGEST_AGAIN = auto()
    INGEST_MORE = auto()
    INIT_COORDINATOR = auto()
    INIT_FLOWER = auto()
    INSTALL_AGAIN = auto()
    INSTALL_API = auto()
    INSTALL_FLOWER = auto()
    INSTALL_LANGUAGES = auto()
    INSTALL_NEWER = auto()
    INSTALL_PACKAGE = auto()
    INSTALL_PLOT = auto()
    KEEP_EDITED = auto()
    INSTALL_TORCH = auto()
    LEAVE_FIRST = auto()
    LIST_CHECKPOINTS = auto()
    LIST_DEVICES = auto()
    LIST_GESTURES = auto()
    LIST_KEYBOARDS = auto()
    LIST_LEXICONS = auto()
    LIST_VERSIONS = auto()
    LOWER_LEARNING_RATE = auto()
    MAKE_COMMON_KEY = auto()
    MEND = auto()
    MOVE_ASIDE = auto()
    NAME_OTHER_FILE = auto()
    NEW_TOKEN = auto()
    NEW_TOKEN_FILE = auto()
    NEW_UPDATE = auto()
    OTHER_BACKUP = auto()
    OTHER_STATE = auto()
    PUBLISH = auto()
    REENROLL = auto()
    REMOVE_TIMER = auto()
    RENEW_OR_SET_CLOCK = auto()
    RESET_TO_BASE = auto()
    RESTORE_COPY = auto()
    RESUME = auto()
    RESUME_OR_CHOOSE_OUT = auto()
    RUN_AGAIN = auto()
    RUN_AGAIN_LATER = auto()
    SAME_EVERYWHERE = auto()
    SAY_HOME = auto()
    SAY_KEYBOARD = auto()
    SAY_LANGUAGE = auto()
    SAY_PERSON = auto()
    SAY_SCOPE = auto()
    SAY_TLS = auto()
    SAY_WORDS = auto()
    SAY_YES = auto()
    SEE_SUPERLINK = auto()
    SUPERLINK_WITH_TLS = auto()
    SUPERLINK_WITHOUT_TLS = auto()
    SUPERLINK_BY_NAME = auto()
    SUPERLINK_OTHER_CA = auto()
    SET_CERTIFICATE = auto()
    SET_CLOCK = auto()
    SHARE_FOLDER = auto()
    SHOW_TOKEN = auto()
    START_ANEW = auto()
    SYNC_NOT_REQUIRED = auto()
    TRAIN_ON_CPU = auto()
    TRY_LATER = auto()
    UNLOCK_KEY = auto()
    UPGRADE = auto()
    UPGRADE_EITHER = auto()
    WAIT_OR_STOP = auto()
    WITHOUT_SYSTEMD = auto()
    WITH_TLS = auto()
    WITHOUT_TLS = auto()


class SwipeflError(Exception):
    """Anything that swipefl raises on purpose.

    `code` is a stable kebab-case name; `what` says what is wrong and where, `{fact}` standing for one of `facts`.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, what: str, remedy: Remedy | None = None, /, **facts: object) -> None:
        super().__init__(code, what, remedy)
        self.code = code
        self.remedy = remedy
        self.facts = facts
        self._what = what

    @classmethod
    def kept(cls, code: str, says: str, remedy: str | None, facts: Mapping[str, object]) -> Self:
        """An error again of which this was kept; a `remedy` that is unknown here is none."""
        known = Remedy.__members__.get(remedy or "")
        return cls(code, says.replace("{", "{{").replace("}", "}}"), known, **facts)

    def __str__(self) -> str:
        return self.worded(self._what)

    def worded(self, text: str) -> str:
        """`text` with the facts in it; one that cannot be filled in is shown as it is, and is still this error."""
        try:
            return text.format_map(self.facts)
        except (LookupError, AttributeError, ArithmeticError, ValueError, TypeError):
            return text


class UsageError(SwipeflError):
    """A flag, a setting or a name that cannot be used."""

    exit_code = 2


class DataError(SwipeflError):
    """Input that cannot be read, or too little of it."""

    exit_code = 3


class RejectedLine(DataError):
    """One line of input that holds no usable gesture."""

    @classmethod
    def of(cls, error: SwipeflError) -> Self:
        """What is wrong with a line, where something else than its reader found out."""
        return cls(*error.args, **error.facts)


class BadUpdate(DataError):
    """An update that a coordinator does not take."""


class TooLittleData(DataError):
    """Not enough examples for what was asked."""


class CheckpointError(SwipeflError):
    """A checkpoint that is missing, corrupt or of another shape."""

    exit_code = 4


class StoreError(SwipeflError):
    """A database cannot be opened, read or written."""

    exit_code = 5


class StoreBusy(StoreError):
    """Another run, or another program, holds the database."""

    exit_code = 8


class WorkerLost(SwipeflError):
    """A process that did a part of the work was killed."""

    exit_code = 5


class FederationError(SwipeflError):
    """A visit to the coordinator that came to nothing."""


class CoordinatorUnreachable(FederationError):
    """No answer from the coordinator; what waits to be sent is kept."""

    exit_code = 6


class UpdateRefused(FederationError):
    """The coordinator will never take this update."""

    exit_code = 7


class UnusableModel(FederationError):
    """The coordinator's model is one that this swipefl cannot use."""

    exit_code = 4


class TrustError(FederationError):
    """The coordinator is not the one that was enrolled with, or says what that one would not."""

    exit_code = 4


class CredentialRefused(TrustError):
    """The coordinator does not know this device, or no longer."""

    exit_code = 7


class VersionConflict(SwipeflError):
    """What a version was made from is there no longer: another version came in between, or an update went."""

    exit_code = 8


class Unwell(SwipeflError):
    """Something is wrong with a home, which was looked at whole."""

    exit_code = 9


class Ineligible(SwipeflError):
    """Not now: on battery, too warm, in quiet hours and the like; what was begun is kept and goes on another time."""

    exit_code = 0


class Interrupted(SwipeflError):
    """Ctrl-C or SIGTERM, answered at the next safe moment; exit 130 or 143."""

    def __init__(self, signum: int) -> None:
        super().__init__("interrupted", "interrupted by signal {signum}; what was finished is kept", signum=signum)
        self.args = (signum,)  # what it is unpickled with
        self.signum = signum
