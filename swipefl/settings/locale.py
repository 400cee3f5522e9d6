"""The language of the system, for who has set none."""

import os
from collections.abc import Mapping

from swipefl.gesture.language import languages_of, primary

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts, as POSIX has it
NO_LANGUAGE = ("c", "posix")


def system_language(environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """The language of the system's locale, such as `de`, and the variable that says so; None where none does."""
    variable = next((name for name in VARIABLES if environment.get(name)), None)
    if variable is None:
        return None
    try:
        (tag,) = languages_of(environment[variable])
    except ValueError:  # `C` is no tag, and nor is what no system knows
        return None
    return None if primary(tag) in NO_LANGUAGE else (primary(tag), variable)
