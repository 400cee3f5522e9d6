"""`swipefl leave`: forget the federation."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note, signals

if TYPE_CHECKING:
    from swipefl.federation.device.leaving import Left


def leave(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tell the coordinator and forget the federation. What waits to be sent goes; your models stay."""
    with signals() as stop:
        report = device_of(home).leave(stop)
    if as_json:
        emit(asdict(report))
    else:
        note(_sentence(report))
        if report.was_node:
            note("stop its SuperNode, too: whoever asks that is answered, and followed from then on")


def _sentence(report: "Left") -> str:
    from swipefl.federation.device.leaving import UNKNOWN

    if report.left is None and report.was_node:
        return "this device follows no versions of Flower any more; your models stay"
    if report.left is None:
        return "this device belongs to no federation"
    if report.told:
        return f"left {report.left}, which was told; your models stay"
    if report.why == UNKNOWN:
        return f"left {report.left}, which did not know this device any more; your models stay"
    return (
        f"left {report.left}, which could not be told ({report.why}): it goes on counting this device among its own, "
        "but gets nothing more from it; your models stay"
    )
