"""`/api/v1/models`: the models that are kept, and which of them is used."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from swipefl.api.bodies import JsonRoute
from swipefl.api.schemas.answers import Models
from swipefl.api.schemas.requests import ModelChosen
from swipefl.library.device import Device


def routes(device: Device) -> APIRouter:
    """The person's models."""
    router = APIRouter(prefix="/models", route_class=JsonRoute, tags=["models"])

    @router.get("", response_model=Models)
    def every() -> dict[str, Any]:
        """The models that are kept, oldest first."""
        return _models(device)

    @router.post("/use", response_model=Models, responses={404: {}, 409: {}})
    def use(chosen: ModelChosen) -> dict[str, Any]:
        """Goes back to an earlier model; the next night learns from there."""
        device.reset(str(chosen.to))
        return _models(device)

    return router


def _models(device: Device) -> dict[str, Any]:
    status = device.status()
    return {"models": [asdict(known) for known in status.checkpoints], "in_use": status.in_use}
