"""What resources are asked, but for swipes."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from swipefl.api.schemas.swipes import MOST_ID, Size, Strict, Whole, Yes
from swipefl.gesture.gesture import MOST_WRITTEN
from swipefl.gesture.keyboard import MOST_KEYS, MOST_NAME
from swipefl.gesture.language import MOST_LANGUAGES, MOST_TAG

MOST_WORDS = 1_000  # that are changed at once
MOST_ROUNDS = 100
MOST_ROWS = 4_000  # characters

Word = Annotated[str, Field(min_length=1, max_length=MOST_WRITTEN)]
Words = Annotated[list[Word], Field(max_length=MOST_WORDS)]
TAG = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"
Tags = Annotated[
    str,
    Field(pattern=f"^{TAG}(,{TAG})*$", max_length=(MOST_TAG + 1) * MOST_LANGUAGES, examples=["de,en"]),
]


class Exact(Strict):
    """Nothing but what is named here."""

    model_config = ConfigDict(extra="forbid")


class WordsChanged(Exact):
    """Words to add to the person's own, or to take out of them; to hide, or to offer again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"add": ["Wendy"], "hide": ["wen"], "language": "en"}]})

    add: Words = Field([])
    remove: Words = Field([])
    hide: Words = Field([])
    unhide: Words = Field([])
    language: Tags | None = None


class Rows(Exact):
    """A keyboard by its rows of letters, with blanks between."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rows": "azertyuiop qsdfghjklm wxcvbn", "name": "mine", "language": "fr"}]}
    )

    rows: Annotated[str, Field(min_length=2, max_length=MOST_ROWS)]
    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME)] | None = None
    language: Tags | None = None


class Keys(Strict):
    """A keyboard by its keys: `letter`, and `x`, `y` of the middle, `width`, `height`; or as other programs say it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "name": "wa",
                    "width": 200,
                    "height": 200,
                    "languages": ["en"],
                    "keys": [
                        {"letter": "w", "x": 50, "y": 50, "width": 100, "height": 100},
                        {"letter": "a", "x": 150, "y": 50, "width": 100, "height": 100},
                    ],
                }
            ]
        },
    )

    width: Size
    height: Size
    keys: Annotated[list[dict[str, Any]], Field(min_length=2, max_length=MOST_KEYS)]
    name: Annotated[str, Field(max_length=MOST_NAME)] | None = None


class ModelChosen(Exact):
    """The model to use: the one that came with swipefl, the newest of the federation, or one by its id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "base"}, {"to": 3}]})

    to: Literal["base", "global"] | Annotated[Whole, Field(ge=1, le=2**53)]


class Rounds(Exact):
    """How many rounds, one after the other."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rounds": 1}]})

    rounds: Annotated[Whole, Field(ge=1, le=MOST_ROUNDS)] = 1


class Everything(Exact):
    """All swipes, with all that came of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"everything": True, "dry_run": True}]})

    everything: Yes
    dry_run: bool = False


class OneSwipe(Exact):
    """One swipe, by its id or handle, or how one begins."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gesture_id": "5f1c-3"}]})

    gesture_id: Annotated[str, Field(min_length=1, max_length=MOST_ID)]
    dry_run: bool = False


class SomeSwipes(Exact):
    """Those of a word, however it is written, those stored before a day, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"word": "we"}, {"before": "2026-01-31"}]})

    word: Word | None = None
    before: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", json_schema_extra={"format": "date"})] | None = None
    dry_run: bool = False


ALL = (WordsChanged, Rows, Keys, ModelChosen, Rounds, Everything, OneSwipe, SomeSwipes)
