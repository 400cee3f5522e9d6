"""What a night costs on a store that has grown, against one over 2,000 swipes: whole processes, as a timer has them."""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL, run

from swipefl.decoder.lexicon import load_lexicon
from swipefl.store.store import Store
from tests.support.command import environment
from tests.support.people import examples
from tests.support.stores import put

FEW, MANY = 2_000, 10_000


def nights() -> dict[str, float]:
    """Seconds of a night over each, and their ratio."""
    words = load_lexicon("en").truncated(5_000).words
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_filled(Path(folder) / str(count), count, words) for count in (FEW, MANY))
        few_s, many_s = _night_s(few), _night_s(many)
    return {"few_s": few_s, "many_s": many_s, "ratio": many_s / few_s}


def _filled(home: Path, count: int, words: tuple[str, ...]) -> Path:
    with Store(home / "swipefl.db") as store:
        for seed in range(count // 1_000):
            put(store, examples(1_000, seed, words=words))
    return home


def _night_s(home: Path) -> float:
    """The faster of two first nights over the same swipes."""
    seconds = []
    for turn in range(2):
        copy = home.with_name(f"{home.name}-{turn}")
        shutil.copytree(home, copy)
        began = time.perf_counter()
        run([sys.executable, "-m", "swipefl", "cycle", "--json"], env=environment(copy), stdout=DEVNULL, check=True)
        seconds.append(time.perf_counter() - began)
    return min(seconds)
