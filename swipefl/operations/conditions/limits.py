"""What the owner of a device asks of the world before a night works; a coordinator asks in `protocol.conditions`."""

from dataclasses import dataclass

from swipefl.operations.conditions.hours import Hours


@dataclass(frozen=True)
class Limits:
    """A device's own; the defaults are for one that nobody has configured. 0 asks for nothing.

    Battery in percent that it has to be above where the device is not on power; load a core that is others'; times in
    hours. `sharing_battery`, `metered` and `contribute_every_h` hold for what is shared, the rest for all of a night.
    """

    least_battery: int = 50
    sharing_battery: int = 100
    metered: bool = False
    hottest_c: float = 90.0
    most_load: float = 0.0
    least_disk_mb: int = 100
    least_memory_mb: int = 300
    quiet_hours: tuple[Hours, ...] = ()
    least_new_swipes: int = 1
    contribute_every_h: float = 0.0
