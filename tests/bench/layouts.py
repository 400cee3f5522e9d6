"""Layouts and words that training never saw, against the same network trained further on just that layout."""

from dataclasses import replace

import torch

from examples.base.pretrain import GeneratedSwipes, Recipe, load_language, never_drawn, pretrain, spelled_frequencies
from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.encoder import Architecture
from swipefl.decoder.evaluation import evaluate
from swipefl.decoder.lexicon import load_lexicon
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, built_in
from swipefl.learning.network import checkpoint_of
from tests.support.people import examples as swipes_of

UNSEEN = {"azerty": "azerty-fr", "dvorak": "dvorak"}
PEOPLE, SWIPES = 40, 20
LEARNED = 20_000  # swipes on the layout


def unseen() -> dict[str, dict[str, float]]:
    """Top-1 of the base and of the same network trained on the layout, on generated swipes of never drawn words."""
    lexicon = load_lexicon("en")
    spelled = spelled_frequencies(lexicon.truncated(30_000), built_in("qwerty"))
    words = tuple(word for word in spelled if never_drawn(word) and len(word) > 1)
    rows = {}
    for name, layout in UNSEEN.items():
        board = replace(built_in(layout), languages=("en",))
        swipes = [e for seed in range(PEOPLE) for e in swipes_of(SWIPES, 7_000 + seed, board, words)]
        base, taught = top1(base_checkpoint(), swipes), top1(trained_on(board), swipes)
        rows[name] = {"swipes": len(swipes), "base_top1": base, "trained_top1": taught, "behind": taught - base}
    return rows


def trained_on(board: Keyboard) -> Checkpoint:
    """The base checkpoint after LEARNED more swipes, all on this layout."""
    base = base_checkpoint()
    recipe = Recipe(LEARNED, Architecture.named(base.architecture), learning_rate=5e-4, seed=1)
    stream = GeneratedSwipes([load_language("en", board, 1.0)], recipe)
    network = pretrain(recipe, stream, torch.device("cpu"), base)
    return checkpoint_of(network, base.score, {})


def top1(checkpoint: Checkpoint, swipes: list[Example]) -> float:
    """The share of swipes whose word comes first among 100,000."""
    decoder = Decoder(checkpoint, load_lexicon)
    return evaluate(decoder.decode_and_spell, swipes, lambda example: True).top1
