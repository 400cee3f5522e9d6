"""What a keyboard sends: a swipe, with its word or without, and a deletion. The reader of lines decides.

What fits here may still be rejected, as a swipe that runs backwards in time is; what does not, always is.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from swipefl.device.priors import LEAST_LN_PROBABILITY, MOST_WORDS
from swipefl.gesture.gesture import MAX_POINTS, MIN_POINTS, MOST_WRITTEN
from swipefl.gesture.keyboard import MOST_NAME, MOST_SIZE
from swipefl.gesture.language import MOST_LANGUAGES

MOST_BATCH = 100
MOST_ID = 200  # characters that are kept of an id
MOST_BEFORE = 100_000  # characters: a keyboard may send a page
MOST_TEXT = 1_000

WE: dict[str, Any] = {
    "gesture_id": "5f1c-3",
    "width": 370,
    "height": 222,
    "before": "",
    "coords": [{"x": 55, "y": 30, "t": 0.0}, {"x": 92, "y": 31, "t": 0.12}],
}
TAKEN_BACK: dict[str, Any] = {"gesture_id": "5f1c-3", "delete": True}
PARTIAL: dict[str, Any] = {**WE, "gesture_id": "5f1c-6", "final": False}
WITH_PRIOR: dict[str, Any] = {**WE, "gesture_id": "5f1c-7", "prior": {"Wendy": -2.5, "we": -4.0}}


class Strict(BaseModel):
    """Types as they are said: a number is no text, and a text no number."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


Yes = Annotated[Literal[True], BeforeValidator(lambda said: said if said is True else None)]  # for 1 == True
Whole = Annotated[int, BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n)]  # 2.0 is 2
Length = Annotated[float, Field(ge=-MOST_SIZE, le=MOST_SIZE)]
Size = Annotated[float, Field(gt=0, le=MOST_SIZE)]
Id = Annotated[str, Field(max_length=MOST_ID)] | int | float | None
Tags = Annotated[str, Field(max_length=MOST_TEXT)]


class Point(Strict):
    """Where the finger was: from the upper left corner of the keyboard, in whatever unit `width` and `height` have."""

    x: Length
    y: Length
    t: Annotated[float, Field(ge=0, le=1e12, description="Seconds, from wherever they are counted.")]


Prior = Annotated[
    dict[str, Annotated[float, Field(ge=LEAST_LN_PROBABILITY, le=0)]],
    Field(max_length=MOST_WORDS),
]


class Gesture(Strict):
    """A path over a keyboard. Fields that are not named here are passed over."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [WE, PARTIAL]})

    coords: Annotated[list[Point], Field(min_length=MIN_POINTS, max_length=MAX_POINTS)]
    width: Annotated[Size | None, Field(description="How large the keyboard was drawn, with `height`.")] = None
    height: Size | None = None
    keyboard: Annotated[
        Annotated[str, Field(max_length=MOST_NAME)] | dict[str, Any] | None,
        Field(description="A name of /api/v1/keyboards, or the layout itself; `qwerty` where there is only a size."),
    ] = None
    language: Annotated[Tags | None, Field(description="What the word may be of: `de`, or `de,en`.")] = None
    languages: Annotated[list[Tags], Field(max_length=MOST_LANGUAGES)] | Tags | None = None
    before: Annotated[
        Annotated[str, Field(max_length=MOST_BEFORE)] | None,
        Field(description='The text in front of the cursor; `""` where a sentence begins.'),
    ] = None
    gesture_id: Annotated[Id, Field(description="Your name for this swipe.")] = None
    private: Annotated[Any, Field(description="Nothing is stored unless this is `false`, null or left out.")] = None
    final: Annotated[bool | None, Field(description="`false` while the finger is down: it is never stored.")] = None


class Asked(Gesture):
    """A gesture whose words are wanted."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [WE, PARTIAL, WITH_PRIOR]})

    prior: Annotated[
        Prior | None, Field(description="Words with ln probabilities that you know better, here and now.")
    ] = None


class Swipe(Gesture):
    """A gesture with the word that stands in the text now. The same again with another word corrects it."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{**WE, "word": "we"}]})

    word: Annotated[str, Field(min_length=1, max_length=MOST_WRITTEN)] | None = None
    user: Id = None
    delete: Annotated[bool | None, Field(description="`true` takes this very path back.")] = None


class Deletion(Strict):
    """Takes back the swipe that a line of this id was last about."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [TAKEN_BACK]})

    gesture_id: Annotated[str, Field(min_length=1, max_length=MOST_ID)] | int | float
    delete: Yes
