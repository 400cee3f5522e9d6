"""`device.timer`: systemd learns every night."""

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

from swipefl.library.checks import check_texts, path_of
from swipefl.library.part import Part

if TYPE_CHECKING:
    from swipefl.operations.timer import Installed, Removed


class Timer(Part):
    """The timer of `device.timer`: systemd reads what a keyboard wrote and learns from it, every night."""

    def install(
        self,
        logs: "Iterable[str | PathLike[str]]" = (),
        at: str | None = None,
        system: bool = False,
        run_as: str | None = None,
        edited: bool = False,
        print_only: bool = False,
    ) -> "Installed":
        """Has systemd read `logs` and learn each night `at` that time, as your own units or the system's.

        `logs` are the files or folders that a keyboard writes. What is not said stays as it was installed; at first it
        is three o'clock and ~/.local/share/keyboard/swipes.jsonl. The `system`'s units run as the person `run_as`.
        Safe to repeat: what is as it should be stays. A unit that a person wrote or `edited` is replaced only with
        that. With `print_only` nothing is changed, and the report has the units that would be written.
        Raises UsageError, also where systemd does not answer.
        """
        from swipefl.operations.timer import Timer, shown
        from swipefl.settings.nights import SYSTEM, check_home, manager_of, night_of, user_name

        check_texts(True, at=at, run_as=run_as)
        with self._opened() as home:
            night = night_of(home.settings, [path_of(log) for log in logs], at, run_as, system)
        if print_only:
            return shown(SYSTEM if system else manager_of(is_system=False), night)
        timer = Timer(manager_of(system))
        check_home(night, system)

        def prepare() -> None:
            if not system:  # no unit could: it is shown this folder alone
                night.home.mkdir(mode=0o700, parents=True, exist_ok=True)

        return timer.install(night, user_name(), edited, prepare)

    def remove(self, system: bool = False, edited: bool = False) -> "Removed":
        """Takes the timer and its units out of systemd, and nothing else; what a person `edited` only with that.

        Raises UsageError where a file cannot be removed.
        """
        from swipefl.operations.timer import Timer
        from swipefl.settings.nights import check_removal, manager_of

        with self._opened() as home:
            check_removal(home.settings.home if "home" in home.settings.model_fields_set else None, system)
        return Timer(manager_of(system)).remove(edited)
