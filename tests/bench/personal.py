"""Ways to make a model a person's own, judged on people who took no part in anything.

Each learns from the first 60 % of a person's swipes and is judged on the last 40 %, in the order of swiping.
"""

import math
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon, load_lexicon
from swipefl.errors import TooLittleData
from swipefl.gesture.features import STEP, frames_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.language import Languages
from swipefl.home import personal_config
from swipefl.learning.network import Batch, alignable, checkpoint_of, network_of
from swipefl.learning.trainer import batches, descend, train
from swipefl.learning.training import TrainingConfig
from swipefl.settings.device import Settings
from tests.bench.people import people_of
from tests.support.people import examples as generated

DEFAULT = personal_config(Settings(home=Path(os.devnull)))
LEAST = 20  # swipes of a person
COUNTS_SHARE = 0.1  # of a word's probability that the person's own counts have

Words = Callable[[Languages], Lexicon]
Way = Callable[[Checkpoint, Sequence[Example]], tuple[Checkpoint, "Shift", Words]]


@dataclass(frozen=True, eq=False)
class Shift:
    """What a person's points are scaled by and then moved by, in key widths: four numbers."""

    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __call__(self, gesture: Gesture) -> Gesture:
        layout = gesture.keyboard.layout(gesture.width, gesture.height)
        points = gesture.points.copy()
        points[:, :2] = points[:, :2] * self.scale + np.array(self.offset) / layout.scale
        return replace(gesture, points=points)


