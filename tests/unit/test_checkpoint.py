import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.errors import CheckpointError, Remedy
from tests.support.errors import advises

SMALL = Checkpoint("bilstm-1", {"a": np.ones((2, 3), np.float32)}, ScoreWeights(1.5, 2.0, 0.9), {"from": "x"})


def with_score(score: object) -> bytes:
    """SMALL's blob with other score weights in its header."""
    blob = SMALL.to_bytes()
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + size])
    about = json.loads(header["__metadata__"]["swipefl"])
    header["__metadata__"]["swipefl"] = json.dumps(about | {"score": score})
    changed = json.dumps(header).encode()
    return len(changed).to_bytes(8, "little") + changed + blob[8 + size :]


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
    again = checkpoint_from_bytes(with_score({"alpha": 1.5, "beta": 2.0, "temperature": 0.9}))
    assert again.score == SMALL.score


def test_a_fingerprint_stays_what_it_was_when_score_weights_are_added() -> None:
    assert SMALL.fingerprint == "a9856834069481efac571934f22c5ba28054d1363f0f572726d99842970cb464"


@pytest.mark.parametrize(
    "score", [{"alpha": float("nan"), "beta": 1.0}, {"alpha": "1", "beta": 1.0}, {"alpha": 1.0}, 7]
)
def test_score_weights_that_are_no_numbers_are_refused(score: object) -> None:
    with pytest.raises(CheckpointError):
        checkpoint_from_bytes(with_score(score))


def test_score_weights_of_a_newer_version_are_named_as_such() -> None:
    with pytest.raises(CheckpointError, check=advises(Remedy.UPGRADE)):
        checkpoint_from_bytes(with_score({"alpha": 1.0, "beta": 1.0, "gamma": 2.0}))


@pytest.mark.parametrize(
    "name", ["bilstm-0", "bilstm-8x0", "bilstm-8x1", "bilstm-08", "bilstm-8x2x2", "gru-8", "bilstm-"]
)
def test_an_architecture_has_one_name(name: str) -> None:
    with pytest.raises(CheckpointError, match="architecture"):
        Architecture.named(name)
    assert str(Architecture.named("bilstm-8")) == "bilstm-8"
    assert str(Architecture.named("bilstm-8x2")) == "bilstm-8x2"
