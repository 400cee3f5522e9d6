"""What was gained: models judged on the same held-out swipes, and whether chance alone could have done it.

The model in use was chosen because it did well on the held-out swipes: what it gets right of these very ones says too
much. Simulated (600 people each, models that are no better at all, 3 % of swipes read otherwise than by the base):
after 90 nights of 25 swipes the one in use had 6 more of 400 right than the base, and McNemar's test at 5 % called 32 %
of them better. So a gain is counted on swipes alone that came after the model was chosen, each by the model that was in
use when it came.

And somebody looks every night. Of 2,000 such people each, with 25, 100 and 300 swipes a day, McNemar's test alone would
have told 4, 7 and 13 % on some of 90 nights that theirs is better, and 8, 15 and 17 % on some of 400, which they then
believe. So the verdict takes a test that holds for any number of looks as well: 0.6 to 1.2 % in 90 nights and 0.9 to
1.7 % in 400, as many told worse. The price: of models that are truly 2.7 points better (5 % read otherwise), those who
swipe 25 times a day have been told so after 90 nights in 45 % of cases (77 % with McNemar's alone), and after 400 in
99.7 %; those who swipe 100 times a day after 30 nights in 59 % (87 %), and after 90 in 99 %.

The word of a swipe is what its owner let stand: one that the model in use misread and nobody corrected counts as right
for it, and as wrong for a base that read it well. So the counts lean to the model in use by as much as is left
uncorrected; where the word was asked for (the page's Practise, a study) they do not. Nothing here can tell how much.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from swipefl.store.gestures import HELD_OUT_ONE_IN
from swipefl.store.nights import Night

if TYPE_CHECKING:  # loads the decoder, which a night without anything to do never needs
    from swipefl.decoder.evaluation import Judgement

LEVEL = 0.05  # of those whose models are as good as the base, so many at most are ever told better or worse
LOOKED_BACK, LEAST = 200, 20  # swipes that a place of the curve is made of
MOST_MORE = 1_000_000  # held-out swipes: who would need more than these is not told how many


@dataclass(frozen=True)
class Counts:
    """Of the same `swipes`, how many two models get right, and how many only one of them; `surer` sums what the ln
    probability of the words that were meant has more with the second one."""

    swipes: int = 0
    right_first: int = 0
    right_second: int = 0
    only_first: int = 0
    only_second: int = 0
    surer: float = 0.0


def counts(first: "Judgement", second: "Judgement") -> Counts:
    """Two judgements of the same swipes."""
    hits = list(zip(first.hits, second.hits, strict=True))
    return Counts(
        len(hits),
        sum(first for first, _ in hits),
        sum(second for _, second in hits),
        sum(first and not second for first, second in hits),
        sum(second and not first for first, second in hits),
        math.fsum(b - a for a, b in zip(first.lns, second.lns, strict=True)),
    )


def summed(some: Sequence[Counts]) -> Counts:
    """Counts of different swipes together."""
    return Counts(*(sum(column) for column in zip(*map(astuple, some), strict=True)))


def night_of(nights: Sequence[Night], model: str | None) -> Night | None:
    """The last night that judged `model` (a fingerprint, None for the base) as the one in use from then on."""
    return next((night for night in reversed(nights) if night.model == model and night.swipes), None)


@dataclass(frozen=True)
class Gain:
    """What the person's models gained over the one that came with swipefl, on held-out swipes of `since` (unix s) on.

    Each swipe counts as the model read it that was in use when it came, which had not been chosen by it, and as the one
    that came with swipefl reads it: `right_yours` and `right_base` of `swipes`, of which `only_yours` and `only_base`
    one alone. `p` is how often chance would part them as far (exact McNemar test, two-sided). `verdict` is nothing-yet,
    unproven, same (as many right; `surer` where the words that were meant became likelier), better or worse: these two
    only where p says so, and a bound for who looks every night too.
    `more_held_out` swipes, and so `more_swipes` in all, would tell if the difference stays what it is; None where there
    is none, or nothing more to tell. Before any such swipe came, that is guessed from what the last night found on the
    swipes that the model was chosen by. `as_of` is when a night last judged (unix s), None for never.
    """

    since: float | None
    swipes: int
    right_base: int
    right_yours: int
    only_base: int
    only_yours: int
    p: float
    verdict: str
    surer: bool
    more_held_out: int | None
    more_swipes: int | None
    as_of: float | None


def gain(nights: Sequence[Night], model: str | None) -> Gain:
    """What these nights, oldest first, counted together; `model` is the fingerprint of the one in use, None: base."""
    counted = [night for night in nights if night.unseen]
    swipes, right_base, right_yours, only_base, only_yours = (
        sum(getattr(night, f"unseen{name}") for night in counted)
        for name in ("", "_base", "_yours", "_only_base", "_only_yours")
    )
    judged = None if model is None or swipes else night_of(nights, model)
    verdict = "unproven" if judged else verdict_on(only_base, only_yours) if swipes and model else "nothing-yet"
    more = more_to_tell(swipes, only_base, only_yours) if verdict == "unproven" else None
    if judged:
        more = more_to_tell(0, judged.only_base, judged.only_now, judged.swipes)
    return Gain(
        min((night.unseen_since for night in counted if night.unseen_since is not None), default=None),
        swipes,
        right_base,
        right_yours,
        only_base,
        only_yours,
        mcnemar(only_base, only_yours),
        verdict,
        math.fsum(night.unseen_surer for night in counted) > 0,
        more,
        None if more is None else more * HELD_OUT_ONE_IN,
        next((night.finished_at for night in reversed(nights) if night.swipes), None),
    )


@dataclass(frozen=True)
class Standing:
    """How the person's models stood against the base by a night (unix seconds), on the same `swipes`."""

    finished_at: float
    swipes: int
    right_base: int
    right_yours: int


