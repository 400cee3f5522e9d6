"""What was gained: models judged on the same held-out swipes, and whether chance alone could have done it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """How many of the same `swipes` three models get right: the one that came with swipefl, the one in use, a new one.

    `only_base` of them only the first gets right, `only_now` only the last.
    """

    swipes: int
    base: int
    before: int
    now: int
    only_base: int
    only_now: int
