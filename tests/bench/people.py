"""What personal training gives real people: learn from the first 60 % of their swipes, be judged on the last 40 %."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate, judge
from swipefl.decoder.lexicon import load_lexicon
from swipefl.device.prediction import choose_checkpoint
from swipefl.device.vocabulary import Own, Vocabulary
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example, verdict
from swipefl.home import Home
from swipefl.learning.trainer import train
from swipefl.learning.training import TrainingConfig
from swipefl.settings.device import Settings
from swipefl.store.gestures import Judged
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


def seconds(examples: Sequence[Example], plan: TrainingConfig) -> float:
    """What a personal model out of `examples` takes on one core, judged on a fifth of them as `cycle` would."""
    threads = torch.get_num_threads()
    began = time.process_time()
    made = train(base_checkpoint(), examples, replace(plan, device="cpu")).checkpoint
    for checkpoint in (base_checkpoint(), made):
        judge(Decoder(checkpoint, load_lexicon), examples[::5])
    torch.set_num_threads(threads)
    return time.process_time() - began


def gains(people: list[list[Example]]) -> Iterator[Gain]:
    """Ingest, `cycle --rounds 3`, evaluate: for each person in a store of their own."""
    for number, examples in enumerate(people, 1):
        cut = int(0.6 * len(examples))
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "swipefl.db") as store:
            with store.transaction():
                store.gestures.add([Judged(example, verdict(example)) for example in examples[:cut]])
            Home(Settings(home=Path(folder))).cycle(store).run(3)
            scores = []
            for model in ("base", "personal"):
                decoder = Decoder(choose_checkpoint(store, model), Vocabulary(Own(store.words.all())).lexicon)
                rest = examples[cut:]
                scores.append(evaluate(decoder.decode_and_spell, rest, lambda example: True).top1)
        yield Gain(f"person {number}", cut, len(examples) - cut, *scores)
