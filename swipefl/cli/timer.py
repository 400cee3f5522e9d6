"""`swipefl timer`: systemd learns every night."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note, write
from swipefl.cli.listing import Application, Commands
from swipefl.cli.rendering import console
from swipefl.printable import printable

if TYPE_CHECKING:
    from swipefl.operations.timer import Installed, Removed

app = Application(cls=Commands, help="Learn every night, by systemd's timers.", no_args_is_help=True)
SystemOption = Annotated[
    bool, typer.Option("--system/--user", help="As the system's units, which needs root; else as your own.")
]
EditedOption = Annotated[bool, typer.Option("--edited", help="Also what you have edited, or wrote yourself.")]


@app.command("install")
def install(
    logs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files or folders that your keyboard writes. At first ~/.local/share/keyboard/swipes.jsonl.",
            show_default=False,
        ),
    ] = None,
    system: SystemOption = False,
    at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="When, or up to 45 minutes later. At first 03:00.")
    ] = None,
    run_as: Annotated[
        str | None, typer.Option(metavar="NAME", envvar="SUDO_USER", help="With --system: whose nights they are.")
    ] = None,
    edited: EditedOption = False,
    print_only: Annotated[bool, typer.Option("--print", help="Show the units, and change nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read what your keyboard wrote and learn, every night. Safe to repeat; what is not said stays as it was."""
    report = device_of(home).timer.install(logs or (), at, system, run_as, edited, print_only)
    if as_json:
        emit(asdict(report))
    elif print_only:
        write("\n".join(f"# {unit.path}\n{unit.text}" for unit in report.units))
    else:
        _tell(report)


@app.command("remove")
def remove(
    system: SystemOption = False, edited: EditedOption = False, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Stop learning every night. Removes what `install` wrote; your swipes and models stay."""
    report = device_of(home).timer.remove(system, edited)
    if as_json:
        emit(asdict(report))
    else:
        _tell_removed(report)


def _tell(report: "Installed") -> None:
    is_own = report.lingers is not None
    journal = f"journalctl {'--user ' if is_own else ''}-u 'swipefl-*'"
    for unit in report.units:
        console().print(printable(f"{unit.change}: {unit.path}"), soft_wrap=True)
    console().print(f"it learns every night between {report.at} and 45 minutes later; `{journal}` says what came of it")
    if not report.is_confined:
        note(
            "this system lets nobody but root hide the rest of the disk from a service: what else it may do is bounded"
        )
    if report.lingers is False:
        note("only while you are logged in: `loginctl enable-linger` makes it every night")


def _tell_removed(report: "Removed") -> None:
    for path in report.removed:
        console().print(printable(f"removed: {path}"), soft_wrap=True)
    if not report.removed and not report.kept:
        console().print("there is no timer here")
    for path in report.kept:
        note(f"{path} is your own, or was edited, and stays; --edited removes it too")
