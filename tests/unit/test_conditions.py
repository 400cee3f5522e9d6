"""What the world says, as services and the kernel's files have it, and where they say nothing."""

import os
import socket
import threading
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.operations.conditions.bus import Absent, Bus, Silent
from swipefl.operations.conditions.hours import quiet_hours, quiet_now
from swipefl.operations.conditions.machine import Machine, free_disk_mb, free_memory_mb
from swipefl.operations.conditions.network import MANAGER, metered
from swipefl.operations.conditions.power import UPOWER, Power, power
from tests.support.system_bus import manager, service, system_bus, upower, world


class NoBus(Bus):
    def properties(self, service: str, path: str, interface: str) -> dict[str, object]:
        raise Absent(service)


def supplies(folder: Path, *each: dict[str, str]) -> Path:
    """The kernel's files of these supplies."""
    for number, files in enumerate(each):
        (folder / "class" / "power_supply" / f"S{number}").mkdir(parents=True)
        for name, text in files.items():
            (folder / "class" / "power_supply" / f"S{number}" / name).write_text(f"{text}\n")
    return folder


def battery(status: str, capacity: int | None = 40, **more: str) -> dict[str, str]:
    return {"type": "Battery", "status": status, **({} if capacity is None else {"capacity": str(capacity)}), **more}


def mains(online: int, type: str = "Mains") -> dict[str, str]:
    return {"type": type, "online": str(online)}


def over_usb_c(sysfs: Path, number: int, *roles: str) -> None:
    """The supply of that number belongs to a device with these ports, as the kernel links them."""
    device = sysfs / "devices" / f"USBC000:{number:02}"
    device.mkdir(parents=True)
    (sysfs / "class" / "power_supply" / f"S{number}" / "device").symlink_to(device)
    (sysfs / "class" / "typec").mkdir(parents=True, exist_ok=True)
    for each, role in enumerate(roles):
        port = device / "typec" / f"port{number}{each}"
        port.mkdir(parents=True)
        (sysfs / "class" / "typec" / port.name).symlink_to(port)
        if role:
            (port / "power_role").write_text(f"{role}\n")


MOUSE = battery("Discharging", 5, scope="Device")


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([], Power()),
        ([MOUSE], Power()),
        ([mains(1)], Power(True)),
        ([mains(0), battery("Discharging")], Power(False, 40)),
        ([mains(1), battery("Charging")], Power(True, 40)),
        ([mains(1), battery("Discharging")], Power(True, 40)),
        ([mains(1), MOUSE], Power(True)),
        ([battery("Discharging", 7)], Power(False, 7)),
        ([battery("Full", 100)], Power(True, 100)),
        ([battery("Not charging", 80), mains(1, "USB")], Power(True, 80)),
        ([battery("Unknown", 80)], Power(True, 80)),
        ([mains(0, "USB"), mains(0), battery("Discharging", 80)], Power(False, 80)),
        ([mains(1, "Wireless"), battery("Charging", 80)], Power(True, 80)),
        ([battery("Discharging", None)], Power(False)),
        ([mains(0), {"type": "UPS", "status": "Discharging", "capacity": "90"}], Power(False, 90)),
        ([battery("Discharging", 0, energy_full="10"), battery("Unknown", 100, energy_full="30")], Power(False, 75)),
        ([{"type": "Battery", "status": "Discharging", "capacity": "rubbish"}], Power(False)),
        ([{}], Power(is_hidden=True)),
    ],
)
def test_power_as_the_kernel_has_it(tmp_path: Path, known: list[dict[str, str]], found: Power) -> None:
    (tmp_path / "class" / "power_supply").mkdir(parents=True)
    assert power(NoBus(), supplies(tmp_path, *known)) == found


SOURCE, SINK, CANNOT_SWAP = "[source] sink", "source [sink]", "[source]"


@pytest.mark.parametrize(
    ("type", "online", "roles", "on_power"),
    [
        ("USB", 1, [SOURCE], False),
        ("USB", 1, [CANNOT_SWAP], False),
        ("USB", 1, [SINK], True),
        ("USB", 0, [SINK], False),
        ("USB", 1, [SOURCE, SOURCE], False),
        ("USB", 1, [SOURCE, SINK], True),
        ("USB", 1, ["", SOURCE], False),
        ("USB", 1, [""], True),
        ("USB", 1, [], True),
        ("Mains", 1, [SOURCE], True),
    ],
)
def test_what_feeds_another_device_is_no_power(
    tmp_path: Path, type: str, online: int, roles: list[str], on_power: bool
) -> None:
    supplies(tmp_path, mains(online, type), battery("Discharging", 20))
    over_usb_c(tmp_path, 0, *roles)
    assert power(NoBus(), tmp_path) == Power(on_power, 20)


