"""What a night may do, by what its owner and its coordinator ask for and by what the world is."""

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.federation.protocol.conditions import Conditions
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.operations.conditions.hours import quiet_hours
from swipefl.operations.conditions.limits import Limits
from swipefl.operations.conditions.power import Power
from swipefl.operations.eligibility import Eligibility, Shared, findings

NOTHING = Limits(0, 0, True, 0, 0, 0, 0)


@dataclass
class World:
    """A machine that is as a test wants it, and counts how often it was looked at."""

    on: Power = Power(True)  # noqa: RUF009
    network: str = "no"
    warm: float | None = 50.0
    battery: float | None = None
    busy: float | None = 0.1
    cores: int = 4
    disk: float | None = 1000.0
    memory: float | None = 1000.0
    now: float = 1_000_000.0
    looks: int = 0

    def clock(self) -> float:
        return self.now

    def power(self) -> Power:
        self.looks += 1
        return self.on

    def metered(self) -> str:
        return self.network

    def processor_c(self) -> float | None:
        return self.warm

    def battery_c(self) -> float | None:
        return self.battery

    def load(self, own: int) -> float | None:
        return None if self.busy is None else max(0.0, self.busy - own / self.cores)

    def free_disk_mb(self) -> float | None:
        return self.disk

    def free_memory_mb(self, own: bool) -> float | None:
        return self.memory


def may(world: World, limits: Limits, asked: Conditions = Conditions(), shared: Shared = Shared()) -> Eligibility:  # noqa: B008
    return Eligibility(world, limits, lambda: asked, lambda: shared)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("world", "limits", "why"),
    [
        ({}, {}, None),
        ({"on": Power(False, 51)}, {}, None),
        ({"on": Power(False, 50)}, {}, "on battery, at 50 %: waits for power, or more than 50 %"),
        ({"on": Power(False, 100)}, {"least_battery": 100}, "on battery, at 100 %: waits for power"),
        ({"on": Power(False, 1)}, {"least_battery": 0}, None),
        ({"on": Power(False)}, {}, "on battery, and how full it is is not known"),
        ({"on": Power(is_hidden=True)}, {}, "what tells of the battery may not be read here"),
        ({"on": Power()}, {}, None),
        ({"warm": 91.0}, {}, "the processor has 91 °C: waits for 90 °C or less"),
        ({"warm": 91.0}, {"hottest_c": 0}, None),
        ({"warm": None}, {}, None),
        ({"battery": 46.0}, {}, "the battery has 46 °C: waits for 45 °C or less"),
        ({"busy": 5.0}, {}, None),
        ({"busy": 0.6}, {"most_load": 0.5}, "the machine is busy, 0.60 a core: waits for 0.5 or less"),
        ({"busy": None}, {"most_load": 0.5}, None),
        ({"disk": 99.0}, {}, "99 MB free on the disk of the store: waits for 100 MB"),
        ({"disk": None}, {}, None),
        ({"memory": 299.0}, {}, "299 MB of free memory: waits for 300 MB"),
        ({"memory": None}, {}, None),
        ({}, {"quiet_hours": quiet_hours("0-24")}, "quiet hours, 00:00 to 24:00"),
        ({"network": "yes"}, {}, None),
    ],
)
def test_a_night(world: dict[str, Any], limits: dict[str, Any], why: str | None) -> None:
    eligibility = may(World(**world), Limits(**limits))
    refused = eligibility.night()
    assert (refused and str(refused)) == why
    assert refused is None or refused.exit_code == 0
    assert all(each.is_met for each in eligibility.conditions(False)) == (why is None)


@pytest.mark.parametrize(("network", "visits"), [("no", True), ("unknown", True), ("yes", False), ("silent", False)])
def test_a_visit_and_nothing_else_waits_for_a_network(network: str, visits: bool) -> None:
    eligibility = may(World(network=network), Limits())
    assert ((eligibility.visit() is None), eligibility.night(), eligibility.contribution()) == (visits, None, None)
    assert may(World(network=network), Limits(metered=True)).visit() is None


@pytest.mark.parametrize(
    ("world", "limits", "asked", "shared", "contributes"),
    [
        ({"on": Power(False, 99)}, {}, {}, {}, False),
        ({"on": Power(False, 99)}, {"sharing_battery": 20}, {}, {}, True),
        ({"on": Power(False, 30)}, {"least_battery": 20, "sharing_battery": 20}, {"least_battery": 40}, {}, False),
        ({"on": Power(False, 30)}, {"least_battery": 20, "sharing_battery": 40}, {"least_battery": 20}, {}, False),
        ({"network": "yes"}, {"metered": True}, {"unmetered": True}, {}, False),
        ({"network": "yes"}, {"metered": True}, {}, {}, True),
        ({"warm": 60.0}, {}, {"hottest_c": 50.0}, {}, False),
        ({"warm": 60.0}, {}, {"hottest_c": 95.0}, {}, True),
        ({"busy": 0.9}, {}, {"most_load": 0.4}, {}, False),
        ({}, {}, {"least_new_swipes": 20}, {"new_swipes": 19}, False),
        ({}, {}, {"least_new_swipes": 20}, {"new_swipes": 20}, True),
        ({}, {"contribute_every_h": 1}, {}, {"left_at": 1_000_000.0 - 3599}, False),
        ({}, {"contribute_every_h": 1}, {}, {"left_at": 1_000_000.0 - 3600}, True),
        ({}, {"contribute_every_h": 1}, {"contribute_every_s": 7200}, {"left_at": 1_000_000.0 - 3600}, False),
        ({}, {"contribute_every_h": 3}, {"contribute_every_s": 60}, {"left_at": 1_000_000.0 - 3600}, False),
        ({}, {"contribute_every_h": 3}, {}, {"left_at": 1_000_060.0}, True),  # the clock went back
        ({}, {"contribute_every_h": 3}, {}, {}, True),
        ({}, {"contribute_every_h": 24}, {}, {"left_at": 1_000_000.0 - 23.5 * 3600}, True),  # a timer's random delay
        ({}, {"contribute_every_h": 24}, {}, {"left_at": 1_000_000.0 - 22.5 * 3600}, False),
    ],
)
def test_a_contribution_waits_for_the_stricter_one_and_learning_for_neither(
    world: dict[str, Any], limits: dict[str, Any], asked: dict[str, Any], shared: dict[str, Any], contributes: bool
) -> None:
    eligibility = may(World(**world), Limits(**limits), Conditions(**asked), Shared(**shared))
    assert (eligibility.contribution() is None) == contributes
    assert (eligibility.contribution(is_working=True) is None) == contributes
    assert (eligibility.contributing(itertools.count(0, 100).__next__)() is None) == contributes
    assert eligibility.night() is None


