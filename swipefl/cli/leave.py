"""`swipefl leave`: forget the federation."""

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note


def leave(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Forget the federation and what waits to be sent. Your models stay."""
    from swipefl.federation.device.enrolment import leave

    with home_of(home).alone() as store:
        left = leave(store)
    if as_json or not is_terminal():
        emit({"left": left.address if left else None})
    else:
        note(f"left {left.address}; your models stay" if left else "this device belongs to no federation")
