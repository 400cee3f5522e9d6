"""`swipefl.FlowerProject`: a federation on Flower, in one folder."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from swipefl.federation.protocol.address import Address
from swipefl.flower.installed import check_installed
from swipefl.flower.project import FILE, FlowerNodes, FlowerProjectReport, nodes_of, write_project
from swipefl.flower.running import FlowerRunReport, Runner
from swipefl.library.checks import path_of
from swipefl.settings.flower import SUPERLINK
from swipefl.stopping import Stop, never

__all__ = ["FlowerNodes", "FlowerProject", "FlowerProjectReport", "FlowerRunReport"]


class FlowerProject:
    """A Flower project in a folder: rounds between coordinators, or over devices. It takes the extra `flower` to run.

    What Flower sends to the machines that take part is the project's one file: no code, no weights, no data.
    """

    def __init__(self, folder: "str | PathLike[str]" = ".") -> None:
        self._folder = path_of(folder).absolute()

    def init(self, nodes: str = "coordinators", rounds: int = 0, state: str | None = None) -> FlowerProjectReport:
        """Writes the project's file, where there is none yet. Its nodes are `coordinators`, or `devices`.

        It is for so many `rounds` altogether, 0 for ever; `state` is the folder, on the SuperLink's machine, where its
        key and the versions are kept: an absolute path, else a usual one that depends on `nodes`. Raises UsageError.
        """
        return write_project(self._folder, nodes_of(nodes), rounds, state)

    def run(
        self,
        superlink: str = SUPERLINK,
        ca: "str | PathLike[str] | None" = None,
        insecure: bool = False,
        on_round: Callable[[dict[str, Any]], None] = lambda done: None,
        told: Callable[[str], None] = lambda sentence: None,
        stop: Stop = never,
    ) -> FlowerRunReport:
        """Runs the project on a SuperLink to the end of its last round; `on_round` hears of each as it ends.

        `ca` is the file of the authority that the SuperLink's certificate comes from, else those that this system
        knows; with `insecure` it is spoken to without TLS. A run that goes on already is followed; one that was killed
        is begun again and goes on after the last round that was done, and `told` hears of that. `stop` ends the
        following, and the run goes on.
        Raises UsageError, also where Flower is not installed, CoordinatorUnreachable, WorkerLost, and what a stop says.
        """
        check_installed("flwr", "httpx")
        from swipefl.flower.superlink import Place, SuperLink

        is_file = self._folder.name == FILE and self._folder.is_file()  # as `init` names it
        folder = self._folder.parent if is_file else self._folder
        place = Place(Address.parse(superlink), None if ca is None else Path(ca), insecure)
        with SuperLink(place) as link:
            return Runner(link, folder, on_round, told, stop).run()
