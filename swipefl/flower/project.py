"""A thin Flower project: one file, which says whose apps run and with which numbers.

The apps are those of the swipefl that is installed where they run. So what Flower sends to every machine, the bundle,
is that file: no code, no weights, no data, whatever else lies in the folder.
"""

import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from swipefl.errors import Remedy, UsageError

FILE = "pyproject.toml"
_TEXT = """\
# A federation on Flower. All that is sent to the machines that take part is this file; what it names is the swipefl
# that is installed there. `swipefl flower run` runs it.
[project]
name = "swipefl-{nodes}-{mark}"  # by this a SuperLink knows which of its runs are of this project
version = "1.0.0"
description = "Rounds between {nodes}, by swipefl"
license = "Apache-2.0"
dependencies = []  # swipefl is there before: nothing is fetched while it runs

[tool.flwr.app]
publisher = "swipefl"
fab-exclude = ["**"]  # nothing beside this file is sent

[tool.flwr.app.components]
serverapp = "swipefl.flower.server_app:app"
clientapp = "{client}"

[tool.flwr.app.config]
folder = {folder}  # on the SuperLink's machine: its key, the versions, what each round came to
# start = "/path/of/a.safetensors"  # there, too: version 1; else the base of the package
rounds = {rounds}  # in all; 0: for ever
min-nodes = 2  # so many give something, or there is no round; krum needs 5 of them, fedtrimmedavg 4
max-wait-s = 21600.0  # so long a round waits for those that are there and have too few updates yet
timeout-s = 3600.0  # so long for what a node gives, at most; who does not even say how it stands has two minutes
max-norm = 4.0  # what a node gives is no longer than that
max-share = 0.75  # of a round: a node weighs no more, however many updates it says that it gives
strategy = "fedavgm"  # or fedavg, fedadam, fedtrimmedavg, krum
server-lr = 1.0
momentum = 0.9
trim = 0.25  # of fedtrimmedavg: the share that is left out at each end
liars = 1  # of krum: so many nodes may lie
"""


class FlowerNodes(StrEnum):
    """What a node of Flower is: a coordinator with its devices behind it, or, in a lab, a device itself."""

    COORDINATORS = "coordinators"
    DEVICES = "devices"


CLIENTS = {
    FlowerNodes.COORDINATORS: "swipefl.flower.coordinator_app:app",
    FlowerNodes.DEVICES: "swipefl.flower.device_app:app",
}


@dataclass(frozen=True)
class FlowerProjectReport:
    """The project's file, and what its nodes are."""

    project: Path
    nodes: FlowerNodes


def write_project(folder: Path, nodes: FlowerNodes, rounds: int, state: str) -> FlowerProjectReport:
    """Writes the project's file into a folder, which is made where there is none; one that is there already stays.

    `state` is where the server keeps what it knows. Raises UsageError.
    """
    file = folder / FILE
    numbers = {"folder": json.dumps(state), "rounds": rounds}  # a text of JSON is one of TOML
    text = _TEXT.format(nodes=nodes, mark=secrets.token_hex(4), client=CLIENTS[nodes], **numbers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise UsageError("project-there", "there is {path} already", Remedy.NAME_OTHER_FILE, path=file) from None
    except OSError as error:
        what = "cannot write {path}: {why}"
        raise UsageError("no-project-written", what, Remedy.NAME_OTHER_FILE, path=file, why=error.strerror) from None
    return FlowerProjectReport(file, nodes)
