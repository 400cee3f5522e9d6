"""What the model saw of a gesture."""

import numpy as np
import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.ctc import greedy
from swipefl.decoder.encoder import Encoder
from swipefl.gesture.keyboard import built_in
from tests.support.people import examples


def test_a_sight_spells_as_greedy_decoding_does() -> None:
    encoder = Encoder(base_checkpoint())
    for example in [
        *examples(3, seed=1),
        *examples(2, seed=2, keyboard=built_in("jcuken"), words=("привет", "погода")),
    ]:
        sight, log_probs = encoder.look(example.gesture), encoder.encode(example.gesture)
        assert sight.spelling == greedy(log_probs, example.gesture.keyboard.letters)
        assert [f.probability for f in sight.frames] == pytest.approx(np.exp(log_probs).max(1).tolist())
