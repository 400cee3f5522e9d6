"""May a night work now, speak to the coordinator, contribute? Each condition is met or not, and says so in words.

What cannot be known is decided here, by one rule: where there is nothing to ask, as on a machine without a battery,
the condition is met; where something is there that does not tell, it is not met for power and network, whose owner
would pay for a wrong guess, and met for the rest.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from swipefl.device.permission import Permission
from swipefl.errors import Ineligible
from swipefl.federation.protocol.conditions import Conditions
from swipefl.operations.conditions.hours import quiet_now
from swipefl.operations.conditions.limits import Limits
from swipefl.operations.conditions.machine import Machine
from swipefl.operations.conditions.power import Power
from swipefl.operations.findings import Finding
from swipefl.stopping import Stop

Scope = Literal["night", "visit", "contribution"]

LOOKS_EVERY_S = 10.0
WARMEST_BATTERY_C = 45.0  # that it may be charged at
OWN_THREADS = 1  # of the training that asks
DAY_H, EARLY_H = 24.0, 1.0  # a timer's nights are a day apart but for its random delay


@dataclass(frozen=True)
class Condition:
    """What was asked of the world, and what was found: `says` is a sentence; `is_known` whether it could be found out.

    `scope` is what waits where it is not met: all of the night, the visit to the coordinator, or the contribution.
    """

    name: str
    scope: Scope
    is_met: bool
    says: str
    is_known: bool = True
    remedy: str | None = None


@dataclass(frozen=True)
class Shared:
    """What this device gave to its federation: how many swipes are new since it made anything, and when that left."""

    new_swipes: int = 0
    left_at: float | None = None


class Eligibility:
    """What a device may do now, as its owner's `limits` and the coordinator's `asked` say; the stricter one counts.

    `shared` is asked for what the store knows, when it is needed. During a night `during` says whether it may go on.
    """

    def __init__(
        self,
        machine: Machine,
        limits: Limits,
        asked: Callable[[], Conditions] = Conditions,
        shared: Callable[[], Shared] = Shared,
    ) -> None:
        self._machine = machine
        self._limits = limits
        self._asked = asked
        self._shared = shared

    def night(self) -> Ineligible | None:
        """Why a night may not work now, or None."""
        return _first_unmet(self._of_night(is_working=False))

    def visit(self) -> Ineligible | None:
        """Why the coordinator may not be spoken to now, or None."""
        return _first_unmet(self._of_visit())

    def contribution(self, is_working: bool = False) -> Ineligible | None:
        """Why nothing may be made for the federation now, or None; who `is_working` is no load to itself."""
        return _first_unmet(self._of_contribution(is_working))

    def sending(self) -> Ineligible | None:
        """Why what was made may not be sent now, or None: that takes power and network, and no new swipes."""
        return _first_unmet(self._of_sending())

    def during(self, clock: Callable[[], float] = time.monotonic, every_s: float = LOOKS_EVERY_S) -> Stop:
        """Why a night that works may not go on; asked at each batch, and looks at the world every `every_s` only."""
        return _Looking(lambda: _first_unmet(self._of_night(is_working=True)), clock, every_s)

    def contributing(self, clock: Callable[[], float] = time.monotonic, every_s: float = LOOKS_EVERY_S) -> Stop:
        """The same of a contribution that is being made."""
        return _Looking(lambda: _first_unmet(self._of_contribution(is_working=True)), clock, every_s)

    def permission(self) -> Permission:
        """All of it as a night asks for it; what it trains is asked on from here."""
        least = self._limits.least_new_swipes
        working, sharing = self.during(), self.contributing()
        return Permission(self.night, working, self.visit, self.contribution, self.sending, sharing, least)

    def conditions(self, is_member: bool) -> tuple[Condition, ...]:
        """All that is asked for now, with what was found; of who `is_member` of a federation also what is shared."""
        night = self._of_night(is_working=False)
        return (*night, *self._of_visit(), *self._of_contribution()) if is_member else tuple(night)

    def _of_night(self, is_working: bool) -> Iterator[Condition]:
        limits, machine = self._limits, self._machine
        if limits.quiet_hours:
            yield _quiet(limits, machine.clock())
        if limits.least_battery:
            yield _power("power", "night", machine.power(), limits.least_battery, "least_battery")
        if limits.hottest_c:
            yield from _temperature(machine, limits.hottest_c, "night")
        if limits.most_load:
            yield _load(machine.load(OWN_THREADS if is_working else 0), limits.most_load, "night")
        if limits.least_disk_mb:
            yield _room("disk", machine.free_disk_mb(), limits.least_disk_mb, "free on the disk of the store")
        if limits.least_memory_mb:
            yield _room("memory", machine.free_memory_mb(is_working), limits.least_memory_mb, "of free memory")

    def _of_visit(self) -> Iterator[Condition]:
        if not self._limits.metered:
            yield _unmetered(self._machine, "visit", "metered")

    def _of_sending(self) -> Iterator[Condition]:
        limits, asked, machine = self._limits, self._asked(), self._machine
        if level := max(limits.sharing_battery, asked.least_battery):
            name = "sharing_battery" if limits.sharing_battery >= level else None
            yield _power("sharing_power", "contribution", machine.power(), level, name)
        if asked.unmetered and limits.metered:
            yield _unmetered(machine, "contribution", None)
        if every_h := max(limits.contribute_every_h, asked.contribute_every_s / 3600):
            yield _pause(self._shared().left_at, every_h, machine.clock())

    def _of_contribution(self, is_working: bool = False) -> Iterator[Condition]:
        limits, asked, machine = self._limits, self._asked(), self._machine
        yield from self._of_sending()
        if asked.hottest_c and not 0 < limits.hottest_c <= asked.hottest_c:
            yield from _temperature(machine, asked.hottest_c, "contribution")
        if asked.most_load and not 0 < limits.most_load <= asked.most_load:
            yield _load(machine.load(OWN_THREADS if is_working else 0), asked.most_load, "contribution")
        if asked.least_new_swipes > 1:
            yield _new_swipes(self._shared().new_swipes, asked.least_new_swipes)


class _Looking:
    """A stop that looks only now and then, and that does not take back what it said."""

    def __init__(self, look: Callable[[], Ineligible | None], clock: Callable[[], float], every_s: float) -> None:
        self._look = look
        self._clock = clock
        self._every_s = every_s
        self._next = clock() + every_s
        self._said: Ineligible | None = None

    def __call__(self) -> Ineligible | None:
        now = self._clock()
        if self._said is None and not self._next - self._every_s <= now < self._next:
            self._said = self._look()
            self._next = self._clock() + self._every_s
        return self._said


def findings(conditions: tuple[Condition, ...]) -> Iterator[Finding]:
    """What `doctor` shows of them: one that is not met is no fault, nor is one that a rule decides for want of a fact.

    The disk it looks at itself.
    """
    for each in (condition for condition in conditions if condition.name != "disk"):
        state = "ok" if each.is_met else "note" if each.is_known else "unknown"
        yield Finding(f"{each.scope}:{each.name}", state, each.says, each.remedy)  # type: ignore[arg-type]


def _first_unmet(conditions: Iterator[Condition]) -> Ineligible | None:
    """The first one that is not met; those behind it are not looked at."""
    unmet = next((each for each in conditions if not each.is_met), None)
    return None if unmet is None else Ineligible("not-now", "{says}", condition=unmet.name, says=unmet.says)


def _quiet(limits: Limits, now: float) -> Condition:
    quiet = quiet_now(limits.quiet_hours, now)
    if quiet:
        return Condition("quiet_hours", "night", False, f"quiet hours, {quiet}", remedy=_setting("quiet_hours"))
    return Condition("quiet_hours", "night", True, f"no quiet hours now: {' and '.join(map(str, limits.quiet_hours))}")


def _power(name: str, scope: Scope, found: Power, level: int, setting: str | None) -> Condition:
    remedy = _setting(setting)
    if found.is_hidden:
        return Condition(name, scope, False, "what tells of the battery may not be read here", False, remedy)
    if found.on_power is None:
        return Condition(name, scope, True, "no battery is known here, so this counts as on power", False)
    if found.on_power:
        return Condition(name, scope, True, "on power")
    if found.charge is None:
        return Condition(name, scope, False, "on battery, and how full it is is not known", False, remedy)
    at = f"on battery, at {found.charge:.0f} %"
    if level < 100 and found.charge > level:
        return Condition(name, scope, True, f"{at}: more than {level} %")
    so = f"power, or more than {level} %" if level < 100 else "power"
    return Condition(name, scope, False, f"{at}: waits for {so}", remedy=remedy)


def _temperature(machine: Machine, hottest_c: float, scope: Scope) -> Iterator[Condition]:
    """The processor by what is asked for; the battery, where it tells, by what is good for any."""
    warm, battery = machine.processor_c(), machine.battery_c()
    remedy = _setting("hottest_c") if scope == "night" else None
    if battery is not None and battery > WARMEST_BATTERY_C:
        says = f"the battery has {battery:.0f} °C: waits for {WARMEST_BATTERY_C:.0f} °C or less"
        yield Condition("temperature", scope, False, says, remedy=remedy)
    elif warm is None:
        yield Condition("temperature", scope, True, "nothing here tells how warm the processor is", False)
    elif warm > hottest_c:
        says = f"the processor has {warm:.0f} °C: waits for {hottest_c:g} °C or less"
        yield Condition("temperature", scope, False, says, remedy=remedy)
    else:
        yield Condition("temperature", scope, True, f"the processor has {warm:.0f} °C, {hottest_c:g} °C at most")


def _load(busy: float | None, most: float, scope: Scope) -> Condition:
    if busy is None:
        return Condition("load", scope, True, "nothing here tells how busy the machine is", False)
    if busy > most:
        says = f"the machine is busy, {busy:.2f} a core: waits for {most:g} or less"
        return Condition("load", scope, False, says, remedy=_setting("most_load") if scope == "night" else None)
    return Condition("load", scope, True, f"the machine has time, {busy:.2f} a core, {most:g} at most")


def _room(name: str, free: float | None, least: int, where: str) -> Condition:
    if free is None:
        return Condition(name, "night", True, f"nothing here tells how much is {where}", False)
    if free < least:
        remedy = _setting(f"least_{name}_mb")
        return Condition(name, "night", False, f"{free:,.0f} MB {where}: waits for {least:,} MB", remedy=remedy)
    return Condition(name, "night", True, f"{free:,.0f} MB {where}, {least:,} MB at least")


def _unmetered(machine: Machine, scope: Scope, setting: str | None) -> Condition:
    found, remedy = machine.metered(), _setting(setting)
    if found == "yes":
        return Condition("network", scope, False, "the network is metered: waits for one that is not", remedy=remedy)
    if found == "silent":
        says = "NetworkManager does not say whether the network is metered: waits until it does"
        return Condition("network", scope, False, says, False, remedy)
    if found == "unknown":
        return Condition("network", scope, True, "nothing here says that the network is metered", False)
    return Condition("network", scope, True, "the network is not metered")


def _new_swipes(new: int, least: int) -> Condition:
    says = f"{new:,} new swipes, and the coordinator asks for {least:,}"
    return Condition("new_swipes", "contribution", new >= least, says)


def _pause(left_at: float | None, every_h: float, now: float) -> Condition:
    """A clock that went back says nothing: what left lies in the future then."""
    gone_h = None if left_at is None else (now - left_at) / 3600
    if gone_h is None or not 0 <= gone_h < (every_h - EARLY_H if every_h >= DAY_H else every_h):
        return Condition("pause", "contribution", True, f"nothing was sent in the last {every_h:g} h")
    says = f"something was sent {gone_h:.1f} h ago: waits until it is {every_h:g} h"
    return Condition("pause", "contribution", False, says)


def _setting(name: str | None) -> str | None:
    """What to change for who wants it otherwise; what the coordinator asks for nobody here can."""
    return name and f"the setting {name} decides"
