import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError

SMALL = Checkpoint("bilstm-1", {"a": np.ones((2, 3), np.float32)}, ScoreWeights(1.5, 2.0, 0.9), {"from": "x"})


def test_round_trip_is_exact() -> None:
    again = checkpoint_from_bytes(SMALL.to_bytes())
    assert again.to_bytes() == SMALL.to_bytes()
    assert (again.architecture, again.score, again.info) == (SMALL.architecture, SMALL.score, SMALL.info)


@given(st.integers(0, len(SMALL.to_bytes()) - 1))
def test_a_truncated_blob_is_a_clear_error(length: int) -> None:
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint_from_bytes(SMALL.to_bytes()[:length])


def test_weights_that_are_not_finite_are_refused() -> None:
    bad = Checkpoint("bilstm-1", {"a": np.array([np.nan], np.float32)}, ScoreWeights(1, 2))
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoint_from_bytes(bad.to_bytes())


def test_the_base_checkpoint_is_in_the_package() -> None:
    assert base_checkpoint().architecture.startswith("bilstm-")
    assert base_checkpoint().fingerprint == base_checkpoint().fingerprint


def test_half_takes_half_of_the_room_and_is_the_same_checkpoint_when_read_again() -> None:
    base = base_checkpoint()
    half = checkpoint_from_bytes(base.to_bytes(half=True))
    assert len(base.to_bytes(half=True)) < 0.51 * len(base.to_bytes())
    assert checkpoint_from_bytes(half.to_bytes(half=True)).fingerprint == half.fingerprint


def test_score_weights_of_before_templates_are_read() -> None:
    """Earlier checkpoints know three of them."""
    blob = SMALL.to_bytes()
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + size])
    about = json.loads(header["__metadata__"]["swipefl"])
    about["score"] = {"alpha": 1.5, "beta": 2.0, "temperature": 0.9}
    header["__metadata__"]["swipefl"] = json.dumps(about)
    earlier = json.dumps(header).encode()
    again = checkpoint_from_bytes(len(earlier).to_bytes(8, "little") + earlier + blob[8 + size :])
    assert again.score == SMALL.score
