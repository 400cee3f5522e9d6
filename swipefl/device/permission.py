"""What a night may do just now, asked before each step: eligibility, as far as a cycle has to know of it."""

from collections.abc import Callable
from dataclasses import dataclass

from swipefl.errors import SwipeflError
from swipefl.stopping import Stop, never


def willing(is_working: bool) -> None:
    """No reason against it."""


@dataclass(frozen=True)
class Permission:
    """Each says why not, or None: may it work at all, speak to the coordinator, make a contribution, send one?

    `during` is asked while it works, at each batch, and says whether it may go on.
    `contribution` is told whether this process has just been training: what it did itself is no reason against more.
    `training` is what the training of a contribution asks, at each batch. A night learns from `least_new_swipes` at
    least.
    """

    night: Stop = never
    during: Stop = never
    visit: Stop = never
    contribution: Callable[[bool], SwipeflError | None] = willing
    sending: Stop = never
    training: Stop = never
    least_new_swipes: int = 1


ALL = Permission()