def test_own_training_is_no_load_to_a_contribution() -> None:
    eligibility = may(World(busy=0.5), Limits(), Conditions(most_load=0.4))
    assert eligibility.contribution() is not None
    assert eligibility.permission().contribution(True) is None


def test_what_was_made_is_sent_whatever_is_new_and_however_warm_it_got() -> None:
    asked = Conditions(least_new_swipes=30, hottest_c=40, most_load=0.4)
    warm = may(World(warm=60.0, busy=3.0), Limits(), asked, Shared(0))
    assert (warm.contribution() is None, warm.permission().sending()) == (False, None)
    assert may(World(Power(False, 99)), Limits()).sending() is not None
    assert may(World(network="yes"), Limits(metered=True), Conditions(unmetered=True)).sending() is not None
    assert may(World(), Limits(contribute_every_h=3), shared=Shared(100, 999_000.0)).sending() is not None


ANY = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e308])
BIG = st.integers(0, 2**32 - 1)


@given(least=BIG, unmetered=st.booleans(), hottest=ANY, load=ANY, new=BIG, every=ANY)
def test_whatever_a_coordinator_says_its_devices_learn_for_themselves(
    least: int, unmetered: bool, hottest: float, load: float, new: int, every: float
) -> None:
    said = wire.Conditions(
        least_battery=least,
        unmetered=unmetered,
        hottest_c=hottest,
        most_load=load,
        least_new_swipes=new,
        contribute_every_s=every,
    )
    asked = Conditions.of(said)
    assert Conditions.from_json(asked.to_json()) == asked
    eligibility = may(World(), Limits(), asked, Shared(10**6, 0.0))
    assert eligibility.night() is None
    assert eligibility.visit() is None
    cool = World(warm=20.0, busy=0.0, now=31 * 24 * 3600.0)
    assert may(cool, Limits(), asked, Shared(1000, 0.0)).contribution() is None, "in a month any device may"


def test_of_an_older_coordinator_nothing_is_asked() -> None:
    assert Conditions.of(wire.CheckInResponse().conditions) == Conditions() == Conditions.from_json("")


@pytest.mark.parametrize(
    "wrong", [{"least_battery": 101}, {"hottest_c": 5}, {"most_load": -1}, {"contribute_every_s": math.inf}]
)
def test_a_coordinator_cannot_be_set_to_ask_for_nonsense(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Conditions(**wrong)


def test_during_training_the_world_is_looked_at_now_and_then() -> None:
    world, seconds = World(), [0.0]
    stop = may(world, replace(NOTHING, least_battery=50)).during(lambda: seconds[0])
    for tenth in range(1000):
        seconds[0] = tenth / 10
        assert stop() is None
    assert world.looks == 9
    world.on = Power(False, 10)
    assert stop() is None
    seconds[0] += 10
    assert str(stop()) == "on battery, at 10 %: waits for power, or more than 50 %"
    world.on, seconds[0] = Power(True), 10**6
    assert stop() is not None, "who said so means it: all that works ends"
    assert world.looks == 10


def test_a_clock_that_goes_back_does_not_end_the_looking() -> None:
    world, seconds = World(), [1e6]
    stop = may(world, replace(NOTHING, least_battery=50)).during(lambda: seconds[0])
    seconds[0], world.on = 5.0, Power(False, 1)
    assert stop() is not None


def test_who_asks_for_nothing_looks_at_nothing() -> None:
    world = World(Power(False, 1), "silent", 200.0, 99.0, 99.0, 0.0, 0.0)
    eligibility = may(world, NOTHING)
    assert (eligibility.conditions(True), eligibility.night(), eligibility.visit()) == ((), None, None)
    assert world.looks == 0


def test_findings_are_no_faults_and_what_a_rule_decides_is_no_question() -> None:
    world = World(Power(False, 1), "unknown", None)
    states = {each.name: each.state for each in findings(may(world, Limits()).conditions(True))}
    assert states["night:power"] == "note"
    assert states["night:temperature"] == states["visit:network"] == "ok"
    assert "wrong" not in states.values()
    assert "night:disk" not in states  # which is looked at by itself
    for power, state in ((Power(None), "ok"), (Power(None, is_hidden=True), "unknown")):  # a desktop; one that hides it
        conditions = may(World(power), Limits()).conditions(True)
        assert {each.state for each in findings(conditions) if each.name.endswith("power")} == {state}
