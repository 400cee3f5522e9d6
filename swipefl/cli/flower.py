"""`swipefl flower`: rounds between coordinators, on Flower."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from swipefl.cli.common import JsonOption, emit, note, signals, write
from swipefl.cli.listing import Application, Commands
from swipefl.cli.rendering import counted, percent
from swipefl.printable import printable
from swipefl.settings.flower import LAB_STATE, STATE, SUPERLINK

app = Application(cls=Commands, help="Several coordinators, one model, by Flower.", no_args_is_help=True)


@app.command("init")
def init(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where the project goes.")],
    nodes: Annotated[str, typer.Option(help="What takes part: coordinators, or devices that are always on.")] = (
        "coordinators"
    ),
    rounds: Annotated[int, typer.Option(min=0, help="How many altogether; 0: for ever.")] = 0,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the SuperLink's machine keeps its key and the versions: an absolute path there; "
            f"else {STATE}, of devices {LAB_STATE}.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a project for Flower. One file, which names swipefl's apps and the numbers of the rounds."""
    from swipefl.library.flower import FlowerProject

    report = FlowerProject(folder).init(nodes, rounds, state)
    if as_json:
        emit({**asdict(report), "project": str(report.project)})
    else:
        note(f"the project is {report.project}; what stands in it says what its numbers mean")
        note(f"`swipefl flower run {shlex.quote(folder)} --superlink HOST:PORT` runs it")


@app.command("run")
def run(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="The project; else this folder.")] = ".",
    superlink: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the SuperLink is.")] = SUPERLINK,
    ca: Annotated[
        Path | None,
        typer.Option(help="The authority that its certificate comes from (PEM), if none that all the world knows."),
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without TLS.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a project to its last round. Shows what each gained; what was killed goes on where it was."""
    from swipefl.library.flower import FlowerProject

    with signals() as stop:
        FlowerProject(folder).run(superlink, ca, insecure, emit if as_json else _tell, note, stop)
    if not as_json:
        note("all rounds are done: as many as `rounds` in the project's file says")


def _tell(done: dict[str, Any]) -> None:
    """A line a round: what went into it, and what it is worth where somebody judges it."""
    made_of = f"{counted(done['updates'], 'update')} of {counted(done['coordinators'], 'node')}"
    before, after = done.get("top1_before"), done.get("top1_after")
    worth = "" if before is None or after is None else f"; first words right: {percent(before)} -> {percent(after)}"
    fault = f"; the model stays as it was: {done['fault']}" if done.get("fault") else ""
    write(printable(f"round {done['round']}: version {done['version']} out of {made_of}{worth}{fault}"))