def test_a_port_that_feeds_another_device_is_none_of_the_supply_beside_it(tmp_path: Path) -> None:
    supplies(tmp_path, mains(1, "USB"), mains(1, "USB"), battery("Discharging", 20))
    over_usb_c(tmp_path, 0, SOURCE)
    over_usb_c(tmp_path, 1, SINK)
    assert power(NoBus(), tmp_path) == Power(True, 20)
    (tmp_path / "class" / "power_supply" / "S1" / "online").write_text("0\n")
    assert power(NoBus(), tmp_path) == Power(False, 20)
    supplies(tmp_path / "alone", mains(1, "USB"))
    over_usb_c(tmp_path / "alone", 0, SOURCE)
    assert power(NoBus(), tmp_path / "alone") == Power()


def test_where_there_are_no_files_nothing_is_known(tmp_path: Path) -> None:
    assert power(NoBus(), tmp_path / "none") == Power()


def test_power_as_upower_has_it_comes_before_the_kernels(tmp_path: Path) -> None:
    sysfs = supplies(tmp_path / "sys", mains(1))
    with world(tmp_path, upower(True, 34.0)):
        assert power(Bus(), sysfs) == Power(False, 34.0)
    with world(tmp_path, upower(False, None)):
        assert power(Bus(), sysfs) == Power(True)
    with world(tmp_path, {UPOWER: {}}):  # another UPower than we know
        assert power(Bus(), sysfs) == Power(True)


@pytest.mark.parametrize(
    ("says", "found"), [(0, "unknown"), (1, "yes"), (2, "no"), (3, "yes"), (4, "no"), (9, "unknown")]
)
def test_metered_as_networkmanager_has_it(tmp_path: Path, says: int, found: str) -> None:
    with world(tmp_path, None, manager(says)):
        assert metered(Bus(), tmp_path) == found


HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        ("", "unknown"),
        (HEAD, "unknown"),
        (f"{HEAD}wwan0 00000000 0 3 0 0 700 0 0 0 0\n", "yes"),
        (f"{HEAD}wwan0 00000000 0 3 0 0 700 0 0 0 0\neth0 00000000 0 3 0 0 100 0 0 0 0\n", "unknown"),
        (f"{HEAD}eth0 00000000 0 3 0 0 x 0 0 0 0\n", "unknown"),
    ],
)
def test_without_it_a_modem_is_metered(tmp_path: Path, routes: str, found: str) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "route").write_text(routes)
    assert metered(NoBus(), tmp_path) == found


def by_ipv6(interface: str, metric: str = "00000400", flags: str = "00000003", length: str = "00") -> str:
    zeros = "0" * 32
    return f"{zeros} {length} {zeros} 00 fe80{zeros[4:]} {metric} 00000001 00000000 {flags} {interface:>8}\n"


REFUSED = by_ipv6("lo", "ffffffff", "00200200")  # where there is no way out


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        ("", "unknown"),
        (REFUSED, "unknown"),
        (by_ipv6("wwan0") + REFUSED, "yes"),
        (by_ipv6("wwan0", length="40"), "unknown"),
        (by_ipv6("wwan0") + by_ipv6("eth0", "00000064"), "unknown"),
        (by_ipv6("wwan0", "00000064") + by_ipv6("eth0"), "yes"),
        (by_ipv6("wwan0", flags="00200200"), "unknown"),
        (by_ipv6("wwan0", "x"), "unknown"),
        ("0" * 32 + " 00\n", "unknown"),
    ],
)
@pytest.mark.parametrize("by_ipv4", ["", HEAD, f"{HEAD}eth0 00000000 0 3 0 0 100 0 0 0 0\n"])
def test_a_modem_that_is_reached_by_ipv6_alone_is_metered_too(
    tmp_path: Path, by_ipv4: str, routes: str, found: str
) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "route").write_text(by_ipv4)
    (tmp_path / "net" / "ipv6_route").write_text(routes)
    assert metered(NoBus(), tmp_path) == found


def test_a_service_that_hangs_is_waited_for_once_and_not_long(tmp_path: Path) -> None:
    with system_bus(tmp_path) as address, service(address, MANAGER, None), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        bus = Bus(deadline_s=0.2)
        assert metered(bus) == "silent"
        patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nobody")
        assert metered(bus) == "silent"  # it is not asked again


