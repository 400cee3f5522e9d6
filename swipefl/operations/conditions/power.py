"""Is the device on power, and how full is its battery? UPower knows best; without it, the kernel's files say so."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swipefl.operations.conditions.bus import Absent, Bus, Silent

UPOWER = "org.freedesktop.UPower"
SUPPLIES = "class/power_supply"
PORTS = "class/typec"
DISCHARGING, EMPTY = 2, 3  # states of a battery, as UPower numbers them


@dataclass(frozen=True)
class Power:
    """`on_power` is None where nothing can be found out; `charge` in percent, None without a battery.

    `is_hidden`: there is something to be known, and it may not be looked at.
    """

    on_power: bool | None = None
    charge: float | None = None
    is_hidden: bool = False


def power(bus: Bus, sysfs: Path = Path("/sys")) -> Power:
    """The device's power, as UPower says, else as the kernel does."""
    try:
        return _of_upower(bus)
    except (Absent, Silent, KeyError, TypeError, ValueError):
        return _of_kernel(sysfs)


def _of_upower(bus: Bus) -> Power:
    """What it makes of all batteries, those of mice left out."""
    on_battery = bus.properties(UPOWER, "/org/freedesktop/UPower", UPOWER)["OnBattery"]
    whole = bus.properties(UPOWER, "/org/freedesktop/UPower/devices/DisplayDevice", f"{UPOWER}.Device")
    charge = float(whole["Percentage"]) if whole["IsPresent"] else None
    return Power(not on_battery, charge)


@dataclass(frozen=True)
class _Battery:
    charge: float | None
    weight: float
    is_discharging: bool


def _of_kernel(sysfs: Path) -> Power:
    """On power where a supply is connected, or where no battery is being emptied."""
    # systemd's on_ac_power (shared/battery-util.c): any supply but a battery that is online is power, but for one of
    # type USB of whose Type-C ports (those below the same device) one is a [source] and none a [sink]: it feeds another
    # device. Where none is online, a battery that is discharging means that there is no power.
    try:
        supplies = sorted((sysfs / SUPPLIES).iterdir())
    except FileNotFoundError:
        return Power()
    except OSError:
        return Power(is_hidden=True)
    kinds = [(_text(supply / "type"), supply) for supply in supplies if _text(supply / "scope") != "Device"]
    if supplies and not any(kind for kind, _ in kinds) and not all(_text(each / "scope") for each in supplies):
        return Power(is_hidden=True)
    batteries = [_battery(supply) for kind, supply in kinds if kind in ("Battery", "UPS")]
    others = [(kind, supply) for kind, supply in kinds if kind not in ("Battery", "UPS", "")]
    online = [_text(supply / "online") for kind, supply in others if not _feeds(kind, supply, sysfs)]
    if not batteries and not online:
        return Power()
    is_connected = any(text not in ("", "0") for text in online)
    return Power(is_connected or not any(each.is_discharging for each in batteries), _charge(batteries))


def _feeds(kind: str, supply: Path, sysfs: Path) -> bool:
    """Whether a supply gives power to another device, and takes none."""
    if kind != "USB":
        return False
    try:
        device = (supply / "device").resolve(strict=True)
        ports = [port for port in (sysfs / PORTS).iterdir() if device in port.resolve().parents]
    except OSError:  # it has no device, or the kernel knows no port
        return False
    roles = [_text(port / "power_role") for port in ports]
    return any("[source]" in role for role in roles) and not any("[sink]" in role for role in roles)


def _battery(supply: Path) -> _Battery:
    weights = (_number(supply / name) for name in ("energy_full", "charge_full"))
    weight = next((weight for weight in weights if weight), 1.0)
    return _Battery(_number(supply / "capacity"), weight, _text(supply / "status") == "Discharging")


def _charge(batteries: list[_Battery]) -> float | None:
    """Of all of them together, each by what it holds."""
    known = [(each.charge, each.weight) for each in batteries if each.charge is not None]
    return sum(charge * weight for charge, weight in known) / sum(weight for _, weight in known) if known else None


def temperatures(sysfs: Path) -> Iterator[float]:
    """Of batteries, in degrees Celsius."""
    for file in (sysfs / SUPPLIES).glob("*/temp"):
        if (tenths := _number(file)) is not None and _text(file.with_name("scope")) != "Device":
            yield tenths / 10


def _number(file: Path) -> float | None:
    try:
        return float(_text(file))
    except ValueError:
        return None


def _text(file: Path) -> str:
    """What the kernel says in a file; "" where it says nothing, as drivers do of a battery that was taken out."""
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
