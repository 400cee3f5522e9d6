"""The server: one process of uvicorn, until a signal ends it."""

import uvicorn

from swipefl.api.app import app_of
from swipefl.library.device import Device


def serve(device: Device, host: str, port: int) -> None:
    """Serves a device's page and API until SIGINT or SIGTERM."""
    uvicorn.run(app_of(device), host=host, port=port, access_log=False)
