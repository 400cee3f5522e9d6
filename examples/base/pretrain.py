"""The base checkpoint from generated swipes only: `python examples/base/pretrain.py OUT.safetensors`.

Everything is drawn on the fly: people, words, layouts and sizes. No recorded swipe is ever read, unless `--examples
FILE` asks for it: then the network goes on from the base checkpoint with the swipes of that file, all in one place,
which is what federation is measured against. Recipe and scores of the shipped checkpoint stand in
`swipefl/decoder/base/README.md`.
"""

import math
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch.utils.data import DataLoader, IterableDataset

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.decoder.lexicon import Lexicon, load_lexicon
from swipefl.errors import TooLittleData
from swipefl.gesture import synthesis
from swipefl.gesture.features import Frames, frames_of_points
from swipefl.gesture.formats import read_examples
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard, Layout, built_in
from swipefl.learning.network import Batch, Network, alignable, checkpoint_of, collate, network_of
from swipefl.learning.trainer import descend, device_of
from swipefl.learning.training import DROPOUT

PEOPLE_A_POOL, SWIPES_A_PERSON = 16, 32
MOST_WORDS = 100_000  # of each language
SCORE = ScoreWeights(  # tuned on training people for the shipped checkpoint (tune.py); another wants its own
    alpha=0.722,
    beta=0.851,
    temperature=0.266,
    doubt=0.876,
    location=5.022,
    start=0.238,
    end=0.248,
    missed=6.693,
    extent=-1.895,
    context=0.92,
    first=0.947,
)


@dataclass(frozen=True)
class Recipe:
    """What a base checkpoint is made of; `swipes` is how many are drawn in all."""

    swipes: int
    architecture: Architecture
    batch_size: int = 64
    learning_rate: float = 3e-3
    dropout: float = 0.0
    bfloat16: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Language:
    """Words (N,) of a language, as they are spelled on the keyboard that they are swiped on.

    Each has a probability (N,) of being drawn; `share` of the people write the language.
    """

    share: float
    keyboard: Keyboard
    words: list[str]
    chances: np.ndarray[tuple[int], np.dtype[np.float64]]


def load_language(name: str, keyboard: Keyboard, share: float) -> Language:
    """Half of the draws go by frequency, flattened; half by none, so that rare letter pairs are learned too."""
    frequencies = spelled_frequencies(load_lexicon(name).truncated(MOST_WORDS), keyboard)
    drawn = np.array([not never_drawn(word) for word in frequencies])
    flattened = np.array(list(frequencies.values())) ** 0.75 * drawn
    chances = 0.5 * flattened / flattened.sum() + 0.5 * drawn / drawn.sum()
    return Language(share, keyboard, list(frequencies), chances)


def spelled_frequencies(lexicon: Lexicon, keyboard: Keyboard) -> dict[str, float]:
    """The spellings of a lexicon's words on a keyboard, with the frequencies of all words that are spelled so."""
    spelling = keyboard.spelling(lexicon.languages)
    frequencies: defaultdict[str, float] = defaultdict(float)
    for word, ln_frequency in zip(lexicon.words, lexicon.ln_frequencies.tolist(), strict=True):
        if keys := spelling.of(word):
            frequencies[keys] += math.exp(ln_frequency)
    return dict(frequencies)


def never_drawn(word: str) -> bool:
    """One word in fifty, the same in every run: what a network makes of words that it never saw is measured on them."""
    return zlib.crc32(word.encode()) % 50 == 0


class GeneratedSwipes(IterableDataset[Batch]):
    """An endless stream of batches of generated swipes of similar length."""

    def __init__(self, languages: Sequence[Language], recipe: Recipe) -> None:
        self._languages = languages
        self._recipe = recipe

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self._recipe.seed)
        languages = self._languages
        size = self._recipe.batch_size
        while True:
            pool = [pair for _ in range(PEOPLE_A_POOL) for pair in _person_swipes(languages, rng)]
            yield from _batches(pool, size, rng)


class RecordedSwipes(IterableDataset[Batch]):
    """An endless stream of batches of recorded swipes, each pass in a new order and a little varied."""

    def __init__(self, examples: Sequence[Example], recipe: Recipe) -> None:
        self._examples = examples
        self._recipe = recipe

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self._recipe.seed)
        size, pool_size = self._recipe.batch_size, PEOPLE_A_POOL * SWIPES_A_PERSON
        while True:
            order = rng.permutation(len(self._examples))
            for begin in range(0, len(order), pool_size):
                chosen = (self._examples[i] for i in order[begin : begin + pool_size])
                yield from _batches([(_varied(example.gesture, rng), example.spelled) for example in chosen], size, rng)


def _varied(gesture: Gesture, rng: np.random.Generator) -> Frames:
    """A gesture scaled, sheared and turned a little, its keyboard with it, and slower or faster."""
    layout = gesture.keyboard.layout(gesture.width, gesture.height)
    change = (np.eye(2) + rng.normal(0, 0.03, (2, 2))).astype(np.float32)
    points = gesture.points.copy()
    points[:, :2] = points[:, :2] * layout.scale @ change
    points[:, 2] *= np.exp(rng.normal(0, 0.1))
    return frames_of_points(points, Layout(layout.letters, layout.centres @ change, layout.key_letter, layout.scale))


