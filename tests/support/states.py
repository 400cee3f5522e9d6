"""A coordinator's state without a server: devices that belong to it, and a model that costs little."""

import secrets

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights
from swipefl.decoder.encoder import Architecture
from swipefl.federation.coordinator.state import State

SMALL = Checkpoint(
    "bilstm-4",
    {name: np.zeros(shape, np.float32) for name, shape in Architecture(4).shapes().items()},
    ScoreWeights(1.0, 2.0),
)


def enrolled(state: State, name: str = "", credential: bytes | None = None) -> str:
    """The id of a new device, which is known by `credential`."""
    device = state.devices.enroll(state.devices.new_token(60, name).secret, credential or secrets.token_bytes(32))
    assert device
    return device
