"""`/api/v1/words`: the person's own words; none of them ever stands in an address."""

from typing import Any

from fastapi import APIRouter

from swipefl.api.bodies import JsonRoute
from swipefl.api.schemas.answers import Phrases, WordCounts, Words
from swipefl.api.schemas.requests import WordsChanged
from swipefl.library.device import Device
from swipefl.telling.plain import plain_phrase, plain_word


def routes(device: Device) -> APIRouter:
    """Words that were added, swiped twice, or hidden."""
    router = APIRouter(prefix="/words", route_class=JsonRoute, tags=["words"])

    @router.get("", response_model=Words)
    def every() -> dict[str, Any]:
        """The personal words and the hidden ones."""
        return {"words": [plain_word(word) for word in device.words.list()]}

    @router.patch("", response_model=WordCounts)
    def change(words: WordsChanged) -> Any:
        """Adds, removes, hides words and offers them again: all that is said, or nothing of it."""
        return device.words.change(words.add, words.remove, words.hide, words.unhide, words.language)

    @router.get("/phrases", response_model=Phrases)
    def phrases() -> dict[str, Any]:
        """Which words are written behind which; they never leave."""
        return {"phrases": [plain_phrase(phrase) for phrase in device.words.phrases()]}

    return router