def standing(nights: Sequence[Night]) -> tuple[Standing, ...]:
    """A curve over nights, oldest first: each on the last swipes that came after the model in use was chosen.

    They are those of as many nights as it takes for LOOKED_BACK swipes. A night without any has no place, nor have the
    first ones, with fewer than LEAST in all: chance makes mountains of these.
    """
    counted = [night for night in nights if night.unseen]
    found = []
    for last in range(len(counted)):
        first, swipes = last, counted[last].unseen
        while first and swipes < LOOKED_BACK:
            first -= 1
            swipes += counted[first].unseen
        some = counted[first : last + 1]
        right = (sum(night.unseen_base for night in some), sum(night.unseen_yours for night in some))
        if swipes >= LEAST:
            found.append(Standing(counted[last].finished_at, swipes, *right))
    return tuple(found)


def together(earlier: Night, later: Night) -> Night:
    """Two rounds of one night as one. Where swipes came meanwhile, what was before is told on the later ones alone."""
    same = earlier.newest == later.newest
    risen = [night.surer for night in (earlier, later) if night.adopted and (same or night is later)]
    since = [night.unseen_since for night in (earlier, later) if night.unseen_since is not None]
    adopted = earlier.adopted or later.adopted
    return replace(
        later,
        new_swipes=earlier.new_swipes + later.new_swipes,
        right_before=earlier.right_before if same else later.right_before,
        surer=math.fsum(risen) if adopted else later.surer,
        adopted=adopted,
        unseen_since=min(since, default=None),
        unseen=earlier.unseen + later.unseen,
        unseen_base=earlier.unseen_base + later.unseen_base,
        unseen_yours=earlier.unseen_yours + later.unseen_yours,
        unseen_only_base=earlier.unseen_only_base + later.unseen_only_base,
        unseen_only_yours=earlier.unseen_only_yours + later.unseen_only_yours,
        unseen_surer=earlier.unseen_surer + later.unseen_surer,
        update_id=later.update_id or earlier.update_id,
    )


def verdict_on(only_base: int, only_yours: int) -> str:
    """What so many swipes that one of two models alone reads rightly say: same, unproven, better or worse.

    Somebody looks every night, and one night of many has luck: McNemar's test, which is for one look, has to agree with
    one that holds however often one looks.
    """
    if only_base == only_yours:
        return "same"
    if mcnemar(only_base, only_yours) > LEVEL or always_valid(only_base, only_yours) > LEVEL:
        return "unproven"
    return "better" if only_yours > only_base else "worse"


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test: twice the binomial tail of the smaller count, at most 1."""
    few, all_ = min(only_first, only_second), only_first + only_second
    if 2 * few >= all_ - 1:  # the tail holds half of it at least
        return 1.0
    term = total = 1.0  # as shares of the largest term, the last one; the others fall faster than a geometric row
    for i in range(few, 0, -1):
        term *= i / (all_ - i + 1)
        total += term
        if term < total * 1e-17:
            break
    ln_last = math.lgamma(all_ + 1) - math.lgamma(few + 1) - math.lgamma(all_ - few + 1) - all_ * math.log(2)
    return min(1.0, 2 * total * math.exp(ln_last))


def always_valid(only_first: int, only_second: int) -> float:
    """A bound on how often chance would part two equal models as far on any look, of however many: at most 1.

    By Ville's inequality, of the likelihood of a fair coin over the mean likelihood of all coins.
    """
    all_ = only_first + only_second
    ln_mean = math.lgamma(only_first + 1) + math.lgamma(only_second + 1) - math.lgamma(all_ + 2)
    return math.exp(min(0.0, -all_ * math.log(2) - ln_mean))


def more_to_tell(swipes: int, only_first: int, only_second: int, out_of: int | None = None) -> int | None:
    """How many more than `swipes` would tell two models apart, if they go on differing as they do `out_of` so many.

    That is when the verdict would say so of the counts that are then to be expected: one person in two waits longer.
    None where they do not differ, and where it would take more than MOST_MORE.
    """
    out_of = swipes if out_of is None else out_of
    if only_first == only_second or out_of <= 0:
        return None

    def tells(more: int) -> bool:
        scale = (swipes + more) / out_of
        return verdict_on(round(only_first * scale), round(only_second * scale)) in ("better", "worse")

    low, high = 0, 1
    while not tells(high):
        low, high = high, 2 * high
        if low > MOST_MORE:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tells(middle) else (middle, high)
    return high
