"""`swipefl doctor`: whether all is well, and what to do where it is not."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_whatever, emit, signals
from swipefl.cli.remedies import advice
from swipefl.cli.rendering import console
from swipefl.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from swipefl.operations.doctor import Diagnosis
    from swipefl.operations.findings import Finding
    from swipefl.stopping import Stop

TICKS = {"ok": "\N{CHECK MARK}", "note": "!", "wrong": "\N{BALLOT X}", "unknown": "?"}


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without any loss.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether all is well: store, models, permissions, clock, disk, coordinator. Ends in 9 where it is not."""
    answer(lambda show, stop: device_whatever(home).upkeep.doctor(fix, show, stop), as_json)


def answer(run: "Callable[[Callable[[Finding], None], Stop], Diagnosis]", as_json: bool) -> None:
    """Runs a doctor, and shows each finding as it comes. Raises Unwell where something is wrong."""
    screen = console()

    def show(finding: "Finding") -> None:
        if not as_json:
            screen.print(printable(f"{TICKS[finding.state]} {finding.name}: {_sentence(finding)}"))

    with signals() as stop:
        found = run(show, stop)
    if as_json:
        emit(_report(found))
    else:
        _conclude(found)
    found.raise_if_unwell()


def _remedy(finding: "Finding") -> str | None:
    return finding.remedy or (advice(finding.error) if finding.error else None)


def _sentence(finding: "Finding") -> str:
    remedy = _remedy(finding)
    return f"{finding.says}; {remedy}" if remedy else finding.says


def _report(found: "Diagnosis") -> dict[str, Any]:
    findings = [
        {"name": each.name, "state": each.state, "says": each.says, "remedy": _remedy(each), "can_fix": each.can_fix}
        for each in found.findings
    ]
    mended = [{"name": each.name, "did": each.did, "failed": each.failed} for each in found.mended]
    return {"home": found.home, "is_well": found.is_well, "findings": findings, "mended": mended}


def _conclude(found: "Diagnosis") -> None:
    screen = console()
    for mended in found.mended:
        told = (
            f"{mended.name} could not be mended: {mended.did}"
            if mended.failed
            else f"mended {mended.name}: {mended.did}"
        )
        remedy = advice(mended.error) if mended.error else None
        screen.print(printable(f"{told}; {remedy}" if remedy else told))
    if found.is_well:
        screen.print("nothing is wrong")
