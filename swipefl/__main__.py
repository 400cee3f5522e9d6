"""`swipefl` and `python -m swipefl`."""

import gc
import signal

YOUNG = 10_000  # objects between two looks for garbage


def main() -> None:
    """Run the command line; a Ctrl-C before all of it is loaded ends it at once, and without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(YOUNG)  # what loading makes stays: looking through it every 700 was a tenth of a cold predict
    from swipefl.cli.app import main

    main()


if __name__ == "__main__":
    main()
