"""Training on a device: one person's examples, a checkpoint in, a checkpoint out; the model's inside is not known."""

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.doing import OnDoing, each, unheard
from swipefl.errors import Remedy, SwipeflError, TooLittleData, UsageError
from swipefl.gesture.features import Frames, frames_of
from swipefl.gesture.gesture import Example
from swipefl.learning.halfway import Halfway, Standing, halfway_of, packed
from swipefl.learning.network import Batch, Network, alignable, checkpoint_of, collate, network_of
from swipefl.learning.training import FORGETFUL, MIN_EXAMPLES, Keeping, Progress, Trained, TrainingConfig
from swipefl.stopping import Stop, never, raise_if, unbroken, until

Picked: TypeAlias = npt.NDArray[np.intp]


def train(
    start: Checkpoint,
    examples: Sequence[Example],
    config: TrainingConfig,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Stop = never,
    keeping: Keeping = FORGETFUL,
    on_doing: OnDoing = unheard,
) -> Trained:
    """`start` trained on `examples`. On the CPU equal seed, data and torch give equal tensors, bit for bit: also where
    it was stopped in between, and goes on with what `keeping` has of it.

    Raises TooLittleData under MIN_EXAMPLES, UsageError for a device that is not there, and what `stop` says, which is
    asked before each gesture and each batch; what was trained until then is kept.
    """
    device = device_of(config.device)
    _be_deterministic(device)
    torch.manual_seed(config.seed)
    network = network_of(start, config.dropout).to(device)
    known = halfway_of(keeping.begun(), device)
    if known is not None and not known.fits(network):
        known = None
    if known and known.standing.is_over:
        known.take_up(network, None, device)
        on_progress(_progress(known.standing, config))
        return _trained(network, known.standing, start, config)
    seen = each(examples, "looking at swipes", on_doing)
    framed = [(frames_of(example.gesture), example.spelled) for example in until(stop, seen)]
    usable = [(frames, word) for frames, word in framed if alignable(frames, word)]
    if len(usable) < MIN_EXAMPLES:
        raise TooLittleData(
            "few-examples",
            "training needs at least {least} examples, there are {count}",
            Remedy.INGEST_MORE,
            least=MIN_EXAMPLES,
            count=len(usable),
        )
    standing = Standing(examples=len(usable), unalignable=len(framed) - len(usable), frames=_hash_of(usable))
    training = _Training(network, usable, config, device, standing)
    if known and known.standing.frames != standing.frames:  # they are made otherwise by now
        known = None
    if known:
        training.take_up(known)
    try:
        if known:
            on_progress(_progress(known.standing, config))
        training.run(on_progress, stop, keeping, on_doing)
    except SwipeflError:  # between two batches: a step itself is never broken off
        unbroken(partial(training.keep, keeping))
        raise
    unbroken(partial(training.keep, keeping))
    return _trained(network, training.standing, start, config)


