"""`/api/v1/keyboards`: the layouts that are known here, and their keys."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from swipefl.library.device import Device


def routes(device: Device) -> APIRouter:
    """Layouts of the package and of the person's own."""
    router = APIRouter(prefix="/keyboards")

    @router.get("")
    def every() -> dict[str, Any]:
        """Every keyboard, those of the package first."""
        return {"keyboards": [asdict(known) for known in device.keyboards.list()]}

    @router.get("/{name}")
    def one(name: str) -> dict[str, Any]:
        """One keyboard with the places of its keys."""
        return device.keyboards.show(name).to_json()

    return router
