"""Sentences to practise on, in each language that the package has a lexicon of: our own, one a line."""

from functools import cache
from importlib import resources

from swipefl.gesture.language import Languages, tags_of


@cache
def practised() -> Languages:
    """The languages that there are sentences in."""
    names = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt")))


@cache
def sentences(language: str) -> tuple[str, ...]:
    """The sentences of a language, those first that have the most keys; none where there are none."""
    tag = next((tag for tag in tags_of(language) if tag in practised()), None)
    if tag is None:
        return ()
    return tuple(resources.files(__name__).joinpath(f"{tag}.txt").read_text("utf-8").splitlines())
