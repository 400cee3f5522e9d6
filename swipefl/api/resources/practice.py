"""`/api/v1/practice`: sentences to swipe, and which words of a text can be swiped; nothing of the text is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from swipefl.api.practice import practised, sentences
from swipefl.api.practice.asking import Part, asked
from swipefl.device.languages import said_languages
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, built_in
from swipefl.gesture.language import Languages, tags_of
from swipefl.learning.training import MIN_EXAMPLES
from swipefl.library.device import Device

MOST_TEXT = 20_000  # characters: an hour of practising

Language = Annotated[str | None, Query(description="A tag such as `de`; of several as in `de,en` the first counts")]
On = Annotated[str | None, Query(description="The keyboard's name; else the first of the language")]


class Text(BaseModel):
    """A text of the person's own."""

    text: str = Field(max_length=MOST_TEXT, examples=["Bring the blue jug, please."])
    keyboard: str = Field(examples=["qwerty"])
    language: str | None = Field(None, examples=["en"])


def routes(device: Device) -> APIRouter:
    """The sentences of the package, and those of a text that somebody brings."""
    router = APIRouter(prefix="/practice")

    @router.get("")
    def shipped(language: Language = None, keyboard: On = None) -> dict[str, Any]:
        """Without a language those that there are, and how many swipes can be learned from at the least; with one its
        sentences, and their words that can be swiped."""
        if language is None:
            return {"languages": practised(), "least": MIN_EXAMPLES}
        languages = said_languages(language)
        known = sentences(languages[0])
        board = device.keyboards.show(keyboard) if keyboard is not None else _first_of(languages)
        return {"language": languages[0], "sentences": known, "parts": _parts("\n".join(known), board, languages[:1])}

    @router.post("")
    def own(given: Text) -> dict[str, Any]:
        """A text in sentences, and their words that can be swiped on a keyboard. Nothing of it is kept."""
        board, languages = device.keyboards.show(given.keyboard), said_languages(given.language)
        parts = asked(given.text, board, languages)
        return {"sentences": [" ".join(p.shown for p in some) for some in parts], "parts": _plain(parts)}

    return router


def _parts(text: str, keyboard: Keyboard, languages: Languages) -> list[list[dict[str, str | None]]]:
    return _plain(asked(text, keyboard, languages))


def _plain(parts: list[list[Part]]) -> list[list[dict[str, str | None]]]:
    return [[{"shown": part.shown, "word": part.word} for part in some] for some in parts]


def _first_of(languages: Languages) -> Keyboard:
    """The package's first keyboard of a language, else one that has no language."""
    named = (n for tag in tags_of(languages[0]) for n in BUILT_IN if tag in built_in(n).languages)
    return built_in(next(named, "qwerty-plain"))
