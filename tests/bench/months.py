"""`make months`: what a person's own words in order give, over a generated month of one who has habits of their own.

Each night what was swiped goes into the store; each day is predicted with what was there the night before, by the base
with the words that the person swiped twice: without the words before, with the package's words in order, and with the
person's too.
"""

import argparse
import sys
from pathlib import Path

from tests.support.command import ROOT
from tests.support.months import days_of, month, table

HEADING = """# What a person's own words in order give

Made by `make months`. A generated month of one generated person: a hundred swipes a day, ingested each night; each day
is predicted by the base with what was there the night before. Percentages of words that come first; a word outside the
lexicon, as new names are, counts as wrong until it was swiped twice. Two sentences of three are of the person's habits
(names, places, set phrases and words that they put beside one another, drawn at random, a quarter of them of that week
alone), one is everyday English drawn from the package's model. Nobody wrote any of it: real people repeat themselves
more, or less. What was chosen on another such month stands in `swipefl/device/phrases.py`.
"""


def main() -> None:
    """Write examples/phrases.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--person", type=int, default=2, help="another than 1, on whose month numbers were chosen")
    parser.add_argument("--out", type=Path, default=ROOT / "examples" / "phrases.md")
    options = parser.parse_args()
    days = []
    for number, day in enumerate(days_of(month(options.person)), 1):
        days.append(day)
        print(number, sum(day.blind), sum(day.package), sum(day.own), file=sys.stderr)
    options.out.write_text("\n".join([HEADING, *table(days), ""]))


if __name__ == "__main__":
    main()
