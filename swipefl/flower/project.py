"""A thin Flower project: one file, which says whose apps run and with which numbers.

The apps are those of the swipefl that is installed where they run. So what Flower sends to every machine, the bundle,
is that file: no code, no weights, no data, whatever else lies in the folder.
"""

import json
import os
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.bounds import LARGEST_VERSION, check
from swipefl.settings.flower import LAB_STATE, STATE

FILE = "pyproject.toml"
SERVER = "swipefl.flower.server_app:app"
LONGEST = 1000  # letters of a folder
MOST_ROUNDS = LARGEST_VERSION - 1  # the first version is of none
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
serverapp = "{server}"
clientapp = "{client}"

[tool.flwr.app.config]
nodes = "{nodes}"  # what takes part; a folder is of one kind of them
folder = {folder}  # on the SuperLink's machine: its key, the versions, what each round came to
# start = "/path/of/a.safetensors"  # there, too: version 1; else the base of the package
rounds = {rounds}  # in all; 0: for ever
min-nodes = 2  # so many give something, or there is no round; krum needs 5 of them, fedtrimmedavg 4
max-wait-s = 21600.0  # so long a round waits for those that are there and have too few updates yet
timeout-s = 3600.0  # so long for what a node gives, at most; who does not even say how it stands has two minutes
max-norm = 4.0  # what a node gives is no longer than that
max-share = 0.75  # of a round: a node weighs no more, however many updates it says that it gives
strategy = "fedavgm"  # or fedavg, fedadam, fedtrimmedavg, krum
server-lr = 1.0  # of fedavgm and fedadam: how far the model goes where the round's change points
momentum = 0.9  # of the same two: how much of the changes before goes along
trim = 0.25  # of fedtrimmedavg: the share that is left out at each end
liars = 1  # of krum: so many nodes may lie
"""


class FlowerNodes(StrEnum):
    """What a node of Flower is: a coordinator with its devices behind it, or, in a lab, a device itself."""

    COORDINATORS = "coordinators"
    DEVICES = "devices"


def nodes_of(said: object) -> FlowerNodes:
    """What nodes are, as it is said. Raises UsageError."""
    try:
        return FlowerNodes(said)  # type: ignore[arg-type]
    except ValueError:
        what = "nodes are {known}, not {given}"
        raise UsageError("no-nodes", what, known=" or ".join(FlowerNodes), given=str(said)[:LONGEST]) from None


CLIENTS = {
    FlowerNodes.COORDINATORS: "swipefl.flower.coordinator_app:app",
    FlowerNodes.DEVICES: "swipefl.flower.device_app:app",
}


@dataclass(frozen=True)
class FlowerProjectReport:
    """The project's file, and what its nodes are."""

    project: Path
    nodes: FlowerNodes


STATES = {FlowerNodes.COORDINATORS: STATE, FlowerNodes.DEVICES: LAB_STATE}


def state_folder(said: object) -> Path:
    """The folder of the SuperLink's machine that is said so, of this user's if it begins with ~. Raises UsageError.

    A relative one would be where the SuperLink was started, whatever that is.
    """
    if not isinstance(said, str) or not said:
        raise UsageError("no-folder-said", "it is not said which folder the versions are in", Remedy.CORRECT_SETTING)
    is_path = said.isprintable() and len(said) <= LONGEST
    if not is_path or not (said.startswith("~") or PurePosixPath(said).is_absolute()):
        what = "the folder of the versions is an absolute path on the SuperLink's machine, and not {folder!r}"
        raise UsageError("relative-path", what, Remedy.CORRECT_SETTING, folder=said[:LONGEST])
    return Path(os.path.expanduser(said))


def write_project(folder: Path, nodes: FlowerNodes, rounds: int, state: str | None) -> FlowerProjectReport:
    """Writes the project's file into a folder, which is made where there is none; one that is there already stays.

    `state` is where the server keeps what it knows, else the usual place of these nodes. Raises UsageError.
    """
    check("rounds", rounds, 0, MOST_ROUNDS)
    state = STATES[nodes] if state is None else state
    state_folder(state)
    file = folder / FILE
    numbers = {"folder": json.dumps(state), "rounds": rounds}  # a text of JSON is one of TOML
    text = _TEXT.format(nodes=nodes, mark=secrets.token_hex(4), server=SERVER, client=CLIENTS[nodes], **numbers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        if not folder.is_dir():
            raise _not_written(file, "its folder is a file") from None
        raise UsageError("project-there", "there is {path} already", Remedy.NAME_OTHER_FILE, path=file) from None
    except OSError as error:
        raise _not_written(file, error.strerror) from None
    return FlowerProjectReport(file, nodes)


def _not_written(file: Path, why: str | None) -> UsageError:
    what = "cannot write {path}: {why}"
    return UsageError("no-project-written", what, Remedy.NAME_OTHER_FILE, path=file, why=why)
