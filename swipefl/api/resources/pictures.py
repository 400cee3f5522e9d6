"""`/api/v1/pictures`: what the store says of its owner's swipes, drawn; the owner's alone to see."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Response

from swipefl.library.device import Device
from swipefl.telling.pictures.days import days_picture
from swipefl.telling.pictures.gesture import gesture_picture
from swipefl.telling.pictures.landings import landings_picture
from swipefl.telling.pictures.misses import misses_picture
from swipefl.telling.pictures.nights import nights_picture

SVG = "image/svg+xml"
Known = Annotated[str | None, Header(alias="If-None-Match", description="The ETag of a picture that is at hand.")]


class Picture(Response):
    """An SVG."""

    media_type = SVG


def routes(device: Device) -> APIRouter:
    """Pictures as SVG, each with its words in it, light and dark; one that is at hand is not sent again."""
    router = APIRouter(prefix="/pictures", default_response_class=Picture)

    @router.get("/landings.svg")
    def landings(keyboard: str | None = None, known: Known = None) -> Response:
        """Where the finger lands on each key, on a keyboard or the one that is swiped on most."""
        return _answer(landings_picture(device.landings(keyboard)), known)

    @router.get("/misses.svg")
    def misses(known: Known = None) -> Response:
        """Keys and words that are missed more often than chance would have it, and what is read in their place."""
        return _answer(misses_picture(device.confusions()), known)

    @router.get("/nights.svg")
    def nights(known: Known = None) -> Response:
        """How many swipes are right night after night, with the person's model and with the one of the package."""
        return _answer(nights_picture(getattr(device.status(), "nights", ())), known)

    @router.get("/days.svg")
    def days(known: Known = None) -> Response:
        """Swipes a day."""
        return _answer(days_picture(device.daily()), known)

    @router.get("/gestures/{handle}.svg")
    def gesture(handle: str, known: Known = None) -> Response:
        """What the model saw of one stored gesture, by its handle."""
        return _answer(gesture_picture(device.show(handle)), known)

    return router


def _answer(picture: str, known: str | None) -> Response:
    """The picture, or that it is the one at hand. No one else keeps it, and nobody shows it unasked."""
    tag = f'"{hashlib.blake2b(picture.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if known and tag in known:
        return Response(status_code=304, headers=headers)
    return Picture(picture, headers=headers)
