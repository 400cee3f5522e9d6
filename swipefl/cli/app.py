"""The command line: commands registered, errors turned into exit codes."""

import errno
import gc
import logging
import os
import signal
import sys
import traceback
from contextlib import nullcontext, suppress
from typing import NoReturn

import typer

from swipefl import __version__
from swipefl.cli import coordinator, flower, keyboards, lexicons, timer, words
from swipefl.cli.backup import backup
from swipefl.cli.common import note
from swipefl.cli.completing import answer, is_asked
from swipefl.cli.completion import completion
from swipefl.cli.config import config
from swipefl.cli.cycle import cycle
from swipefl.cli.doctor import doctor
from swipefl.cli.enroll import enroll
from swipefl.cli.evaluate import evaluate
from swipefl.cli.export import export
from swipefl.cli.forget import forget
from swipefl.cli.ingest import ingest
from swipefl.cli.leave import leave
from swipefl.cli.listing import Application, Commands
from swipefl.cli.predict import predict
from swipefl.cli.relabel import relabel
from swipefl.cli.remedies import told
from swipefl.cli.reset import reset
from swipefl.cli.restore import restore
from swipefl.cli.serve import practise, serve
from swipefl.cli.show import show
from swipefl.cli.simulate import simulate
from swipefl.cli.status import status
from swipefl.cli.streams import OutputLost, alive, drop_output, take_up
from swipefl.cli.sync import sync
from swipefl.cli.train import train
from swipefl.errors import Interrupted, StoreError, SwipeflError, UsageError
from swipefl.missing import missing_package

MOST_COLUMNS = 80  # of help: longer lines are hard to read

app = Application(
    name="swipefl",
    cls=Commands,
    rich_markup_mode=None,
    help="A swipe keyboard that gets better at your swipes, on your own device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # typer loads pydantic to convert a --help that was not given; one that is False from the start needs no converting
    context_settings={
        "help_option_names": ["-h", "--help"],
        "default_map": {
            "help": False,
            **{
                group: {"help": False} for group in ("words", "keyboards", "lexicons", "timer", "coordinator", "flower")
            },
        },
    },
)
for command in (
    ingest,
    cycle,
    predict,
    evaluate,
    show,
    status,
    doctor,
    train,
    reset,
    relabel,
    forget,
    export,
    backup,
    restore,
    enroll,
    sync,
    leave,
    config,
    serve,
    practise,
    simulate,
    completion,
):
    app.command()(command)
app.add_typer(coordinator.app, name="coordinator")
app.add_typer(flower.app, name="flower")
app.add_typer(words.app, name="words")
app.add_typer(keyboards.app, name="keyboards")
app.add_typer(lexicons.app, name="lexicons")
app.add_typer(timer.app, name="timer")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"swipefl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """A swipe keyboard that gets better at your swipes, on your own device."""


def main() -> NoReturn:
    """Run the command line; every error ends in the exit code that examples/COMMANDS.md promises."""
    # The matrices here are small. Threads that wait for each other took five times the CPU time, beside other work.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    # What torch keeps ready for each shape of a batch: all of it grows to 1 GB, and forgetting costs 5 % of training.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    # gRPC would write lines of its own beside the log; it reads this once, when it is loaded.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    take_up()
    if is_asked():
        answer(typer.main.get_command(app), sys.argv[1:])
        sys.exit(0)
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # while it was loaded
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with alive("swipefl: one moment") if _may_take_long(sys.argv[1:]) else nullcontext():
            app(prog_name="swipefl", terminal_width=_columns())
        code = 0
    except BaseException as error:
        _hear_no_more()
        code = _ended_by(error)
    _hear_no_more()
    try:
        sys.stdout.flush()
    except OutputLost as lost:
        code = _lost(lost)
    gc.freeze()  # what is left goes with the process: to look through all of it once more takes as long as the store
    sys.exit(code)


def _may_take_long(words: list[str]) -> bool:
    """Whether a person may wonder whether anything happens; not where help is read, and --json shows nothing else."""
    return bool(words) and not {"--json", "--help", "-h", "--version"} & set(words) and os.environ.get("TERM") != "dumb"


def _columns() -> int | None:
    """How wide help may be: click would ask a stream that is not there any more since `take_up`."""
    return min(MOST_COLUMNS, os.get_terminal_size(1).columns) or None if os.isatty(1) else None


def _hear_no_more() -> None:
    """From here on Python would make a traceback, and exit code 0 or 1, of a Ctrl-C: it ends the process at once."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _ended_by(error: BaseException) -> int:
    """The exit code of what ended a command, once it is told; where that was a signal, it does not come back."""
    if isinstance(error, KeyboardInterrupt | Interrupted):  # or Python tells what its processes left behind
        traceback.clear_frames(error.__traceback__)
        gc.collect()
    if isinstance(error, SystemExit):
        if error.code == 128 + signal.SIGINT:  # what typer makes of Ctrl-C
            _end_by(signal.SIGINT)
        if isinstance(error.code, str):  # as Python does it
            note(f"swipefl: {error.code}", logging.ERROR)
            return 1
        return error.code or 0
    if isinstance(error, KeyboardInterrupt):
        _end_by(signal.SIGINT)
    if isinstance(error, Interrupted):
        _end_by(error.signum)
    if isinstance(error, OutputLost):
        return _lost(error)
    error = missing_package(error) or error
    if isinstance(error, SwipeflError):
        # Who typed it sees it at once: in the log of a service that runs beside it is no fault of that.
        is_slip = isinstance(error, UsageError) and sys.stderr.isatty()
        note(f"swipefl: {told(error)}", logging.WARNING if is_slip else logging.ERROR)
        return error.exit_code
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # the store's own is a StoreError
        note("swipefl: no space left for what it writes; free some space and run the command again", logging.ERROR)
        return StoreError.exit_code
    if os.environ.get("SWIPEFL_DEBUG"):
        traceback.print_exception(error)
    note(f"swipefl: a bug ({type(error).__name__}); SWIPEFL_DEBUG=1 shows where; please report it", logging.ERROR)
    return 1


def _lost(output: OutputLost) -> int:
    """The exit code where standard output takes no more."""
    drop_output()
    if output.is_unwanted:
        return 0
    full = "no space left for the output; free some space and run the command again"
    note(f"swipefl: {full if output.is_full else f'cannot write the output: {output}'}", logging.ERROR)
    return StoreError.exit_code


def _end_by(signum: int) -> NoReturn:
    """Die by the signal, so that a caller sees that it was one."""
    note("swipefl: interrupted; what was finished is kept", logging.WARNING)
    with suppress(OutputLost):
        sys.stdout.flush()
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
    sys.exit(128 + signum)
