"""The id of one run, such as a night's: it stands in the log lines of both ends, and ends with the run."""

import re
import uuid

METADATA = "run-id"  # of a call
_ID = re.compile("[0-9a-f]{32}")


def new_run() -> str:
    """An id that nothing can be told from: 32 hexadecimal digits of chance."""
    return uuid.uuid4().hex


def is_run(text: object) -> bool:
    """Whether it can be one: nothing else of what a stranger says comes into a log."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None