def _hash_of(usable: Sequence[tuple[Frames, str]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for frames, word in usable:
        digest.update(frames.features.tobytes() + frames.positions.tobytes() + word.encode())
    return digest.hexdigest()


def _trained(network: Network, standing: Standing, start: Checkpoint, config: TrainingConfig) -> Trained:
    checkpoint = checkpoint_of(network.cpu(), start.score, {})
    speed = config.epochs * standing.examples / max(standing.seconds, 1e-9)
    before, after = (math.nan if loss is None else loss for loss in (standing.loss_before, standing.loss_after))
    return Trained(checkpoint, standing.examples, standing.unalignable, before, after, speed)


def _progress(standing: Standing, config: TrainingConfig) -> Progress:
    an_epoch = -(-standing.examples // config.batch_size)
    epoch = -(-standing.done // an_epoch)
    loss = math.nan if standing.loss is None else standing.loss
    return Progress(epoch, config.epochs, standing.done, config.epochs * an_epoch, loss)


class _Training:
    """One training on frames and words, which can be left between any two batches and taken up again."""

    def __init__(
        self,
        network: Network,
        usable: Sequence[tuple[Frames, str]],
        config: TrainingConfig,
        device: torch.device,
        standing: Standing,
    ) -> None:
        self.standing = standing
        self._network = network
        self._usable = usable
        self._config = config
        self._device = device
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        self._start = [parameter.detach().clone() for parameter in self._parameters]
        self._optimizer = torch.optim.Adam(self._parameters, lr=config.learning_rate, fused=True)

    def take_up(self, known: Halfway) -> None:
        """Takes up what an earlier process left."""
        known.take_up(self._network, self._optimizer, self._device)
        self.standing = known.standing

    def keep(self, keeping: Keeping) -> None:
        """Leaves what there is to a later process; what was only begun is not worth it."""
        if self.standing.is_over:
            keeping.keep(packed(self.standing, self._network, None, self._device))
        elif self.standing.done:
            keeping.keep(packed(self.standing, self._network, self._optimizer, self._device))

    def run(self, on_progress: Callable[[Progress], None], stop: Stop, keeping: Keeping, on_doing: OnDoing) -> None:
        """All batches that are not done yet, and the losses before and after them."""
        if self.standing.loss_before is None:
            self.standing = replace(self.standing, loss_before=self._loss("looking at what it knows", stop, on_doing))
        for _ in self._batches(stop):
            on_progress(_progress(self.standing, self._config))
            if keeping.is_due():
                unbroken(partial(self.keep, keeping))
        loss = self._loss("looking at what it learned", stop, on_doing)
        self.standing = replace(self.standing, loss_after=loss, is_over=True)

    def _batches(self, stop: Stop) -> Iterator[None]:
        """Does those that are left, one by one; which they are was drawn before the first."""
        rng, config = np.random.default_rng(self._config.seed), self._config
        orders = [drawn(self._usable, config.batch_size, rng) for _ in range(config.epochs)]
        for picked in [picked for order in orders for picked in order][self.standing.done :]:
            raise_if(stop)
            yield unbroken(partial(self._step, collated(self._usable, picked)))

    def _step(self, batch: Batch) -> None:
        began = time.perf_counter()
        loss = self._network.loss(batch.to(self._device)).mean()
        proximal = self._config.proximal
        held = loss + 0.5 * proximal * _apart(self._parameters, self._start) if proximal else loss
        descend(held, self._parameters, self._optimizer)
        now, seconds = self.standing, time.perf_counter() - began
        self.standing = replace(now, done=now.done + 1, loss=loss.item(), seconds=now.seconds + seconds)

    def _loss(self, what: str, stop: Stop, on_doing: OnDoing) -> float | None:
        """The mean loss over all there is; None where nobody asks for it."""
        if not self._config.measured:
            return None
        some = [*batches(self._usable, 64)]
        return mean_loss(self._network, until(stop, each(some, what, on_doing)), self._device)


def _apart(parameters: Sequence[Tensor], start: Sequence[Tensor]) -> Tensor:
    """The squared distance () from where training began."""
    return torch.stack([((now - then) ** 2).sum() for now, then in zip(parameters, start, strict=True)]).sum()


def descend(loss: Tensor, parameters: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> None:
    """One step of `parameters` down the gradient of `loss` (), its norm clipped to 1."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def batches(usable: Sequence[tuple[Frames, str]], size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
    """Batches of gestures of similar length, so that little is padding; drawn anew and shuffled given an `rng`."""
    return (collated(usable, picked) for picked in drawn(usable, size, rng))


def drawn(usable: Sequence[tuple[Frames, str]], size: int, rng: np.random.Generator | None = None) -> list[Picked]:
    """Which gestures are a batch together, by their places, as `batches` has them."""
    lengths = np.array([len(frames.features) for frames, _ in usable], np.float64)
    if rng is not None:
        lengths *= rng.uniform(0.95, 1.05, len(lengths))
    order = np.argsort(lengths, kind="stable")
    starts = np.arange(0, len(order), size)
    return [order[start : start + size] for start in (starts if rng is None else rng.permutation(starts))]


def collated(usable: Sequence[tuple[Frames, str]], picked: Picked) -> Batch:
    """The batch of the gestures at these places."""
    frames, words = zip(*(usable[i] for i in picked), strict=True)
    return collate(frames, words)


@torch.no_grad()
def mean_loss(network: Network, fixed: Iterable[Batch], device: torch.device) -> float:
    """The mean CTC loss over batches, in nats a letter; NaN over none."""
    network.eval()  # no dropout
    losses: list[Tensor] = [network.loss(batch.to(device)).cpu() for batch in fixed]
    network.train()
    return float(torch.cat(losses).mean()) if losses else math.nan


def device_of(name: str) -> torch.device:
    """`auto` is an accelerator where there is one. Raises UsageError where `cuda` is asked for and missing."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("no-cuda", "this machine has no CUDA device that torch can use", Remedy.TRAIN_ON_CPU)
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _be_deterministic(device: torch.device) -> None:
    if device.type == "cpu":  # CTC on CUDA has no deterministic backward
        torch.use_deterministic_algorithms(True)
        # One thread has 0.7 of the speed of two here. More of them spin while they wait for each other: beside another
        # busy process two threads took 26 s for what one does in 7 s, and a phone that is in use is never idle.
        torch.set_num_threads(1)
