"""What a night may do just now, asked before each step: eligibility, as far as a cycle has to know of it."""

from dataclasses import dataclass

from swipefl.stopping import Stop, never


@dataclass(frozen=True)
class Permission:
    """Each says why not, or None: may it work at all, speak to the coordinator, make and send a contribution?

    `training` is what the training of a contribution asks, at each batch.
    """

    night: Stop = never
    visit: Stop = never
    contribution: Stop = never
    training: Stop = never


ALL = Permission()
