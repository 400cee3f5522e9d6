"""Devices that give coordinators updates, in a process that may be killed: tests.support.flower_devices FOLDER

FOLDER/devices.json says of each its id, where its coordinator is and its credential. What a device is about to give
stands in FOLDER/ID.trying before it leaves, and in FOLDER/ID.given once it was acknowledged, each flushed to disk: one
who was killed in between gives the same again.
"""

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.updates import header_for, update

TAKEN = (wire.OUTCOME_ACCEPTED, wire.OUTCOME_DUPLICATE)
BLOBS = [update(seed) for seed in range(3)]
PAUSE_S = 2.0


@dataclass(frozen=True)
class Trying:
    """An update as it is given, again and again until its fate is known."""

    update_id: str
    base_version: int
    base_fingerprint: str
    blob: int

    def header(self) -> wire.UpdateHeader:
        facts = {name: value for name, value in asdict(self).items() if name != "blob"}
        return header_for(BLOBS[self.blob], **facts)


def append(path: Path, text: str) -> None:
    """A line that is there whatever happens next."""
    with path.open("a") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def last(path: Path) -> str:
    """The last whole line, "" where there is none."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return lines[-1] if lines else ""


def live(folder: Path, name: str, address: str, authorization: str) -> None:
    """A device's life."""
    tries, given = folder / f"{name}.trying", folder / f"{name}.given"
    known = json.loads(last(tries) or "null")
    trying = Trying(**known) if known and known["update_id"] != last(given) else None
    while True:
        with suppress(CoordinatorUnreachable), Client(Endpoint(address), authorization, deadline_s=20) as client:
            if trying is None:
                asked = client.check_in(0, "")
                if not asked.contributed:
                    newest = wire.Manifest.FromString(asked.newest.manifest)
                    blob = newest.version % len(BLOBS)
                    trying = Trying(header_for(BLOBS[blob]).update_id, newest.version, newest.fingerprint, blob)
                    append(tries, json.dumps(asdict(trying)))
            if trying is not None:
                answer = client.upload(trying.header(), BLOBS[trying.blob])
                append(given if answer.outcome in TAKEN else folder / "odd", trying.update_id)
                trying = None
        time.sleep(PAUSE_S)


def main(folder: Path) -> None:
    """All of them, for ever."""
    devices = json.loads((folder / "devices.json").read_text())
    threads = [Thread(target=live, args=(folder, *each)) for each in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
