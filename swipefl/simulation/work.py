"""What one process does at a time: one client's part of a round, or a part of an evaluation."""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import decoder_of_any
from swipefl.decoder.evaluation import Evaluation, evaluate_by
from swipefl.device.contribution import Contribution, contribution
from swipefl.errors import DataError
from swipefl.federation.update import encode_update, residual_from, shapes_of
from swipefl.gesture.formats import read_labelled
from swipefl.gesture.formats.fields import group_of
from swipefl.learning.loading import load_trainer
from swipefl.learning.training import MIN_EXAMPLES, TrainingConfig
from swipefl.simulation.participants import Participant
from swipefl.simulation.scenario import Scenario


@dataclass(frozen=True)
class Task:
    """One client's part of a round, trained from the checkpoint in the file `start`; `residual` is what it owes."""

    participant: Participant
    round: int
    start: Path
    hostile: bool
    residual: Path | None = None


@dataclass(frozen=True)
class Made:
    """What a client sends, and out of how many examples; None where it has too few of them to train on.

    `residual` is what it owes once that is taken, nothing where it owes what it owed.
    """

    blob: bytes | None
    examples: int
    residual: bytes = b""


def contribute(task: Task, scenario: Scenario) -> Made:
    """Trains as a device does. The same task and scenario give the same bytes."""
    seed = int(np.random.default_rng([scenario.seed, task.round, task.participant.number]).integers(2**31))
    examples = task.participant.examples()
    if scenario.troubles.skew:
        part = np.random.default_rng([scenario.seed, task.participant.number]).random() ** scenario.troubles.skew
        examples = examples[: max(MIN_EXAMPLES, math.ceil(part * len(examples)))]
    start = _checkpoint(task.start)
    asked = scenario.plan
    config = TrainingConfig(
        asked.epochs,
        asked.batch_size,
        asked.learning_rate,
        seed,
        "cpu",
        proximal=scenario.proximal,
        measured=False,
    )
    try:
        made = contribution(start, examples, config, load_trainer(), decoder_of_any)
        return _sent(made, task, scenario)
    except DataError:  # too few examples, or weights that are not finite any more: a device would send nothing
        return Made(None, 0)


def _sent(made: Contribution, task: Task, scenario: Scenario) -> Made:
    """What is sent of a change: int8, clipped and with what is owed as devices do it, or float32 as it is.

    Who is hostile owes nobody anything: it leaves the residual as it is.
    """
    delta = {name: np.float32(-10) * array for name, array in made.delta.items()} if task.hostile else made.delta
    if not scenario.compressed:
        return Made(save(delta), made.examples)
    if task.hostile:
        bound = scenario.plan.max_norm if scenario.troubles.cunning else math.inf
        return Made(encode_update(delta, bound).blob, made.examples)
    residual = residual_from(task.residual.read_bytes(), shapes_of(delta)) if task.residual else None
    encoded = encode_update(delta, scenario.plan.max_norm, residual)
    return Made(encoded.blob, made.examples, encoded.residual_blob)


def evaluate_part(
    start: Path, examples: Path, part: int, parts: int, by: str | None = None
) -> tuple[Evaluation, dict[str, Evaluation]]:
    """The scores of the checkpoint in `start` on every `parts`-th example of a file, from the `part`-th on.

    And those of each group by a field of their lines, where one is named. Raises UsageError where that groups nothing.
    """
    decoder = decoder_of_any(_checkpoint(start))
    labelled = read_labelled(examples, lambda example, fields: (example, group_of(fields, by) if by else ""))
    grouped = islice(labelled, part, None, parts)
    whole, groups = evaluate_by(decoder.decode_and_spell, grouped, decoder.knows)
    return whole, groups if by else {}


@lru_cache(maxsize=4)
def _checkpoint(path: Path) -> Checkpoint:
    return checkpoint_from_bytes(path.read_bytes())
