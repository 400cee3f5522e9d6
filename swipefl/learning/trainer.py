"""Training on a device: one person's examples, a checkpoint in, a checkpoint out; the model's inside is not known."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.errors import Remedy, TooLittleData, UsageError
from swipefl.gesture.features import Frames, frames_of
from swipefl.gesture.gesture import Example
from swipefl.learning.network import Batch, Network, alignable, checkpoint_of, collate, network_of
from swipefl.learning.training import MIN_EXAMPLES, Progress, Trained, TrainingConfig
from swipefl.stopping import Stop, never, until


def train(
    start: Checkpoint,
    examples: Sequence[Example],
    config: TrainingConfig,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Stop = never,
) -> Trained:
    """`start` trained on `examples`. On the CPU equal seed, data and torch give equal tensors, bit for bit.

    Raises TooLittleData under MIN_EXAMPLES, UsageError for a device that is not there, and what `stop` says, which is
    asked before each gesture and each batch.
    """
    device = device_of(config.device)
    framed = [(frames_of(example.gesture), example.spelled) for example in until(stop, examples)]
    usable = [(frames, word) for frames, word in framed if alignable(frames, word)]
    if len(usable) < MIN_EXAMPLES:
        raise TooLittleData(
            "few-examples",
            "training needs at least {least} examples, there are {count}",
            Remedy.INGEST_MORE,
            least=MIN_EXAMPLES,
            count=len(usable),
        )
    _be_deterministic(device)
    torch.manual_seed(config.seed)
    network = network_of(start, config.dropout).to(device)
    fixed = list(batches(usable, 64)) if config.measured else []
    loss_before = mean_loss(network, until(stop, fixed), device)
    began = time.perf_counter()
    _descend(network, usable, config, device, on_progress, stop)
    seconds = time.perf_counter() - began
    loss_after = mean_loss(network, until(stop, fixed), device)
    checkpoint = checkpoint_of(network.cpu(), start.score, {})
    speed = config.epochs * len(usable) / max(seconds, 1e-9)
    return Trained(checkpoint, len(usable), len(framed) - len(usable), loss_before, loss_after, speed)


def _descend(
    network: Network,
    usable: Sequence[tuple[Frames, str]],
    config: TrainingConfig,
    device: torch.device,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> None:
    rng = np.random.default_rng(config.seed)
    parameters = [p for p in network.parameters() if p.requires_grad]
    start = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.Adam(parameters, lr=config.learning_rate, fused=True)
    an_epoch = -(-len(usable) // config.batch_size)
    for epoch in range(config.epochs):
        for done, batch in enumerate(until(stop, batches(usable, config.batch_size, rng)), 1):
            loss = network.loss(batch.to(device)).mean()
            held = loss + 0.5 * config.proximal * _apart(parameters, start) if config.proximal else loss
            descend(held, parameters, optimizer)
            on_progress(
                Progress(epoch + 1, config.epochs, epoch * an_epoch + done, config.epochs * an_epoch, loss.item())
            )


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
    lengths = np.array([len(frames.features) for frames, _ in usable], np.float64)
    if rng is not None:
        lengths *= rng.uniform(0.95, 1.05, len(lengths))
    order = np.argsort(lengths, kind="stable")
    starts = np.arange(0, len(order), size)
    for start in starts if rng is None else rng.permutation(starts):
        frames, words = zip(*(usable[i] for i in order[start : start + size]), strict=True)
        yield collate(frames, words)


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
