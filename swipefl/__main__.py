"""`swipefl` and `python -m swipefl`."""

import signal


def main() -> None:
    """Run the command line; a Ctrl-C before all of it is loaded ends it at once, and without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from swipefl.cli.app import main

    main()


if __name__ == "__main__":
    main()
