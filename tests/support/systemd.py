"""A systemctl on PATH that runs nothing, writes down what it was asked, and keeps what it enables as systemd does."""

import os
from pathlib import Path

SYSTEMCTL = """#!/bin/sh
echo "$*" >> "{calls}"
case "$1" in --user) shift ;; esac
units="${{XDG_CONFIG_HOME:-$HOME/.config}}/systemd/user"
case "$1" in
start) [ ! -e "{refused}" ] || ! grep -qFf "{refused}" "$units/$2" ;;
enable) mkdir -p "$units/timers.target.wants"; ln -sf "$units/$2" "$units/timers.target.wants/$2" ;;
disable) for last; do :; done; rm -f "$units/timers.target.wants/$last" ;;
show) cat "{shown}" 2>/dev/null ;;
esac
"""


class Systemctl:
    """`calls` are those that it had; a unit that holds the text `refuse` does not start."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._calls, self._refused, self._shown = folder / "calls", folder / "refused", folder / "shown"
        (folder / "systemctl").write_text(
            SYSTEMCTL.format(calls=self._calls, refused=self._refused, shown=self._shown), "utf-8"
        )
        (folder / "systemctl").chmod(0o755)

    @property
    def path(self) -> str:
        """PATH, with it in front."""
        return f"{self.folder}:{os.environ['PATH']}"

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def refuse(self, text: str) -> None:
        self._refused.write_text(f"{text}\n")

    def show(self, text: str) -> None:
        self._shown.write_text(text)
