"""How long swipes are kept, and how many: what is over goes in the nights, so that a store never grows for ever.

What a swipe's time is worth depends on the clock that it was stored by, and clocks are wrong: a machine without a
battery for it wakes up in 1970, and a slip of the finger makes it 2099. So
- swipes go in the order in which they came, none before an older one: a time that falls behind that of an earlier swipe
  says nothing, nor does one that lies ahead of today, or before there was a swipefl;
- today is what this machine says only where swipes came in the last half year before it. Else it is the day of the last
  swipe before that gap, until swipes have come on a week of days behind it.
A clock that is wrong by less than half a year is believed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swipefl.database.snapshots import erase_outlived, put_aside
from swipefl.device.cycle import Pruned, staying_done
from swipefl.federation.device.node import forget_given
from swipefl.operations.findings import Finding, counted
from swipefl.stopping import Stop, never, raise_if
from swipefl.store.store import OUTLIVED, Store

DAY_S = 86_400.0
FIRST_DAY = 1_735_689_600.0  # 2025-01-01: no swipe was stored before
LONGEST_GAP_S = 180 * DAY_S  # without any swipe: longer ones are a clock's, until they are borne out
BEARS_OUT = 7  # days with swipes
AT_ONCE = 5_000  # gestures that go in one transaction: an ingest waits for no more
PRUNED = "pruned"  # how many went so far


@dataclass(frozen=True)
class Keeping:
    """Swipes are kept for so many days, and so many of them, the newest; 0 is for ever, and all."""

    days: int = 90
    swipes: int = 20_000


Times = Sequence[tuple[int, float]]
"""Numbers of gestures, rising, and when each was stored (unix seconds)."""


def prune(store: Store, keeping: Keeping, clock: Callable[[], float] = time.time, stop: Stop = never) -> Pruned:
    """Erases what is kept no longer, in the store and of copies beside it, but for what a begun training learns from.

    That is over in two weeks.

    A night that had nothing to do has nothing to do after it, too. Bytes leave the disk with `Store.erase_traces`,
    which is owed then, and may wait. Raises StoreError, and what `stop` says.
    """
    store.bookmarks.outgrown()
    if store.begun.outgrown():
        store.owe_rewriting(OUTLIVED)
    times, now = store.gestures.times(), clock()
    known = [*times, *((0, since) for _, since in put_aside(store.path))]
    erase_outlived(store.path, believed(known, now))
    if not (last := over(times, keeping, now)):
        return Pruned()
    first, erased = store.meta.get(PRUNED) is None, 0
    while some := _erased(store, last):
        erased += some
        raise_if(stop)
    return Pruned(erased, first and erased > 0)


def _erased(store: Store, last: int) -> int:
    with store.transaction(), staying_done(store):
        erased = store.gestures.outlived(last, store.begun.numbers(), AT_ONCE)
        if erased:
            forget_given(store.meta)
            store.meta.set(PRUNED, str(int(store.meta.get(PRUNED) or 0) + erased))
            store.owe_rewriting(OUTLIVED)
    return erased


def over(times: Times, keeping: Keeping, now: float) -> int:
    """The number of the last gesture that is kept no longer, as all before it are; 0 where none is."""
    by_count = times[-keeping.swipes - 1][0] if 0 < keeping.swipes < len(times) else 0
    return max(by_count, _outdated(times, believed(times, now), keeping.days * DAY_S) if keeping.days else 0)


def _outdated(times: Times, today: float, kept_s: float) -> int:
    """The number of the last gesture of which it is known that it came longer than `kept_s` before `today`.

    A time that no clock can have said rightly, in that order, says nothing: such a gesture goes with one behind it.
    """
    last, latest = 0, FIRST_DAY
    for number, stored_at in times:
        if latest <= stored_at <= today:
            latest = stored_at
            if stored_at > today - kept_s:
                break
            last = number
    return last


def believed(times: Times, now: float) -> float:
    """The time that ages count from, in unix seconds: `now`, or that of the last swipe before a gap of too long."""
    today, above, days = now, now, set[int]()
    for at in sorted((at for _, at in times if FIRST_DAY <= at <= now), reverse=True):
        if len(days) >= BEARS_OUT:
            break
        if above - at > LONGEST_GAP_S:
            today, days = at, set()
        above = at
        days.add(int(at // DAY_S))
    return today


def findings(store: Store, keeping: Keeping, clock: Callable[[], float] = time.time) -> list[Finding]:
    """How many swipes are kept, and whether some are there that a night should have erased. Raises StoreError."""
    times = store.gestures.times()
    last = over(times, keeping, clock())
    outlived = sum(number <= last for number, _ in times) - len([n for n in store.begun.numbers() if n <= last])
    days = f"for {keeping.days} days" if keeping.days else "for ever"
    bound = f"{days}, {keeping.swipes:,} of them at most" if keeping.swipes else days
    says = f"{counted(len(times), 'swipe')} here, kept {bound}"
    if not outlived:
        return [Finding("keeping", "ok", says)]
    return [Finding("keeping", "note", f"{says}; {outlived:,} are over", "the next swipefl cycle erases them")]
