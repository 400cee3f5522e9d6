"""Where a one-time token comes from: a flag, a file, standard input or a variable. It is no setting: none shows it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from swipefl.errors import Remedy, UsageError
from swipefl.settings.sources import TOKEN

MOST_BYTES = 4096  # a token has 73
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # what some shells of Windows write into a file


def given_token(
    flag: str | None, file: Path | None, stdin: BinaryIO, environment: Mapping[str, str] = os.environ
) -> str:
    """The text of a token; `flag` may be `-` for standard input, and flags come before SWIPEFL_TOKEN.

    Raises UsageError where there is none or more than one. No error tells any of it.
    """
    if flag is not None and file is not None:
        raise UsageError("two-tokens", "a token was given twice, by itself and as a file", Remedy.GIVE_ONE_TOKEN)
    if file is not None:
        return _only_line(_of_file(file), str(file))
    if flag == "-":
        return _only_line(stdin.read(MOST_BYTES), "standard input")
    text = environment.get(TOKEN, "").strip() if flag is None else flag.strip()
    if not text:
        raise UsageError("token-missing", "no token was given", Remedy.GIVE_TOKEN)
    return text


def _of_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES)
    except OSError as error:
        unreadable = "the token's file {path} cannot be read: {why}"
        raise UsageError(
            "unreadable-token", unreadable, Remedy.CHECK_PERMISSIONS, path=file, why=error.strerror
        ) from error


def _only_line(data: bytes, source: str) -> str:
    """The one line that is not blank, whatever ends it and whatever mark of its encoding stands before it."""
    text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError("no-token-there", "there is no token in {source}", Remedy.GIVE_TOKEN, source=source)
    if len(lines) > 1:
        many = "there are {count} lines in {source} where one token is wanted"
        raise UsageError("many-tokens", many, Remedy.GIVE_ONE_TOKEN, count=len(lines), source=source)
    return lines[0]