def nothing(start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """The global model."""
    return start, Shift(), load_lexicon


def whole(plan: TrainingConfig, start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """All weights, as `swipefl train` does it."""
    return train(start, own, plan).checkpoint, Shift(), load_lexicon


def rehearsed(plan: TrainingConfig, start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """All weights, on as many generated swipes of common words beside the person's own."""
    words = load_lexicon("en").truncated(5_000).words
    other = generated(len(own), len(own), built_in("qwerty"), words)
    return train(start, [*own, *other], plan).checkpoint, Shift(), load_lexicon


def head(plan: TrainingConfig, start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """The last layer only."""
    network = network_of(start)
    _learn(plan, own, list(network.head.parameters()), lambda batch: network.loss(batch).mean())
    return checkpoint_of(network, start.score, {}), Shift(), load_lexicon


def shifted(plan: TrainingConfig, start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """Scale and offset of what goes in."""
    network = network_of(start)
    shift = _Shift()
    _learn(plan, own, list(shift.parameters()), lambda batch: network.loss(shift(batch)).mean())
    scale, offset = ((float(x), float(y)) for x, y in (shift.scale.detach(), shift.offset.detach()))
    return start, Shift(scale, offset), load_lexicon


class _Shift(nn.Module):
    """`Shift` while it is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))
        self.offset = nn.Parameter(torch.zeros(2))

    def forward(self, batch: Batch) -> Batch:
        moved = batch.positions * self.scale + self.offset
        by = moved - batch.positions
        parts = torch.split(batch.features, (2, 2, 3, 2), dim=2)
        steps = parts[1] * STEP * self.scale / STEP
        features = torch.cat((parts[0] + by / 3, steps, parts[2], parts[3] - by), dim=2)
        return replace(batch, features=features, positions=moved)


def _learn(
    plan: TrainingConfig, own: Sequence[Example], parameters: list[Tensor], loss: Callable[[Batch], Tensor]
) -> None:
    """Steps of `parameters` alone."""
    usable = [(frames, e.spelled) for e in own if alignable(frames := frames_of(e.gesture), e.spelled)]
    optimizer, rng = torch.optim.Adam(parameters, lr=plan.learning_rate), np.random.default_rng(plan.seed)
    for _ in range(plan.epochs):
        for batch in batches(usable, plan.batch_size, rng):
            descend(loss(batch), parameters, optimizer)


def counted(start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """The words that the person swiped, each as likely as the lexicon and the person's own counts together say."""
    lexicon = load_lexicon("en")
    counts = Counter(example.word for example in own)
    listed = dict(zip(lexicon.words, lexicon.ln_frequencies.tolist(), strict=True))
    prior = {
        word: math.log(
            (1 - COUNTS_SHARE) * math.exp(listed.get(word, -math.inf)) + COUNTS_SHARE * count / counts.total()
        )
        for word, count in counts.items()
    }
    mine = lexicon.with_words(prior)
    return start, Shift(), lambda language: mine


def then(first: Way, second: Way, start: Checkpoint, own: Sequence[Example]) -> tuple[Checkpoint, Shift, Words]:
    """The second way on top of what the first one came to; only one of them may shift, one have words."""
    checkpoint, shift, words = first(start, own)
    moved = [replace(example, gesture=shift(example.gesture)) for example in own]
    checkpoint, shift_2, words_2 = second(checkpoint, moved)
    return checkpoint, shift if shift.offset != (0, 0) else shift_2, words if words is not load_lexicon else words_2


WAYS: dict[str, Way] = {
    "all weights, as `swipefl train` does": partial(whole, DEFAULT),
    "with a pull of 1 to the global weights": partial(whole, replace(DEFAULT, proximal=1.0)),
    "on generated swipes too": partial(rehearsed, DEFAULT),
    "last layer only": partial(head, replace(DEFAULT, learning_rate=3e-3, epochs=8)),
    "offset and scale of the input": partial(shifted, replace(DEFAULT, learning_rate=1e-2, epochs=8)),
    "own words and their counts": counted,
    "all weights, own words": partial(then, partial(whole, DEFAULT), counted),
    "offset and scale, then all weights, own words": partial(
        then,
        partial(then, partial(shifted, replace(DEFAULT, learning_rate=1e-2, epochs=8)), partial(whole, DEFAULT)),
        counted,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """How many of `tested` swipes came right before and after, and the seconds that learning took."""

    tested: int
    before: int
    after: int
    seconds: float


def outcome(way: Way, start: Checkpoint, own: Sequence[Example], rest: Sequence[Example]) -> Outcome:
    """One person."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    try:
        checkpoint, shift, words = way(start, own)
    except TooLittleData:
        checkpoint, shift, words = nothing(start, own)
    seconds = time.perf_counter() - began
    before, after = Decoder(start, load_lexicon), Decoder(checkpoint, words)
    return Outcome(
        len(rest),
        sum(_right(before, example, example.gesture) for example in rest),
        sum(_right(after, example, shift(example.gesture)) for example in rest),
        seconds,
    )


def _right(decoder: Decoder, example: Example, gesture: Gesture) -> bool:
    return any(candidate.spelled == example.spelled for candidate in decoder.decode(gesture, 1))


def row(name: str, way: Way, start: Checkpoint, people: Sequence[tuple[list[Example], list[Example]]]) -> str:
    """A line of a table: mean gain of people in points with a bootstrap interval, and how many are worse."""
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        made = [pool.submit(outcome, way, start, own, rest) for own, rest in people]
        outcomes = [future.result() for future in made]
    gains = np.array([100 * (o.after - o.before) / o.tested for o in outcomes])
    means = np.random.default_rng(0).choice(gains, (10_000, len(gains))).mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    worse = sum(o.after < o.before - 1 for o in outcomes) / len(outcomes)
    before = 100 * np.mean([o.before / o.tested for o in outcomes])
    seconds = np.mean([o.seconds for o in outcomes])
    return (
        f"| {name} | {before:.1f} | {gains.mean():+.2f} ({low:+.2f} to {high:+.2f}) | {100 * worse:.0f} % "
        f"| {seconds:.1f} |"
    )


def tables(start: Checkpoint, file: Path) -> Iterator[str]:
    """All ways, then the first of them by how many swipes a person has."""
    people = [person for person in people_of(file, 10_000) if len(person) >= LEAST]
    halves = [(person[: (cut := int(0.6 * len(person)))], person[cut:]) for person in people]
    heading = "| top-1 before | points of top-1 more | worse by over one swipe | s |\n|---|---|---|---|---|"
    yield f"\n| {len(people)} people, {sum(len(rest) for _, rest in halves)} swipes judged {heading}"
    for name, way in WAYS.items():
        yield row(name, way, start, halves)
    yield f"\n| own swipes {heading}"
    for count in (10, 20, 40):
        if some := [(own[-count:], rest) for own, rest in halves if len(own) >= count]:
            yield row(f"{count}, {len(some)} people", partial(whole, DEFAULT), start, some)
