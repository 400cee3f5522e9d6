"""What systemd knows of a person's nights: whether a timer starts them, when next, and what became of the last one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from swipefl.operations.findings import Finding
from swipefl.operations.timer import UNITS, Timer
from swipefl.operations.unit_texts import CYCLE, INGEST, TIMER, Night, is_edited, is_ours, unit_texts

NAME = "timer"
_ASKED = "Id,UnitFileState,ActiveState,Result,ExecMainStatus,NextElapseUSecRealtime"
_AGAIN = "`swipefl timer install`"


def timer_findings(timers: Sequence[Timer], night: Night, user: str) -> list[Finding]:
    """What there is to say of the units of these managers; `night` is what would be installed now.

    Units of another home than this one's are somebody else's and are left out.
    """
    found = [finding for timer in timers if _serves(timer, night) for finding in _findings(timer, night, user)]
    found = found or [_of_ones_own(timer) for timer in timers if _is_of_ones_own(timer)]
    nothing = "no timer of systemd's starts a night; it learns when `swipefl cycle` is run, by you or by cron"
    return found or [Finding(NAME, "note", nothing, f"{_AGAIN} has it learn every night")]


def _serves(timer: Timer, night: Night) -> bool:
    text = timer.text(CYCLE)
    return text is not None and is_ours(text) and _environment(text) == _environment(unit_texts(night)[CYCLE])


def _is_of_ones_own(timer: Timer) -> bool:
    text = timer.text(CYCLE)
    return timer.text(TIMER) is not None and text is not None and not is_ours(text)


def _of_ones_own(timer: Timer) -> Finding:
    """One that a person wrote, or copied: what it starts, and for which home, nobody here knows."""
    says = f"a timer that swipefl did not write is there: {timer.manager.units / TIMER}"
    return Finding("timer-own", "note", says, "`swipefl timer install --edited` takes its place")


def _environment(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("Environment=") and "SWIPEFL_HOME=" in line]


def _findings(timer: Timer, night: Night, user: str) -> Iterator[Finding]:
    whose = "the system's timer" if timer.manager.is_system else "your timer"
    texts = {name: timer.text(name) for name in UNITS}
    if missing := [name for name, text in texts.items() if text is None]:
        yield Finding(NAME, "wrong", f"{whose} lacks {', '.join(missing)}", f"{_AGAIN} writes it")
        return
    if edited := [name for name, text in texts.items() if text is not None and is_edited(text)]:
        yield Finding("timer-edited", "note", f"{whose} was edited: {', '.join(edited)}")
    elif (texts[CYCLE] or "").count(_start(night)) != 1:
        moved = f"{whose} runs a swipefl that is not this one, or lies elsewhere"
        yield Finding("timer-moved", "wrong", moved, f"{_AGAIN} writes it for this one")
    elif not timer.manager.is_system and not _is_as(night, texts):
        other = f"{whose} would be written otherwise now: other files in config.toml, another Python, another swipefl"
        yield Finding("timer-older", "note", other, f"{_AGAIN} writes it anew")
    yield from _state(timer, whose)
    if timer.lingers(user) is False:
        away = "nights pass by while you are logged out"
        yield Finding("timer-linger", "note", away, "`loginctl enable-linger` makes it every night")


def _is_as(night: Night, texts: Mapping[str, str | None]) -> bool:
    """Whether units are what would be written for this night, where the rest of the disk is hidden or not."""
    return any(unit_texts(replace(night, is_confined=way)) == texts for way in (True, False))


def _start(night: Night) -> str:
    """How the command line begins that the night's unit runs."""
    line = next(line for line in unit_texts(night)[CYCLE].splitlines() if line.startswith("ExecStart="))
    return line.partition(" cycle ")[0]


def _state(timer: Timer, whose: str) -> Iterator[Finding]:
    """What systemd says of them, where it answers."""
    code, said = timer.ask("show", f"--property={_ASKED}", TIMER, CYCLE, INGEST)
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in said.split("\n\n")]
    units = {block.get("Id", ""): block for block in blocks}
    if code or TIMER not in units:
        yield Finding(NAME, "unknown", f"{whose} is written, and systemd does not answer whether it goes")
        return
    if units[TIMER].get("ActiveState") != "active":
        yield Finding(NAME, "wrong", f"{whose} does not go", f"{_AGAIN} starts it")
    else:
        soon = units[TIMER].get("NextElapseUSecRealtime")
        yield Finding(NAME, "ok", f"{whose} goes; the next night: {soon}" if soon else f"{whose} goes")
    command = " ".join(("journalctl", *timer.manager.systemctl[1:]))
    for name in (INGEST, CYCLE):
        result = units.get(name, {}).get("Result", "success")
        if result != "success":
            failed = f"{name} failed last time ({result}, {units[name].get('ExecMainStatus', '?')})"
            yield Finding("timer-failed", "wrong", failed, f"`{command} -u {name}` says why")
