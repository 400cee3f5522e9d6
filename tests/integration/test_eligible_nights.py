"""Nights of a real process, by what services on a bus of its own say of the device."""

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.cli.remedies import told
from swipefl.errors import StoreError
from swipefl.federation.protocol.conditions import Conditions
from swipefl.home import STORED, Home
from swipefl.settings.device import Settings
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from tests.support.command import AS_NOBODY_SET_IT, SHORT, environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.cycles import joins_nobody
from tests.support.harm import surer
from tests.support.older import old_store
from tests.support.people import write_people
from tests.support.readme import blocks, sections
from tests.support.system_bus import manager, service, system_bus, upower, world

DEFAULTS = {name: value for name, value in AS_NOBODY_SET_IT.items() if name != "DBUS_SYSTEM_BUS_ADDRESS"} | {
    "SWIPEFL_HOTTEST_C": "0"  # whatever the machine of the test is at
}
HEAVY = "torch", "grpc", "cryptography", "rich.console", "swipefl.decoder.decoder", "structlog"
LOADED = (
    "import sys\n"
    "try:\n    from swipefl.cli.app import main; main()\n"
    f"finally: print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Thirty swipes that nothing learned from."""
    write_people(tmp_path / "swipes.jsonl", {1: 30})
    assert swipefl(tmp_path / "home", "ingest", str(tmp_path / "swipes.jsonl")).code == 0
    return tmp_path / "home"


@pytest.fixture
def on_battery(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of nobody, on a device at 34 % on a metered network."""
    with world(tmp_path, upower(True, 34), manager(1)) as address:
        yield {**DEFAULTS, "DBUS_SYSTEM_BUS_ADDRESS": address}


def joins(home: Path, coordinator: Coordinator) -> None:
    """The device of a home becomes a member."""
    assert swipefl(home, "enroll", coordinator.address, "--token", coordinator.token()).code == 0


def has_fetched(home: Path) -> None:
    """The device in `home` has a global model from now on, which the next night judges."""
    with Store(home / STORED) as store:
        store.checkpoints.add("global", surer(1.1).to_bytes(half=True), None, use=False, device_id="phone")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_on_battery_it_does_nothing_and_says_so(home: Path, on_battery: dict[str, str]) -> None:
    done = swipefl(home, "cycle", **on_battery)
    assert (done.code, done.err) == (0, "")
    assert "on battery, at 34 %: waits for power, or more than 50 %" in done.out
    answer = swipefl(home, "cycle", "--json", **on_battery).json
    assert "on battery" in answer["rounds"][0]["skipped"]
    assert answer["night"] is None
    assert swipefl(home, "status", "--json").json["rounds"] == []


@pytest.mark.parametrize("option", ["--now", "--rounds 2", "--require-sync", "--metrics-file night.prom"])
def test_what_only_a_night_can_do_is_not_taken_where_none_is_wanted(home: Path, option: str) -> None:
    done = swipefl(home, "cycle", "--explain", *option.split())
    assert (done.code, option.split()[0] in done.err, done.out) == (2, True, "")


def test_what_is_explained_changes_nothing(home: Path, on_battery: dict[str, str]) -> None:
    before = contents(home)
    done = swipefl(home, "cycle", "--explain", **on_battery)
    assert (done.code, done.err) == (0, "")
    assert "✗ to learn: on battery, at 34 %" in done.out
    assert "it would wait: on battery, at 34 %" in done.out
    answer = swipefl(home, "cycle", "--explain", "--json", **on_battery).json
    assert (answer["would"], answer["new_swipes"], answer["visits"], answer["contributes"]) == ("wait", 30, None, None)
    (power,) = [each for each in answer["conditions"] if each["name"] == "power"]
    assert (power["is_met"], power["scope"], power["is_known"]) == (False, "night", True)
    assert contents(home) == before
    assert swipefl(home / "none", "cycle", "--explain", "--json").json["would"] == "nothing"
    assert not (home / "none").exists()


@pytest.mark.parametrize("done", range(1, len(STORE.steps)))
def test_an_older_store_is_said_to_be_sound_and_is_brought_up_to_date_by_the_next_command(
    tmp_path: Path, done: int
) -> None:
    old_store(tmp_path / "home" / STORED, done)
    before = contents(tmp_path / "home")
    home = Home(Settings(home=tmp_path / "home"))
    with pytest.raises(StoreError) as raised:
        home.outlook()
    said = told(raised.value)
    assert (raised.value.code, "is sound" in said, "`swipefl status`" in said) == ("older-store", True, True)
    assert contents(tmp_path / "home") == before
    home.store().close()
    assert home.outlook().new_swipes


def test_a_newer_store_is_refused_as_elsewhere(home: Path) -> None:
    with closing(sqlite3.connect(home / STORED)) as conn:
        conn.execute("PRAGMA user_version = 99")
    done = [swipefl(home, *words) for words in (("cycle", "--explain"), ("status",))]
    assert [each.code for each in done] == [5, 5]
    assert done[0].err == done[1].err


def test_who_says_now_is_not_refused_and_nor_is_train(home: Path, on_battery: dict[str, str]) -> None:
    assert swipefl(home, "train", "--json", **on_battery, **SHORT).json["examples"] > 0
    assert swipefl(home, "cycle", "--now", "--json", **on_battery, **SHORT).json["night"]


def test_over_a_metered_network_it_learns_and_speaks_to_nobody(
    home: Path, tmp_path: Path, collecting: Coordinator
) -> None:
    joins(home, collecting)
    with world(tmp_path, upower(False, 90), manager(3)) as address:
        at_home = {**DEFAULTS, "DBUS_SYSTEM_BUS_ADDRESS": address}
        answer = swipefl(home, "cycle", "--json", **at_home, **SHORT).json
        assert answer["night"]["new_swipes"] == 30
        assert answer["sync"] == "the network is metered: waits for one that is not"
        assert (answer["shared"], answer["bytes_sent"]) == ("waits", 0)
        outlook = swipefl(home, "cycle", "--explain", "--json", **at_home).json
        assert (outlook["would"], outlook["visits"], outlook["contributes"]) == ("nothing", False, True)
    with world(tmp_path, upower(False, 90), manager(2)) as address:
        answer = swipefl(home, "cycle", "--json", **at_home | {"DBUS_SYSTEM_BUS_ADDRESS": address}).json
        assert (answer["shared"], answer["sync"]) == ("sent", None)


def test_on_a_full_battery_it_learns_and_what_it_owes_is_made_on_power(
    home: Path, tmp_path: Path, collecting: Coordinator
) -> None:
    joins(home, collecting)
    with world(tmp_path, upower(True, 90), manager(2)) as address:
        away = {**DEFAULTS, "DBUS_SYSTEM_BUS_ADDRESS": address}
        answer = swipefl(home, "cycle", "--json", **away, **SHORT).json
        assert answer["night"]["new_swipes"] == 30
        assert answer["withheld"] == "on battery, at 90 %: waits for power"
        assert (answer["shared"], answer["rounds"][0]["push"], answer["bytes_sent"]) == ("nothing", "none", 0)
        again = swipefl(home, "cycle", "--json", **away, **SHORT).json
        assert again["rounds"][0]["skipped"] == "nothing new since the last cycle"
    with world(tmp_path, upower(False, 90), manager(2)) as address:
        answer = swipefl(home, "cycle", "--json", **away | {"DBUS_SYSTEM_BUS_ADDRESS": address}, **SHORT).json
        assert (answer["shared"], answer["withheld"]) == ("sent", None)
        idle = swipefl(home, "cycle", "--json", **away | {"DBUS_SYSTEM_BUS_ADDRESS": address}, **SHORT).json
        assert idle["rounds"][0]["skipped"] == "nothing new since the last cycle"


def test_what_the_coordinator_asks_for_keeps_nobody_from_learning(home: Path, collecting: Coordinator) -> None:
    joins(home, collecting)
    with Store(home / "swipefl.db") as store:
        member = store.memberships.get()
        assert member
        asked = Conditions(least_new_swipes=1000).to_json()
        store.memberships.set(replace(member, conditions=asked, tried_at=time.time(), wait_s=10**6))
    answer = swipefl(home, "cycle", "--json", **SHORT).json
    assert answer["night"]["new_swipes"] == 30
    assert answer["withheld"] == "30 new swipes, and the coordinator asks for 1,000"
    with Store(home / "swipefl.db") as store:
        assert store.outbox.waiting() == []


def test_services_that_hang_hold_no_night_up(home: Path, tmp_path: Path) -> None:
    with (
        system_bus(tmp_path) as address,
        service(address, "org.freedesktop.UPower", None),
        service(address, "org.freedesktop.NetworkManager", None),
    ):
        joins_nobody(home)
        hung = {**DEFAULTS, "DBUS_SYSTEM_BUS_ADDRESS": address}
        answer = swipefl(home, "cycle", "--json", **hung, **SHORT).json
    assert answer["night"]
    assert answer["shared"] == "waits"


def test_a_night_waits_for_enough_new_swipes(home: Path) -> None:
    answer = swipefl(home, "cycle", "--json", SWIPEFL_LEAST_NEW_SWIPES="31").json
    assert answer["rounds"][0]["skipped"] == "too few new swipes yet: 30 of the 31 that a night takes"
    assert swipefl(home, "cycle", "--json", "--now", SWIPEFL_LEAST_NEW_SWIPES="31", **SHORT).json["night"]


@pytest.mark.parametrize("hours", ["22", "25:00-26:00", "7-7"])
def test_hours_that_are_none_are_told(home: Path, hours: str) -> None:
    done = swipefl(home, "cycle", SWIPEFL_QUIET_HOURS=hours)
    assert (done.code, "quiet_hours (SWIPEFL_QUIET_HOURS)" in done.err) == (2, True)


def test_a_night_in_which_nothing_is_done_loads_nothing_heavy(home: Path) -> None:
    """It costs at most 0.4 of what it takes to load torch: the bench has the times, this what they come from."""
    assert swipefl(home, "cycle", **SHORT).code == 0
    for has_news, extra in (
        (lambda: None, {}),
        (lambda: None, {"SWIPEFL_QUIET_HOURS": "0-24"}),
        (lambda: joins_nobody(home), {"SWIPEFL_SHARING_BATTERY": "1"}),
        (lambda: has_fetched(home), {}),
    ):
        has_news()
        assert swipefl(home, "cycle", **SHORT).code == 0
        command = [sys.executable, "-c", LOADED, "cycle"]
        done = subprocess.run(command, env=environment(home, **extra), capture_output=True, text=True, check=True)
        assert done.stdout.startswith(("nothing to do", "not now"))
        assert done.stderr.strip() == ""


PAGE = "examples/NIGHTS.md", "When it works, and when it leaves the battery alone"


def test_conditions_are_as_it_says(home: Path, on_battery: dict[str, str]) -> None:
    """Its lines, one after the other, and every setting that it names with the value that counts."""
    asked, set_otherwise = blocks(*PAGE)
    env = environment(home, **on_battery, **SHORT)
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    for text in (asked, set_otherwise):
        done = subprocess.run(["sh", "-euc", text], env=env, capture_output=True, text=True, check=True)
        assert "to learn: on battery, at 34 %" in done.stdout
    shown = {each["name"]: each for each in swipefl(home, "config", "--json", **AS_NOBODY_SET_IT).json["settings"]}
    for name, value in re.findall(r"\| `(\w+) = ([\w.]+)`", sections(PAGE[0])[PAGE[1]]):
        assert str(shown[name]["value"]).lower().removesuffix(".0") == value, name
