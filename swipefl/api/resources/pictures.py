"""`/api/v1/pictures`: what the store says of its owner's swipes, drawn; the owner's alone to see."""

from fastapi import APIRouter, Response

from swipefl.library.device import Device
from swipefl.telling.pictures.days import days_picture
from swipefl.telling.pictures.gesture import gesture_picture
from swipefl.telling.pictures.landings import landings_picture
from swipefl.telling.pictures.misses import misses_picture
from swipefl.telling.pictures.nights import nights_picture


class Picture(Response):
    """An SVG."""

    media_type = "image/svg+xml"


def routes(device: Device) -> APIRouter:
    """Pictures as SVG, each with its words in it, light and dark."""
    router = APIRouter(prefix="/pictures", tags=["pictures"], default_response_class=Picture)

    @router.get("/landings.svg", responses={404: {}})
    def landings(keyboard: str | None = None) -> Response:
        """Where the finger lands on each key, on a keyboard or the one that is swiped on most."""
        return Picture(landings_picture(device.landings(keyboard)))

    @router.get("/misses.svg")
    def misses() -> Response:
        """Keys and words that are missed more often than chance would have it, and what is read in their place."""
        return Picture(misses_picture(device.confusions()))

    @router.get("/nights.svg")
    def nights() -> Response:
        """How many swipes are right night after night, with the person's model and with the one of the package."""
        return Picture(nights_picture(device.status().nights))

    @router.get("/days.svg")
    def days() -> Response:
        """Swipes a day."""
        return Picture(days_picture(device.daily()))

    @router.get("/gestures/{handle}.svg", responses={404: {}})
    def gesture(handle: str) -> Response:
        """What the model saw of one stored gesture, by its handle."""
        return Picture(gesture_picture(device.show(handle)))

    return router
