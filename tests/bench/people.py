"""What personal training gives real people: learn from the first 60 % of their swipes, be judged on the last 40 %."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swipefl.cycle import Cycle, Plans
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example, verdict
from swipefl.learning.trainer import train
from swipefl.prediction import choose_checkpoint, lexicons
from swipefl.store.store import Store


@dataclass(frozen=True)
class Gain:
    """One person's top-1 on their last 40 %."""

    person: str
    trained_on: int
    tested_on: int
    base: float
    personal: float


def people_of(path: Path, count: int) -> list[list[Example]]:
    """The examples of the first `count` people, in the order in which they were swiped."""
    people: dict[str, list[Example]] = {}
    for example in read_examples(path):
        people.setdefault(str(example.gesture.user), []).append(example)
    return list(people.values())[:count]


def gains(people: list[list[Example]], plans: Plans) -> Iterator[Gain]:
    """Ingest, `cycle --rounds 3`, evaluate: for each person in a store of their own."""
    for number, examples in enumerate(people, 1):
        cut = int(0.6 * len(examples))
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "swipefl.db") as store:
            with store.transaction():
                store.gestures.add([(example, verdict(example)) for example in examples[:cut]])
            Cycle(store, lambda: train, lexicons(store.words.all()), plans).run(3)
            scores = []
            for model in ("base", "personal"):
                decoder = Decoder(choose_checkpoint(store, model), lexicons(store.words.all()))
                rest = examples[cut:]
                scores.append(evaluate(decoder.decode_and_spell, rest, lambda example: True).top1)
        yield Gain(f"person {number}", cut, len(examples) - cut, *scores)
