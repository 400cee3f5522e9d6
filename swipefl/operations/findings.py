"""What was found out about a device or its machine, one line each: a face shows them with a tick or what to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from swipefl.errors import Interrupted, SwipeflError
from swipefl.missing import missing_package

State = Literal["ok", "note", "wrong", "unknown"]
"""`note` is worth knowing and no fault; `unknown` is what could not be found out here."""


@dataclass(frozen=True)
class Finding:
    """`name` is stable, for programs; `says` is a sentence for people, `remedy` what they can do, None where nothing.

    `can_fix` says that `doctor --fix` mends it. Where an `error` says it, a face words what helps against that.
    """

    name: str
    state: State
    says: str
    remedy: str | None = None
    can_fix: bool = False
    error: SwipeflError | None = field(default=None, repr=False, compare=False)


def counted(count: int, what: str) -> str:
    """`1 new swipe`, `1,024 new swipes`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def of_error(name: str, error: SwipeflError, remedy: str | None = None) -> Finding:
    """What is wrong by an error; `remedy` in place of what is said of it elsewhere."""
    return Finding(name, "wrong", str(error), remedy, error=None if remedy else error)


def found(name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a look finds; whatever ends it is told as one finding more."""
    try:
        yield from look()
    except Interrupted:
        raise
    except SwipeflError as error:
        yield of_error(name, error)
    except OSError as error:
        yield Finding(name, "unknown", f"this cannot be looked at here: {error.strerror or type(error).__name__}")
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        again = f"this needs {error.name}, which is not installed", "install swipefl again with all it needs"
        yield of_error(name, missing) if missing else Finding(name, "wrong", *again)
    except ImportError as error:
        says = f"this needs {error.name}, which is installed and cannot be loaded"
        yield Finding(name, "wrong", says, "install swipefl again with all it needs")
    except Exception as error:
        yield Finding(
            name, "unknown", f"this could not be looked at, for a bug ({type(error).__name__})", "please report it"
        )
