"""Loads whatever a command may need, so that a process that forks itself for each of them has loaded it once."""

import gc
import importlib
import pkgutil

import swipefl
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context

for module in pkgutil.walk_packages(swipefl.__path__, "swipefl."):
    if module.name != "swipefl.__main__":
        importlib.import_module(module.name)
base_checkpoint(), load_lexicon(("en",)), shipped_context(("en",))
gc.collect()
gc.freeze()  # what is here is not looked through again by each of them
