"""What breaks first at one coordinator, computed: what its devices ask of it in a night, and out of how few hours."""

from dataclasses import dataclass

from swipefl.federation.coordinator.descriptors import MOST_CONNECTIONS
from tests.support.fleets import AWAY, LEFT, REVOKED, SILENT, Fleet

HOURS = (0.75, 8.0)  # that a timer spreads visits over unless it is told more; that a night perhaps has
LINE_MBIT, LASTS_S = 5, 2.0  # of a device; a visit with a version over it


@dataclass(frozen=True)
class Costs:
    """What things take, as `make scale` measures them at many devices.

    In milliseconds of processor: an update taken, and made part of a version, a visit, a version fetched. On the line:
    an update, a version. On the disk: what an update and a visit write.
    """

    update_ms: float
    round_ms: float
    visit_ms: float
    version_ms: float
    update_kb: float
    version_kb: float
    update_written_kb: float
    visit_written_kb: float


@dataclass(frozen=True)
class Needs:
    """What a night takes while it lasts: cores, Gbit/s down, MB/s of disk, connections; GB for updates that wait."""

    cores: float
    gbit_s: float
    disk_mb_s: float
    connections: float
    waiting_gb: float


def calls(fleet: Fleet) -> float:
    """Visits a night."""
    return fleet.devices * (1 - LEFT - REVOKED - SILENT) * (1 - AWAY)


def needs(fleet: Fleet, costs: Costs, hours: float) -> Needs:
    """Of a night in which each that calls finds a new version, and all come within so many hours."""
    visits, updates, seconds = calls(fleet), fleet.contributions, 3600 * hours
    busy_ms = updates * (costs.update_ms + costs.round_ms) + visits * (costs.visit_ms + costs.version_ms)
    written_kb = updates * costs.update_written_kb + visits * costs.visit_written_kb
    return Needs(
        cores=busy_ms / 1e3 / seconds,
        gbit_s=8 * visits * costs.version_kb / 1e6 / seconds,
        disk_mb_s=written_kb / 1e3 / seconds,
        connections=visits * LASTS_S / seconds,
        waiting_gb=fleet.buffer * costs.update_kb / 1e6,
    )


def table(fleet: Fleet, costs: Costs) -> list[str]:
    """The rows of what breaks first, as examples/flower/SCALE.md has them."""
    calling = f"{costs.visit_ms:.1f} a visit, {costs.version_ms:.1f} a version"
    written = f"{costs.update_written_kb / 1e3:.1f} MB, {costs.visit_written_kb:.0f} KB"
    lasting = f"lasting {LASTS_S:.0f} s at {LINE_MBIT} Mbit/s"
    takes = {
        "the processor of one process": f"{costs.update_ms:.1f} + {costs.round_ms:.1f} ms an update, {calling}",
        "the line, for versions": f"{costs.version_kb / 1e3:.2f} MB each",
        "the disk: an update, a visit": written,
        f"connections, a visit with a version {lasting}": f"{MOST_CONNECTIONS:,} at most",
        "room for updates that wait, half a megabyte each": f"a buffer of {fleet.buffer:,}",
    }
    soon, late = (_cells(needs(fleet, costs, hours)) for hours in HOURS)
    rows = zip(takes.items(), soon, late, strict=True)
    return [f"| {at}. {what} | {each} | {one} | {two} |" for at, ((what, each), one, two) in enumerate(rows, 1)]


def _cells(night: Needs) -> list[str]:
    gbit_s = night.gbit_s
    return [
        f"{100 * night.cores:.0f} % of a core",
        f"{gbit_s:.1f} Gbit/s" if gbit_s > 1 else f"{1e3 * gbit_s:.0f} Mbit/s",
        f"{night.disk_mb_s:.0f} MB/s",
        f"{night.connections:.0f}",
        f"{night.waiting_gb:.1f} GB",
    ]
