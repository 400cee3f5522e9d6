"""`/api/v1/practice`: sentences to swipe, and which words of a text can be swiped; nothing of the text is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from swipefl.api.bodies import JsonRoute
from swipefl.api.practice import practised, sentences
from swipefl.api.practice.asking import Part, asked
from swipefl.api.schemas.requests import Exact, Tags
from swipefl.device.languages import said_languages
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, built_in
from swipefl.gesture.language import Languages, tags_of
from swipefl.learning.training import MIN_EXAMPLES
from swipefl.library.device import Device

MOST_TEXT = 20_000  # characters: an hour of practising

Language = Annotated[
    Tags | None, Query(description="A tag such as `de`; of several as in `de,en` the first counts", examples=["de"])
]
On = Annotated[
    str | None, Query(description="The keyboard's name; else the first of the language", examples=["qwertz-de"])
]


class Text(Exact):
    """A text of the person's own."""

    text: str = Field(max_length=MOST_TEXT, examples=["Bring the blue jug, please."])
    keyboard: str = Field(examples=["qwerty"])
    language: Tags | None = None


class Sentences(BaseModel):
    """Sentences with something to swipe, each with its parts."""

    sentences: tuple[str, ...] = ()
    parts: list[list[Part]] = []


class Practice(Sentences):
    """The sentences of a `language`; the languages that have some, and from how many swipes on it can be trained."""

    languages: Languages
    least: int
    language: str | None = None


def routes(device: Device) -> APIRouter:
    """The sentences of the package, and those of a text that somebody brings."""
    router = APIRouter(prefix="/practice", route_class=JsonRoute, tags=["practice"])

    @router.get("", response_model=Practice, responses={404: {}})
    def shipped(language: Language = None, keyboard: On = None) -> Any:
        """The sentences of a language, and their words that can be swiped; without one which languages have any."""
        known = Practice(languages=practised(), least=MIN_EXAMPLES)
        if language is None:
            return known
        first = said_languages(language)[:1]
        board = device.keyboards.show(keyboard) if keyboard is not None else _first_of(first)
        given = _sentences("\n".join(sentences(first[0])), board, first)
        return known.model_copy(update={"language": first[0], **dict(given)})

    @router.post("", response_model=Sentences, responses={404: {}})
    def own(given: Text) -> Any:
        """A text in sentences, and their words that can be swiped on a keyboard. Nothing of it is kept."""
        return _sentences(given.text, device.keyboards.show(given.keyboard), said_languages(given.language))

    return router


def _sentences(text: str, keyboard: Keyboard, languages: Languages) -> Sentences:
    """What of a text can be swiped."""
    parts = asked(text, keyboard, languages)
    return Sentences(sentences=tuple(" ".join(part.shown for part in some) for some in parts), parts=parts)


def _first_of(languages: Languages) -> Keyboard:
    """The package's first keyboard of a language, else one that has no language."""
    named = (n for tag in tags_of(languages[0]) for n in BUILT_IN if tag in built_in(n).languages)
    return built_in(next(named, "qwerty-plain"))
