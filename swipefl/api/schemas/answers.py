"""What resources answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from swipefl.store.checkpoints import Verdict

Probability = Annotated[float, Field(ge=0, le=1)]

PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "a gesture needs at least 2 points",
    "code": "few-points",
    "kind": "data",
    "exit_code": 3,
    "remedy": None,
}


class Problem(BaseModel):
    """What is wrong (RFC 9457). `code` is stable, `kind` is that of the exit code, `remedy` what helps."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROBLEM]})

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    code: str
    kind: Literal["bug", "usage", "data", "checkpoint", "store", "unreachable", "refused", "busy"]
    exit_code: int
    remedy: str | None


class Candidate(BaseModel):
    """A word that a gesture may mean; `spelled` are the keys that the finger passed for it.

    `parts`, where they were asked for, say what the score is the sum of.
    """

    word: str
    spelled: str
    score: float
    probability: Probability
    parts: dict[str, float] = {}


class Frame(BaseModel):
    """Where the finger was and where it was meant to be, in key widths; the letter that was seen, null for none."""

    x: float
    y: float
    meant_x: float
    meant_y: float
    letter: str | None
    probability: Probability


class Sight(BaseModel):
    """What the model saw; `greedy` is what it alone would write, `key_width` the units of x and y to a key width."""

    frames: list[Frame]
    greedy: str
    key_width: float


class Predicted(BaseModel):
    """The likeliest words, best first; none where no word fits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "gesture_id": "5f1c-3",
                    "candidates": [{"word": "We", "spelled": "we", "score": -3.2262, "probability": 0.999461}],
                }
            ]
        }
    )

    gesture_id: Any = None
    candidates: list[Candidate]
    sight: Sight | None = None


class RejectedLine(BaseModel):
    """One of those that were sent, counted from 0, and what is wrong with it."""

    index: int
    code: str
    detail: str


class Taken(BaseModel):
    """What became of swipes; all that is stored is on the disk. `suspect` ones are stored and not learned from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stored": 1,
                    "corrected": 0,
                    "duplicates": 0,
                    "deleted": 0,
                    "suspect": 0,
                    "private": 0,
                    "partial": 0,
                    "rejected": [],
                }
            ]
        }
    )

    stored: int
    corrected: int
    duplicates: int
    deleted: int
    suspect: int
    private: int
    partial: int
    rejected: list[RejectedLine]


class KnownKeyboard(BaseModel):
    """A keyboard: its languages (none: the person's), how many letter keys it has, whether it is one's own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "qwerty", "languages": ["en"], "keys": 26, "own": False}]}
    )

    name: str
    languages: list[str]
    keys: int
    own: bool


class Keyboards(BaseModel):
    """Every keyboard that is known, those of the package first."""

    keyboards: list[KnownKeyboard]


class AddedKeyboard(KnownKeyboard):
    """A keyboard that is known now, and what stands on its keys that type no letter and were left out."""

    left_out: list[str]


class Key(BaseModel):
    """A letter key: its centre and size."""

    letter: str
    x: float
    y: float
    width: float
    height: float


class Keyboard(BaseModel):
    """A keyboard in units of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "wae",
                    "languages": ["en"],
                    "width": 300,
                    "height": 200,
                    "keys": [{"letter": "w", "x": 50, "y": 50, "width": 100, "height": 100}],
                }
            ]
        }
    )

    name: str
    languages: list[str]
    width: float
    height: float
    keys: list[Key]


class KnownLexicon(BaseModel):
    """The words of a language: what they are called (null: swipefl's own list), and how many there are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "de", "name": None, "words": 100000}]})

    language: str
    name: str | None
    words: int


class Lexicons(BaseModel):
    """Every word list that is in use, by language."""

    lexicons: list[KnownLexicon]


class KnownModel(BaseModel):
    """A model that is kept: `global` ones came from a federation, `personal` ones were made here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 3,
                    "kind": "personal",
                    "fingerprint": "1f0c",
                    "created_at": 1785542400.0,
                    "in_use": True,
                    "verdict": None,
                }
            ]
        }
    )

    id: int
    kind: Literal["personal", "global"]
    fingerprint: str
    created_at: float
    in_use: bool
    verdict: Verdict | None


class Models(BaseModel):
    """The models that are kept; `in_use` is what predictions use, null for the one that came with swipefl."""

    models: list[KnownModel]
    in_use: int | None


class PersonalWord(BaseModel):
    """A word of the person's own, how often it was swiped, and how it came here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"word": "Wendy", "language": "en", "languages": ["en"], "uses": 2, "origin": "typed"}]
        }
    )

    word: str
    language: str
    languages: list[str]
    uses: int
    origin: Literal["typed", "added", "hidden"]


class Words(BaseModel):
    """The personal words and the hidden ones."""

    words: list[PersonalWord]


class WordCounts(BaseModel):
    """How many personal words there are now, and how many words are hidden."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": 12, "hidden": 1}]})

    words: int
    hidden: int


class Phrase(BaseModel):
    """A word that was written behind others; `before` is empty at a sentence's start."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"before": "see you", "word": "soon", "uses": 3, "last_at": 1785542400.0}]}
    )

    before: str
    word: str
    uses: int
    last_at: float


class Phrases(BaseModel):
    """The person's own words in order, most often written first."""

    phrases: list[Phrase]