@pytest.mark.parametrize("talks", [False, True])
def test_a_bus_that_hangs_is_not_waited_for_either(tmp_path: Path, talks: bool) -> None:
    """It takes the connection and never says hello; or greets, and says nothing after."""
    with socket.socket(socket.AF_UNIX) as listening, pytest.MonkeyPatch.context() as patch:
        listening.bind(str(tmp_path / "bus"))
        listening.listen()
        taken: list[socket.socket] = []

        def serve() -> None:
            near, _ = listening.accept()
            taken.append(near)
            if talks:
                near.recv(1024)
                near.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        with pytest.raises(Silent):
            Bus(deadline_s=0.2).properties(UPOWER, "/", UPOWER)
        thread.join(10)
        taken[0].close()


@pytest.mark.parametrize(
    "address", ["unix:path=/nobody/there", "tcp:host=localhost,port=1", "nonsense", "unix:abstract=xyzzy-no"]
)
def test_where_no_bus_is_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    with pytest.raises(Absent):
        Bus().properties(UPOWER, "/", UPOWER)


def test_what_does_not_run_is_absent(tmp_path: Path) -> None:
    with world(tmp_path), pytest.raises(Absent):
        Bus().properties(UPOWER, "/", UPOWER)


@given(begin=st.integers(0, 1439), end=st.integers(0, 1439), minute=st.integers(0, 1439))
def test_hours_go_over_midnight(begin: int, end: int, minute: int) -> None:
    text = f"{begin // 60:02}:{begin % 60:02}-{end // 60}:{end % 60:02}"
    if begin == end:
        with pytest.raises(ValueError, match="end at another time"):
            quiet_hours(text)
        return
    (hours,) = quiet_hours(text)
    after_begin, length = (minute - begin) % 1440, (end - begin) % 1440
    assert hours.holds(minute) == (after_begin < length)


@pytest.mark.parametrize(
    "text", ["22", "22:00", "22-23-24", "25:00-26:00", "22:60-23:00", "10-10", "24:01-2", "a-b", "22:0-6"]
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|day"):
        quiet_hours(text)


@pytest.mark.parametrize(
    ("text", "wall", "fold", "is_quiet"),
    [
        ("2-3", "2026-10-25 02:30", 0, True),  # the hour that comes twice
        ("2-3", "2026-10-25 02:30", 1, True),
        ("2-3", "2026-10-25 03:00", 0, False),
        ("2-3", "2026-03-29 01:59", 0, False),  # the hour that does not come
        ("2-3", "2026-03-29 03:00", 0, False),
        ("22:00-6:30, 12-13", "2026-05-01 06:29", 0, True),
        ("22:00-6:30, 12-13", "2026-05-01 06:30", 0, False),
        ("22:00-6:30, 12-13", "2026-05-01 12:00", 0, True),
        ("0-24", "2026-05-01 23:59", 0, True),
        ("", "2026-05-01 23:59", 0, False),
    ],
)
def test_quiet_by_the_clock_on_the_wall(text: str, wall: str, fold: int, is_quiet: bool) -> None:
    zone = ZoneInfo("Europe/Berlin")
    then = datetime.fromisoformat(wall).replace(tzinfo=zone, fold=fold)
    assert bool(quiet_now(quiet_hours(text), then.timestamp(), zone)) == is_quiet


def group(sysfs: Path, name: str, most: str, taken: int, files: int = 0) -> None:
    folder = sysfs / "fs" / "cgroup" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(most)
    (folder / "memory.current").write_text(str(taken))
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\n")


def test_a_group_has_less_memory_than_its_machine(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/system.slice/swipefl.service\n")
    group(tmp_path, "system.slice/swipefl.service", "max\n", 5_000_000)
    assert (free_memory_mb(sysfs=tmp_path, proc=tmp_path) or 0) > 3
    group(tmp_path, "system.slice", "3000000\n", 2_500_000, files=500_000)
    assert free_memory_mb(sysfs=tmp_path, proc=tmp_path) == 1.0
    group(tmp_path, "system.slice/swipefl.service", "1000\n", 5_000_000)
    assert free_memory_mb(sysfs=tmp_path, proc=tmp_path) == 0.0
    ours = free_memory_mb(own=True, sysfs=tmp_path, proc=tmp_path)
    assert ours is not None
    assert ours > 1


def test_the_disk_is_that_of_a_folder_which_is_yet_to_be_made(tmp_path: Path) -> None:
    here, there = free_disk_mb(tmp_path), free_disk_mb(tmp_path / "a" / "b")
    assert here is not None
    assert there == pytest.approx(here, rel=0.1)


def test_the_real_machine_can_be_asked_all_of_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, Bus())
    began = time.time()
    for answer in (machine.power(), machine.metered(), machine.processor_c(), machine.battery_c(), machine.load(1)):
        assert answer is None or answer is not machine
    assert machine.clock() >= began
    assert os.cpu_count()
