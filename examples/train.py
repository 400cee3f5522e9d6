"""Trains on a file of swipes and prints what got better: `python examples/train.py [swipes.jsonl]`.

The home is a throw-away one; `swipefl.open()` without it is the one of `swipefl` on the command line.
"""

import sys
import tempfile

import swipefl


def main(file: str) -> None:
    """Ingests the file, trains three rounds at most, and judges on swipes that no training saw."""
    with tempfile.TemporaryDirectory() as home, swipefl.open(home) as device:
        print(f"{device.ingest(file).stored} swipes are stored")
        before = device.evaluate(model="base")
        for done in device.cycle(rounds=3).rounds:
            print(f"round {done.round}: {done.skipped or ('kept' if done.adopted else 'not better')}")
        after = device.evaluate()
        for name, was, now in (("first", before.top1, after.top1), ("among three", before.top3, after.top3)):
            print(f"the right word is {name}: {was:.1%} -> {now:.1%} of {after.examples} held-out swipes")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if sys.argv[1:] else "examples/swipes.jsonl")
    except swipefl.SwipeflError as error:
        sys.exit(str(error))
