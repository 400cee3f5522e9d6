"""A job in its process: it gives way to everything else, ends when told, and with the server.

Loaded before numpy is: what is imported here loads nothing else.
"""

import os
import pickle
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from swipefl.errors import Interrupted, SwipeflError
from swipefl.processes import end_with
from swipefl.stopping import is_unbroken

if TYPE_CHECKING:
    from types import FrameType

    from swipefl.device.cycle import RoundReport
    from swipefl.learning.training import Progress
    from swipefl.library.device import Device
    from swipefl.stopping import Stop

NICE = 19  # on two busy cores a prediction's p99 is 4 times the quiet p50, with 10 it is 20 times
TELLS_EVERY_S = 0.1
STOPS = {signal.SIGINT, signal.SIGTERM}

Tell = Callable[[str, Any], None]


def work(far: Connection, near: Connection, packed: bytes, kind: str, rounds: int) -> None:
    """Does the job of a packed device, and tells through `near`; ends at once when `far` is closed."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    with suppress(OSError):
        os.nice(NICE)
    end_with(far)

    def tell(what: str, said: Any) -> None:
        near.send((what, said))

    try:
        stop = _stopped_by_signals()
        device: Device = pickle.loads(packed)
        done = _trained(device, tell, stop) if kind == "train" else _cycled(device, rounds, tell, stop)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # it is done, whoever wants it to end now
        tell("done", done)
    except Interrupted:
        tell("cancelled", None)
    except SwipeflError as error:
        tell("failed", fields_of(error))
    except Exception as error:
        from swipefl.api.problems import Bug, log_bug

        log_bug(error)
        tell("failed", fields_of(Bug()))


def fields_of(error: SwipeflError) -> tuple[int, str, str, str | None]:
    """An error's exit code, code, sentence and remedy."""
    return error.exit_code, error.code, str(error), error.remedy.name if error.remedy else None


def _stopped_by_signals() -> "Stop":
    """SIGTERM raises Interrupted where the work is, once, and this says so too; a terminal's are the server's."""
    caught: list[int] = []

    def catch(signum: int, frame: "FrameType | None") -> None:
        caught.append(signum)
        if len(caught) == 1 and not is_unbroken(frame):
            raise Interrupted(signum)

    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, catch)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)  # blocked since before it was started
    return lambda: Interrupted(caught[0]) if caught else None


def _trained(device: "Device", tell: Tell, stop: "Stop") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(device.train(_progress(tell), stop))


def _cycled(device: "Device", rounds: int, tell: Tell, stop: "Stop") -> dict[str, Any]:
    from dataclasses import asdict

    done: list[dict[str, Any]] = []

    def on_round(report: "RoundReport") -> None:
        done.append(_plain_round(report))
        tell("round", {"rounds": list(done), "sync": None})

    report = device.cycle(rounds, on_progress=_progress(tell), on_round=on_round, stop=stop, now=True)
    unspoken = str(report.unspoken) if report.unspoken else None
    night = asdict(report.night) if report.night else None
    return {"rounds": done, "sync": unspoken, "night": night, "shared": report.shared, "bytes_sent": report.bytes_sent}


def _plain_round(report: "RoundReport") -> dict[str, Any]:
    from dataclasses import asdict, replace

    skipped = str(report.skipped) if report.skipped else None
    return asdict(replace(report, skipped=skipped))


def _progress(tell: Tell) -> "Callable[[Progress], None]":
    """Tells of batches, not more often than anybody looks."""
    latest = 0.0

    def on_progress(progress: "Progress") -> None:
        nonlocal latest
        now = time.monotonic()
        if now - latest >= TELLS_EVERY_S or progress.done == progress.total:
            latest = now
            tell("progress", {name: getattr(progress, name) for name in ("epoch", "epochs", "done", "total", "loss")})

    return on_progress
