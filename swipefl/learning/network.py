"""The network in torch: a bidirectional LSTM that says where on the keyboard the finger means."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction, FunctionCtx
from torch.nn import functional

from swipefl.arrays import Floats
from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, Weights
from swipefl.decoder.encoder import OUTPUTS, Architecture, fitting, ways
from swipefl.gesture.features import FEATURES, Frames

NEVER = -1e9  # a logit that no key reaches; finite, so that its gradient is 0 and not NaN


@dataclass(frozen=True, eq=False)
class Batch:
    """B gestures padded to T frames, K keys, L letters and the longest word.

    features (B, T, 9), positions (B, T, 2), frames (B,), centres (B, K, 2), keys_of_letter (B, L, 2) with K for no key,
    targets (B, W) as 1 + letter, word_lengths (B,).
    """

    features: Tensor
    positions: Tensor
    frames: Tensor
    centres: Tensor
    keys_of_letter: Tensor
    targets: Tensor
    word_lengths: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on `device`."""
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def alignable(frames: Frames, word: str) -> bool:
    """Whether CTC can align `word`: a frame for each letter and one more for each letter that repeats its neighbour."""
    return len(frames.features) >= len(word) + sum(a == b for a, b in pairwise(word))


def collate(gestures: Sequence[Frames], words: Sequence[str]) -> Batch:
    """Gestures and their words as one padded batch."""
    lengths = [len(g.features) for g in gestures]
    size, most_frames = len(gestures), max(lengths)
    most_keys = max(len(g.layout.centres) for g in gestures)
    most_letters = max(len(g.layout.letters) for g in gestures)
    features = np.zeros((size, most_frames, FEATURES), np.float32)
    positions = np.zeros((size, most_frames, 2), np.float32)
    centres = np.zeros((size, most_keys, 2), np.float32)
    keys = np.full((size, most_letters, 2), most_keys, np.int64)
    targets = np.zeros((size, max(map(len, words))), np.int64)
    for i, (gesture, word) in enumerate(zip(gestures, words, strict=True)):
        features[i, : lengths[i]] = gesture.features
        positions[i, : lengths[i]] = gesture.positions
        centres[i, : len(gesture.layout.centres)] = gesture.layout.centres
        for key, letter in enumerate(gesture.layout.key_letter):
            keys[i, letter, int(keys[i, letter, 0] != most_keys)] = key
        targets[i, : len(word)] = [1 + gesture.layout.index[letter] for letter in word]
    arrays = (features, positions, np.array(lengths), centres, keys, targets, np.array([len(w) for w in words]))
    return Batch(*(torch.from_numpy(array) for array in arrays))


class Network(nn.Module):
    """Layers of two LSTMs, one a direction, and a linear head of six outputs a frame."""

    def __init__(self, architecture: Architecture, dropout: float = 0.0) -> None:
        super().__init__()
        self.architecture = architecture
        hidden = architecture.hidden
        self.lstms = nn.ModuleList()  # each layer's forward one, then its backward one
        for layer in range(architecture.layers):
            self.lstms.extend(nn.LSTM(architecture.inputs(layer), hidden) for _ in ways(layer))
        self.dropout = dropout  # of what a layer says
        self.head = nn.Linear(2 * hidden, OUTPUTS)
        for lstm in self.lstms:  # one bias is enough; torch keeps two
            spare = lstm.get_parameter("bias_hh_l0")
            nn.init.zeros_(spare).requires_grad_(False)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Outputs (B, T, 6) for features (B, T, 9) of which `frames` (B,) count.

        Packing would more than halve the speed on a CPU: instead the backward direction runs on each gesture
        flipped within its own length, so that padding always comes last.
        """
        flip = flipped(frames, features.shape[1])  # (T * B,)
        states = features.transpose(0, 1)  # (T, B, 9), then (T, B, 2H)
        for layer in range(self.architecture.layers):
            onward, _ = self.lstms[2 * layer](states)  # (T, B, H)
            back, _ = self.lstms[2 * layer + 1](_turned(states, flip))
            states = torch.cat((onward, _turned(back, flip)), dim=2)
            if self.training and self.dropout:
                states = dropped(states, self.dropout)
        outputs: Tensor = self.head(states)
        return outputs.transpose(0, 1)

    def loss(self, batch: Batch) -> Tensor:
        """CTC loss (B,) in nats a letter (Graves 2006, ICML)."""
        return self.loss_of(self(batch.features, batch.frames), batch)

    def loss_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        """The loss (B,) of outputs (B, T, 6)."""
        log_probs = letter_log_probs(outputs, batch)
        nll: Tensor = functional.ctc_loss(
            log_probs.transpose(0, 1), batch.targets, batch.frames, batch.word_lengths, blank=0, reduction="none"
        )
        return nll / batch.word_lengths


def dropped(states: Tensor, share: float) -> Tensor:
    """States (T, B, C) without a share of the channels, for a gesture's whole time the same (Gal 2016, NeurIPS).

    That also draws T times fewer random numbers, which took a tenth of a training step.
    """
    kept = torch.rand(states.shape[1:], device=states.device) >= share
    return states * (kept / (1 - share))


def flipped(frames: Tensor, most: int) -> Tensor:
    """Indices (T * B,) into (T, B) that turn each gesture around within its own length and leave its padding there."""
    steps = torch.arange(most, device=frames.device)[:, None]  # (T, 1)
    turned = torch.where(steps < frames, frames - 1 - steps, steps)  # (T, B)
    return (turned * len(frames) + torch.arange(len(frames), device=frames.device)).flatten()


def _turned(sequence: Tensor, flip: Tensor) -> Tensor:
    """Each gesture of (T, B, C) turned around by the indices of `flipped`."""
    turned: Tensor = _Turn.apply(sequence, flip)  # type: ignore[no-untyped-call]
    return turned


class _Turn(torch.autograd.Function):
    """Moves whole rows, several times as fast as `gather`.

    What is turned twice is as it was, so a gradient turns too; autograd would add its rows to zeros one by one.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, sequence: Tensor, flip: Tensor) -> Tensor:
        ctx.save_for_backward(flip)
        return sequence.flatten(0, 1).index_select(0, flip).view_as(sequence)

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> tuple[Tensor, None]:
        return _turned(gradient, *ctx.saved_tensors), None


