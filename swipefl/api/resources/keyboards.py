"""`/api/v1/keyboards`: the layouts that are known here, and their keys."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path

from swipefl.api.bodies import JsonRoute
from swipefl.api.schemas.answers import AddedKeyboard, Keyboard, Keyboards
from swipefl.api.schemas.requests import Keys, Rows
from swipefl.gesture.keyboard import MOST_NAME
from swipefl.library.device import Device

Name = Annotated[str, Path(min_length=1, max_length=MOST_NAME, examples=["qwerty"])]


def routes(device: Device) -> APIRouter:
    """Layouts of the package and of the person's own."""
    router = APIRouter(prefix="/keyboards", route_class=JsonRoute, tags=["keyboards"])

    @router.get("", response_model=Keyboards)
    def every() -> dict[str, Any]:
        """Every keyboard, those of the package first."""
        return {"keyboards": [asdict(known) for known in device.keyboards.list()]}

    @router.get("/{name:path}", response_model=Keyboard, responses={404: {}})
    def one(name: Name) -> dict[str, Any]:
        """One keyboard with the places of its keys."""
        return device.keyboards.show(name).to_json()

    @router.post("", status_code=201, response_model=AddedKeyboard, responses={409: {}})
    def add(keyboard: Keys | Rows) -> dict[str, Any]:
        """Makes a keyboard known, by its keys or by its rows of letters. Keys that type no letter are left out."""
        if isinstance(keyboard, Rows):
            return asdict(device.keyboards.add(None, keyboard.rows, keyboard.language, keyboard.name))
        return asdict(device.keyboards.add(keyboard.model_dump(exclude_unset=True)))

    @router.delete("/{name:path}", status_code=204, responses={404: {}, 409: {}})
    def remove(name: Name) -> None:
        """Forgets a keyboard of one's own that no stored swipe was made on."""
        device.keyboards.remove(name)

    return router
