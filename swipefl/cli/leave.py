"""`swipefl leave`: forget the federation."""

from dataclasses import asdict

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note


def leave(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Forget the federation and what waits to be sent. Your models stay."""
    report = home_of(home).leave()
    if as_json or not is_terminal():
        emit(asdict(report))
    else:
        note(f"left {report.left}; your models stay" if report.left else "this device belongs to no federation")
