import itertools

import numpy as np
import pytest
import torch

from swipefl.decoder.checkpoint import ScoreWeights, base_checkpoint
from swipefl.decoder.encoder import Architecture, Encoder
from swipefl.errors import CheckpointError
from swipefl.gesture.features import frames_of
from swipefl.gesture.keyboard import built_in
from swipefl.learning.network import Network, alignable, checkpoint_of, collate, dropped, letter_log_probs, network_of
from tests.support.people import examples


@pytest.mark.parametrize("architecture", [None, Architecture(16), Architecture(8, 2), Architecture(8, 3)])
def test_numpy_and_torch_forwards_agree(architecture: Architecture | None) -> None:
    """Mixed lengths and layouts in one batch: padding must not leak, and the outputs agree to 1e-5."""
    torch.manual_seed(1)
    checkpoint = checkpoint_of(Network(architecture), ScoreWeights(1, 2), {}) if architecture else base_checkpoint()
    people = [*examples(6, 1), *examples(6, 2, built_in("jcuken"), ("привет", "еж", "объект"))]
    frames = [frames_of(example.gesture) for example in people]
    batch = collate(frames, [example.word for example in people])
    with torch.no_grad():
        outputs = network_of(checkpoint)(batch.features, batch.frames)
        log_probs = letter_log_probs(outputs, batch)
    encoder = Encoder(checkpoint)
    for i, (example, framed) in enumerate(zip(people, frames, strict=True)):
        steps = len(framed.features)
        np.testing.assert_allclose(encoder.outputs(framed.features), outputs[i, :steps].numpy(), rtol=1e-5, atol=1e-5)
        mine = encoder.encode(example.gesture)
        assert np.exp(mine).sum(1) == pytest.approx(1, abs=1e-4)
        theirs = log_probs[i, :steps, : mine.shape[1]].numpy()
        np.testing.assert_allclose(np.exp(mine), np.exp(theirs), atol=1e-4)


def test_loss_is_the_sum_over_all_alignments() -> None:
    """Against a brute-force sum over every path of a short gesture."""
    torch.manual_seed(0)
    network = Network(Architecture(4))
    example = examples(1)[0]
    framed = frames_of(example.gesture)
    short = type(framed)(framed.features[:5], framed.positions[:5], framed.layout)
    word = "oo"
    batch = collate([short], [word])
    loss = float(network.loss(batch)[0].detach()) * len(word)
    log_probs = letter_log_probs(network(batch.features, batch.frames), batch)[0].detach().double().numpy()
    letter = 1 + framed.layout.index["o"]
    total = 0.0
    for path in itertools.product((0, letter), repeat=5):
        collapsed = [c for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c)]
        if collapsed == [letter, letter]:
            total += np.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
    assert loss == pytest.approx(-np.log(total), rel=1e-4)


def test_gradients_are_those_of_finite_differences() -> None:
    """Of every parameter and feature, with gestures of two lengths, so that some frames are turned and some are not."""
    torch.manual_seed(0)
    network = Network(Architecture(3, 2)).double()
    features = torch.randn(2, 5, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda given, *_: network(given, torch.tensor([5, 3])), (features, *network.parameters())
    )


def test_words_that_ctc_cannot_align_are_known() -> None:
    framed = frames_of(examples(1)[0].gesture)
    short = type(framed)(framed.features[:8], framed.positions[:8], framed.layout)
    assert alignable(short, "abcdefgh")
    assert not alignable(short, "aabcdefg")


def test_checkpoint_of_a_network_gives_the_network_back() -> None:
    network = Network(Architecture(8, 2))
    again = network_of(checkpoint_of(network, ScoreWeights(1, 2), {}))
    for mine, theirs in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_weights_of_another_shape_are_refused() -> None:
    checkpoint = checkpoint_of(Network(Architecture(8)), ScoreWeights(1, 2), {})
    wrong = type(checkpoint)("bilstm-16", checkpoint.weights, checkpoint.score)
    with pytest.raises(CheckpointError, match="do not fit"):
        network_of(wrong)
    with pytest.raises(CheckpointError, match="do not fit"):
        Encoder(wrong)


def test_dropout_silences_a_channel_for_a_whole_gesture_and_only_in_training() -> None:
    torch.manual_seed(0)
    states = dropped(torch.ones(30, 40, 128), 0.25)
    assert (states == states[:1]).all()
    assert (states[0] == 0).float().mean() == pytest.approx(0.25, abs=0.03)
    assert states.mean() == pytest.approx(1.0, abs=0.05)
    network = network_of(base_checkpoint(), dropout=0.25)
    batch = collate([frames_of(example.gesture) for example in examples(4)], [e.word for e in examples(4)])
    first, second = (network(batch.features, batch.frames) for _ in range(2))
    assert (first != second).any()
    network.eval()
    first, second = (network(batch.features, batch.frames) for _ in range(2))
    assert (first == second).all()
