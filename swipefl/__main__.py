"""`swipefl` and `python -m swipefl`."""

import gc
import signal
import sys

YOUNG = 10_000  # objects between two looks for garbage


def main() -> None:
    """Run the command line; a Ctrl-C before all of it is loaded ends it at once, and without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(YOUNG)  # what loading makes stays: looking through it every 700 was a tenth of a cold predict
    try:
        from swipefl.cli.app import main
    except ModuleNotFoundError as error:
        sys.exit(_without(error))
    main()


def _without(error: ModuleNotFoundError) -> int:
    """The exit code where not even a command can be read for want of a package, once that is told."""
    from swipefl.cli.remedies import told
    from swipefl.missing import missing_package

    missing = missing_package(error)
    if missing is None:
        raise error
    print(f"swipefl: {told(missing)}", file=sys.stderr)
    return missing.exit_code


if __name__ == "__main__":
    main()