def _batches(pool: list[tuple[Frames, str]], size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """The pool's swipes in batches of similar length, in random order; what CTC cannot align is left out."""
    usable = sorted((pair for pair in pool if alignable(*pair)), key=lambda pair: len(pair[0].features))
    for start in rng.permutation(np.arange(0, len(usable), size)):
        yield collate(*zip(*usable[start : start + size], strict=True))


def _person_swipes(languages: Sequence[Language], rng: np.random.Generator) -> list[tuple[Frames, str]]:
    language = languages[int(rng.choice(len(languages), p=[language.share for language in languages]))]
    layout = _layout(language.keyboard, rng)
    words = [language.words[i] for i in rng.choice(len(language.words), SWIPES_A_PERSON, p=language.chances)]
    person = synthesis.draw_person(rng)
    paths = synthesis.swipe_in_key_widths(words, layout, person, rng)
    return [(frames_of_points(path, layout), word) for path, word in zip(paths, words, strict=True)]


def _layout(keyboard: Keyboard, rng: np.random.Generator) -> Layout:
    """The keyboard at a random phone's proportions; one in five has its letters shuffled: no layout is learned."""
    stretch = rng.choice(np.linspace(0.84, 1.1, 14))
    layout = keyboard.layout(keyboard.width, float(keyboard.height * stretch))
    if rng.random() < 0.8:
        return layout
    return Layout(layout.letters, layout.centres, rng.permutation(layout.key_letter), layout.scale)


def pretrain(
    recipe: Recipe,
    swipes: IterableDataset[Batch],
    device: torch.device,
    start: Checkpoint | None = None,
) -> Network:
    """A network, new or from `start`, trained on the first `recipe.swipes` of `swipes` with Adam and one cosine.

    The LSTMs run in bfloat16 for the first nine tenths where `device` is fast at it, twice as fast as float32.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)  # another process draws the swipes; with two cores both are busy
    network = network_of(start, recipe.dropout) if start else Network(recipe.architecture, recipe.dropout)
    network.to(device)
    steps = max(recipe.swipes // recipe.batch_size, 1)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=recipe.learning_rate, fused=True)
    warm = min(200, max(steps // 10, 1))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, 0.5 * (1 + np.cos(np.pi * step / steps)) + 1e-3)
    )
    batches = iter(DataLoader(swipes, batch_size=None, num_workers=1, prefetch_factor=32))
    started, recent = time.monotonic(), 0.0
    for step in range(steps):
        batch = next(batches).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bfloat16 and step < 0.9 * steps):
            outputs = network(batch.features, batch.frames)
        loss = network.loss_of(outputs.float(), batch).mean()
        descend(loss, trained, optimizer)
        schedule.step()
        recent += (loss.item() - recent) * max(0.01, 1 / (step + 1))
        if step % 100 == 99:
            rate = (step + 1) * recipe.batch_size / (time.monotonic() - started)
            print(f"step {step + 1}/{steps} loss {recent:.4f} {rate:.0f} swipes/s", file=sys.stderr, flush=True)
    return network


class Device(StrEnum):
    """Where to train."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    out: Annotated[Path, typer.Argument(help="The checkpoint to write.")],
    swipes: Annotated[
        int | None, typer.Option(help="In all; 2,000,000 generated ones, or eight passes over --examples.")
    ] = None,
    examples: Annotated[Path | None, typer.Option(help="Swipes with their words; else they are generated.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="Go on from this checkpoint; with --examples the base, else none.")
    ] = None,
    architecture: Annotated[
        str, typer.Option(help="Of a new network; one that goes on keeps its own.")
    ] = "bilstm-128x2",
    learning_rate: Annotated[float, typer.Option(help="Step size.")] = 3e-3,
    device: Annotated[Device, typer.Option(help="Where to train.")] = Device.AUTO,
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="For processors that are fast at it.")] = False,
    seed: Annotated[int, typer.Option(help="Equal seeds draw and train alike.")] = 0,
) -> None:
    """Train and write a checkpoint; its score weights are those it started from until `tune.py` tunes them."""
    begin = checkpoint_from_bytes(start.read_bytes()) if start else None
    if examples and begin is None:
        begin = base_checkpoint()
    recorded = list(read_examples(examples)) if examples else []
    if examples and not recorded:
        raise TooLittleData("no-examples", "{path} holds no swipe with its word that can be read", path=examples)
    recipe = Recipe(
        swipes or (8 * len(recorded) if recorded else 2_000_000),
        Architecture.named(begin.architecture if begin else architecture),
        learning_rate=learning_rate,
        dropout=DROPOUT if recorded else 0.0,
        bfloat16=bfloat16,
        seed=seed,
    )
    languages = [load_language("ru", built_in("jcuken"), 0.25), load_language("en", built_in("qwerty"), 0.75)]
    stream = RecordedSwipes(recorded, recipe) if recorded else GeneratedSwipes(languages, recipe)
    kind = f"{len(recorded)} recorded" if recorded else "generated"
    info = {"trained_on": f"{recipe.swipes} draws of {kind} swipes", "seed": str(recipe.seed)}
    network = pretrain(recipe, stream, device_of(device), begin)
    partial = out.with_suffix(".partial")  # whoever reads OUT meanwhile finds a whole one, or the one before
    partial.write_bytes(checkpoint_of(network, begin.score if begin else SCORE, info).to_bytes(half=True))
    partial.replace(out)


if __name__ == "__main__":
    app()