def letter_log_probs(outputs: Tensor, batch: Batch) -> Tensor:
    """Log-probabilities (B, T, 1 + L), blank first; the numpy encoder says the same for one gesture."""
    first, second = batch.keys_of_letter.unbind(2)  # (B, L)
    typed = _key_logits(outputs, batch, first)
    if bool((second < batch.centres.shape[1]).any()):  # few layouts have two keys for a letter
        typed = torch.logaddexp(typed, _key_logits(outputs, batch, second))
    return torch.cat((outputs[..., 5:6], typed), dim=2).log_softmax(2)


def _key_logits(outputs: Tensor, batch: Batch, keys: Tensor) -> Tensor:
    """Logits (B, T, L) of keys (B, L); NEVER where there is none."""
    meant = batch.positions + outputs[..., 0:2]
    precision = functional.softplus(outputs[..., 2:4])
    centres = functional.pad(batch.centres, (0, 0, 0, 1)).gather(1, keys[:, :, None].expand(-1, -1, 2))  # (B, L, 2)
    logits = outputs[..., 4:5]
    for axis in (0, 1):  # both at once would need sums over rows of two, which are slow
        away = meant[..., axis, None] - centres[:, None, :, axis]  # (B, T, L)
        logits = logits - precision[..., axis, None] * away**2
    return logits.masked_fill((keys == batch.centres.shape[1])[:, None], NEVER)


def weights_of(network: Network) -> Weights:
    """The network's weights under the names that a checkpoint gives them."""
    return {name: _array(parameter) for name, parameter in _named(network).items()}


def _named(network: Network) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    names = [way for layer in range(network.architecture.layers) for way in ways(layer)]
    for way, lstm in zip(names, network.lstms, strict=True):
        named[f"{way}.input"] = lstm.get_parameter("weight_ih_l0")
        named[f"{way}.recurrent"] = lstm.get_parameter("weight_hh_l0")
        named[f"{way}.bias"] = lstm.get_parameter("bias_ih_l0")
    return {**named, "head.weight": network.head.weight, "head.bias": network.head.bias}


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().cpu().numpy().copy()
    return array


def network_of(checkpoint: Checkpoint, dropout: float = 0.0) -> Network:
    """A network with the checkpoint's weights. Raises CheckpointError where they do not fit its architecture."""
    network = Network(fitting(checkpoint), dropout)
    with torch.no_grad():
        for name, parameter in _named(network).items():
            parameter.copy_(torch.from_numpy(np.array(checkpoint.weights[name])))
    return network


def checkpoint_of(network: Network, score: ScoreWeights, info: dict[str, str]) -> Checkpoint:
    """The network's weights as a checkpoint."""
    return Checkpoint(str(network.architecture), weights_of(network), score, info)
