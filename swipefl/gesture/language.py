"""Languages as tags: `de`, `pt-br`; several at once where somebody writes in several."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

Languages = tuple[str, ...]

MOST_TAG = 35  # characters: the longest tag that BCP 47 asks software to take
MOST_LANGUAGES = 8  # at once
# Two letters i, with a dot and without, and capitals of both (Unicode 16.0, section 5.18; Crimean Tatar likewise).
TURKIC = frozenset(("tr", "az", "crh", "tt", "gag", "kk-latn", "ba-latn"))
# A tag of several languages, or an old one, and under which its words are: BCP 47 has the old ones.
OTHERWISE = {"no": ("nb",), "nn": ("nb",), "sh": ("hr",), "bs": ("hr",), "iw": ("he",), "mo": ("ro",), "in": ("id",)}

_TAG = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*")


def languages_of(text: str | Iterable[str]) -> Languages:
    """The tags of a list such as `de,en`, each once, in order; a locale's name as `de_AT.UTF-8` is one too.

    None for blanks. Raises ValueError for what is no list of tags, or too long a one.
    """
    parts = text.split(",", MOST_LANGUAGES) if isinstance(text, str) else list(islice(text, MOST_LANGUAGES + 1))
    if len(parts) > MOST_LANGUAGES or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{MOST_LANGUAGES} language tags at most")
    tags = tuple(dict.fromkeys(_tag(part) for part in parts if part.strip()))
    return tags


def tags_in(said: Any) -> Languages:
    """What a field of a file says, as one tag, a list such as `de,en` or a list of tags: of many the first.

    What is no tag is not said: nobody's swipe is worse for it.
    """
    parts = said.split(",", MOST_LANGUAGES) if isinstance(said, str) else said if isinstance(said, list) else []
    return tuple(dict.fromkeys(tag for part in parts[:MOST_LANGUAGES] for tag in _tags(part)))


def _tags(part: Any) -> Languages:
    try:
        return languages_of([part])
    except ValueError:
        return ()


def primary(tag: str) -> str:
    """The language of a tag without its region or script: `pt` of `pt-br`."""
    return tag.split("-", 1)[0]


def tags_of(tag: str) -> Languages:
    """The tags under which words of a language may be kept: its own, without its region, and what it was called."""
    return (tag, primary(tag), *OTHERWISE.get(primary(tag), ()))


def is_turkic(languages: Languages) -> bool:
    """Whether I and İ are the capitals of ı and i: in the first of the languages."""
    return bool(languages) and not TURKIC.isdisjoint((languages[0], primary(languages[0]), *_script(languages[0])))


def _script(tag: str) -> Languages:
    parts = tag.split("-")
    return ("-".join(parts[:2]),) if len(parts) > 1 else ()


def _tag(text: str) -> str:
    tag = text.strip().split(".")[0].split("@")[0].replace("_", "-").lower()
    if len(tag) > MOST_TAG or not _TAG.fullmatch(tag):
        raise ValueError("no language tag")
    return tag
