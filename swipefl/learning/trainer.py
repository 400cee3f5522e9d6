"""Training on a device: one person's examples, a checkpoint in, a checkpoint out; the model's inside is not known."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.errors import Interrupted, TooLittleData, UsageError
from swipefl.gesture.features import Frames, frames_of
from swipefl.gesture.gesture import Example
from swipefl.learning.network import Batch, Network, alignable, checkpoint_of, collate, network_of
from swipefl.learning.plan import MIN_EXAMPLES, Plan, Progress, Trained


def train(
    start: Checkpoint,
    examples: Sequence[Example],
    plan: Plan,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], int | None] = lambda: None,
) -> Trained:
    """`start` trained on `examples`. On the CPU equal seed, data and torch give equal tensors, bit for bit.

    Raises TooLittleData under MIN_EXAMPLES, UsageError for a device that is not there, and Interrupted at the first
    batch after `stopped` names a signal.
    """
    device = device_of(plan.device)
    framed = [(frames_of(example.gesture), example.word) for example in examples]
    usable = [(frames, word) for frames, word in framed if alignable(frames, word)]
    if len(usable) < MIN_EXAMPLES:
        raise TooLittleData(f"training needs at least {MIN_EXAMPLES} examples, there are {len(usable)}; ingest more")
    _be_deterministic(device)
    torch.manual_seed(plan.seed)
    network = network_of(start, plan.dropout).to(device)
    fixed = list(batches(usable, 64)) if plan.measured else []
    loss_before = mean_loss(network, fixed, device)
    began = time.perf_counter()
    _descend(network, usable, plan, device, on_progress, stopped)
    seconds = time.perf_counter() - began
    loss_after = mean_loss(network, fixed, device)
    checkpoint = checkpoint_of(network.cpu(), start.score, {})
    speed = plan.epochs * len(usable) / max(seconds, 1e-9)
    return Trained(checkpoint, len(usable), len(framed) - len(usable), loss_before, loss_after, speed)


def _descend(
    network: Network,
    usable: Sequence[tuple[Frames, str]],
    plan: Plan,
    device: torch.device,
    on_progress: Callable[[Progress], None],
    stopped: Callable[[], int | None],
) -> None:
    rng = np.random.default_rng(plan.seed)
    parameters = [p for p in network.parameters() if p.requires_grad]
    start = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.Adam(parameters, lr=plan.learning_rate, fused=True)
    an_epoch = -(-len(usable) // plan.batch_size)
    for epoch in range(plan.epochs):
        for done, batch in enumerate(batches(usable, plan.batch_size, rng), 1):
            if (signum := stopped()) is not None:
                raise Interrupted(signum)
            loss = network.loss(batch.to(device)).mean()
            held = loss + 0.5 * plan.proximal * _apart(parameters, start) if plan.proximal else loss
            descend(held, parameters, optimizer)
            on_progress(Progress(epoch + 1, plan.epochs, epoch * an_epoch + done, plan.epochs * an_epoch, loss.item()))


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
def mean_loss(network: Network, fixed: Sequence[Batch], device: torch.device) -> float:
    """The mean CTC loss over batches, in nats a letter; NaN over none."""
    network.eval()  # no dropout
    losses: list[Tensor] = [network.loss(batch.to(device)).cpu() for batch in fixed]
    network.train()
    return float(torch.cat(losses).mean()) if losses else math.nan


def device_of(name: str) -> torch.device:
    """`auto` is an accelerator where there is one. Raises UsageError where `cuda` is asked for and missing."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("this machine has no CUDA device that torch can use; leave --device out or say `cpu`")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _be_deterministic(device: torch.device) -> None:
    if device.type == "cpu":  # CTC on CUDA has no deterministic backward
        torch.use_deterministic_algorithms(True)
        # One thread has 0.7 of the speed of two here. More of them spin while they wait for each other: beside another
        # busy process two threads took 26 s for what one does in 7 s, and a phone that is in use is never idle.
        torch.set_num_threads(1)
