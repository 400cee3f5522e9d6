"""Builds the package's models of words in order: `python -m examples.context [--check] [--wheel FILE]`.

With --check nothing is written; the exit status says whether the file is what this would write. The source is read out
of pocketsphinx as it is installed here, or out of a wheel. What it is, and how it was changed:
swipefl/decoder/contexts/README.md.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np

from examples.context.packing import model_of
from examples.context.pruning import pruned, restricted
from examples.context.source import NGrams, read, source_bytes
from swipefl.decoder import ngrams

FILE = Path(ngrams.__file__).parent / "contexts" / "en.bin"
THRESHOLD = 1.15e-7  # nats: as low as two megabytes allow
TYPED = re.compile(r"'?[a-z]+(?:['-][a-z]+)*'?")  # a word that a keyboard writes: neither "</s>" nor "a."


def whole_model(wheel: Path | None) -> NGrams:
    """The source, of words that keyboards write."""
    model = read(source_bytes(wheel))
    return restricted(model, np.array([bool(TYPED.fullmatch(word)) for word in model.words]))


def content(wheel: Path | None, threshold: float = THRESHOLD) -> bytes:
    """The file of the model that is pruned so far."""
    return ngrams.packed(model_of(pruned(whole_model(wheel), threshold, threshold)))


def main() -> int:
    """Writes or checks the file; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--wheel", type=Path, help="pocketsphinx's wheel, where it is not installed")
    arguments = parser.parse_args()
    made = content(arguments.wheel)
    if not arguments.check:
        FILE.write_bytes(made)
    elif not FILE.is_file() or FILE.read_bytes() != made:
        sys.stderr.write(f"out of date: {FILE.name}; run `python -m examples.context`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
