"""`device.upkeep`: what keeps a device well that nobody watches."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from swipefl.library.part import Part
from swipefl.stopping import Stop, never

if TYPE_CHECKING:  # loaded by the call that needs it
    from swipefl.operations.doctor import Diagnosis
    from swipefl.operations.findings import Finding


class Upkeep(Part):
    """What `device.upkeep` can do: each function is one of the command line's."""

    def doctor(
        self,
        fix: bool = False,
        on_finding: "Callable[[Finding], None]" = lambda finding: None,
        stop: Stop = never,
    ) -> "Diagnosis":
        """Looks whether all is well with this device, its home and its federation, and changes nothing.

        With `fix` it first mends what can be mended without any loss. Where it belongs to a federation its coordinator
        is asked for its certificate. `on_finding` hears of each finding at once. Raises what `stop` says.
        """
        with self._changing() as home:
            return home.doctor(stop).run(fix, on_finding)
