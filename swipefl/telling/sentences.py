"""What a device tells its owner, in sentences: what was gained, what a night did, what is shared. One place words it.

No words of machine learning, and never more than was measured.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING

from swipefl.device.gain import LEAST, night_of
from swipefl.learning.training import MIN_EXAMPLES
from swipefl.operations.findings import counted

if TYPE_CHECKING:
    from swipefl.device.cycle import Pruned
    from swipefl.device.gain import Gain
    from swipefl.device.personal import TrainReport
    from swipefl.device.status import KnownCheckpoint, Status
    from swipefl.store.nights import Night

BASE = "the one that came with swipefl"
FAIR = (
    "One swipe in five is held out: no model learns from it, and it counts here as your model of that day read it, "
    "before it helped to choose one. A wrong word that was let stand counts as right."
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def said(status: "Status", today: date | None = None) -> list[str]:
    """What a person asks first, the most important first: whether it was worth it, what the last night did, and what
    is shared. `today` decides whether a date needs its year."""
    today = today or date.today()
    told = [gained(status, today)]
    if status.gain.swipes:
        told.append(FAIR)
    if status.nights:
        last = status.nights[-1]
        told.append(f"The last night ({day(last.finished_at, today)}): {night(last)}.")
    return [*told, shared(status, today)]


def gained(status: "Status", today: date | None = None) -> str:
    """The one sentence: since when, how many held-out swipes are right with whose model, and whether that proves it."""
    gain, today = status.gain, today or date.today()
    if gain.swipes and gain.verdict != "nothing-yet":
        of = f"Since {day(gain.since, today)}: of " if gain.since is not None else "Of "
        got = f"your model got {gain.right_yours} right, {BASE} {gain.right_base}"
        return f"{of}{counted(gain.swipes, 'held-out swipe')} {got}: {_verdict(gain)}."
    known = next((known for known in status.checkpoints if known.id == status.in_use), None)
    return _of_the_base(status) if known is None else _of_a_new_model(status, known, today)


def _verdict(gain: "Gain") -> str:
    if gain.verdict == "same":
        right = "as many right" if gain.only_yours else "the same words right"
        if gain.swipes < LEAST:
            return f"{right}, too few to tell more"
        return f"{right}, surer" if gain.surer else right
    if gain.verdict == "unproven":
        fewer = "fewer, which may be chance; " if gain.right_yours < gain.right_base else ""
        return f"{fewer}{_unproven(gain)}"
    return gain.verdict


def _unproven(gain: "Gain") -> str:
    if gain.more_swipes is None:
        return "no proven gain yet"
    return f"no proven gain yet; if it goes on like this, about {about(gain.more_swipes):,} more swipes would tell"


def _of_a_new_model(status: "Status", known: "KnownCheckpoint", today: date) -> str:
    """Of a model that no swipes have come since: what is known of it are those that it was chosen by."""
    judged, shared = night_of(status.nights, known.fingerprint), known.kind == "global"
    whose = "The federation's model" if shared else "Your model"
    if judged is None and not (known.verdict and known.verdict.swipes):
        return f"{whose} was not judged yet: the next night does, once there are held-out swipes to judge it by."
    made = day(known.created_at, today)
    if shared:
        whose = f"Predictions use the federation's model of {made}"
    elif judged is status.nights[-1]:
        whose = f"Your model of {made} is new"
    else:
        whose = f"You went back to a model of {made}"
    return f"{whose}: of the {_chosen_by(judged, known)}; {_unproven(status.gain)}."


def _chosen_by(judged: "Night | None", known: "KnownCheckpoint") -> str:
    swipes = judged.swipes if judged else known.verdict.swipes if known.verdict else 0
    of = f"{counted(swipes, 'held-out swipe')} that it was chosen by it gets"
    if judged is None:
        return f"{of} {known.verdict.right_now if known.verdict else 0} right"
    if judged.only_base == judged.only_now == 0:
        return f"{of} the same {judged.right_now} right as {BASE}"
    return f"{of} {judged.right_now} right, {BASE} {judged.right_base}"


def _of_the_base(status: "Status") -> str:
    """Of the base alone."""
    if status.nights and status.nights[-1].swipes:
        last = status.nights[-1]
        of = f"of {counted(last.swipes, 'held-out swipe')} it gets {last.right_base} right"
        adopted = any(night.adopted for night in status.nights)
        own = adopted or any(known.kind == "personal" for known in status.checkpoints)
        none = "" if own else ", and none of your own did better yet"
        return f"Predictions use the model that came with swipefl: {of}{none}."
    train = status.gestures["train"]
    if train < MIN_EXAMPLES:
        there = (
            "no swipes to learn from yet"
            if not train
            else f"{train} of the {MIN_EXAMPLES} swipes that it takes to learn"
        )
        return f"Predictions use the model that came with swipefl: there {'is' if train == 1 else 'are'} {there}."
    learns = f"the next night learns from {counted(train, 'swipe')} of yours"
    return f"Predictions use the model that came with swipefl: {learns}."


def night(night: "Night") -> str:
    """What one night did, as its line in the journal: a sentence without its full stop."""
    new = counted(night.new_swipes, "new swipe") if night.new_swipes else "no new swipes"
    return f"{new}; {_judged(night, night.right_now)}; {left(night.shared, night.bytes_sent)}"


def trained(report: "TrainReport") -> list[str]:
    """What a training by hand came to, and how that compares with the model that came with swipefl."""
    told = [f"Learned from {counted(report.examples, 'swipe')}; {_judged(report, report.right_new)}."]
    if report.swipes:
        told.append(f"The model that came with swipefl gets {report.right_base} of these {report.swipes:,} right.")
    return told


def nothing_done(reason: str, shared: str, bytes_sent: int = 0) -> str:
    """Why a night did nothing, and what left all the same: its line in the journal."""
    return f"nothing to do: {reason}; {left(shared, bytes_sent)}"


def outlived(pruned: "Pruned") -> str:
    """That swipes were erased, and the first time where to say how long they are kept."""
    why = " (they were kept long enough: the settings keep_days and keep_swipes)" if pruned.first else ""
    return f"{counted(pruned.swipes, 'old swipe')} erased{why}"


def paused(done: int, steps: int, reason: str | None = None) -> str:
    """How far learning was when it was stopped, why, and that nothing of it is lost."""
    if not steps:
        return f"stopped before it began to learn{f': {reason}' if reason else ''}; goes on next time"
    return f"stopped after {done:,} of {steps:,} steps{f': {reason}' if reason else ''}; goes on next time"


def _judged(found: "Night | TrainReport", right_now: int) -> str:
    """What held-out swipes said of a new model, and which is kept; `right_now` of them with that one."""
    if not found.swipes:
        return "none held out yet to judge a new model by; kept the one in use"
    of = f"of {found.swipes:,} held-out right"
    if found.adopted and right_now == found.right_before:
        return f"{right_now} {of} as before{', surer' if found.surer > 0 else ''}; kept the new model"
    if found.adopted:
        return f"{right_now} {of}, {found.right_before} before; kept the new model"
    others = f", {found.right_before} with the one in use"
    if found.right_new == found.right_before:
        others = " as with the one in use"
    elif found.right_new > found.right_before:
        others += " and more with the one it was made from"
    return f"{found.right_new} {of} with a new model{others}; kept the one in use"


def left(what: str, bytes_sent: int = 0) -> str:
    """What became of a contribution, and how much left."""
    size = kilobytes(bytes_sent)
    return {
        "waits": "what it learned waits to be sent",
        "sent": f"{size} shared" if bytes_sent else "what it learned was shared",
        "refused": f"{size} sent, which the coordinator refused"
        if bytes_sent
        else "the coordinator refused what waited",
        "stale": f"{size} sent, too late to count" if bytes_sent else "nothing shared",
    }.get(what, "nothing shared")


def shared(status: "Status", today: date | None = None) -> str:
    """What is shared, with whom, and what left last."""
    is_of = status.federation or status.node
    today, sent = today or date.today(), status.left[status.left_before if is_of else 0 :]
    last = f"{kilobytes(sent[-1].bytes)} left on {day(sent[-1].sent_at, today)}" if sent else ""
    if status.federation is None and status.node:
        return (
            "What your swipes teach the shared model is given to rounds of Flower, whose versions are signed by "
            f"{status.node.key[:12]}, never swipes or words: {last or 'nothing left yet'}."
        )
    if status.federation is None:
        before = f"; {last}, before" if last else ""
        return f"Nothing is shared: this device belongs to no federation{before}."
    waits = sum(update.bytes for update in status.outbox)
    unknown = "something has left before, when is not known any more"
    parts = [last or (unknown if status.federation.contributed else "nothing left yet")] + (
        [f"{kilobytes(waits)} {'waits' if len(status.outbox) == 1 else 'wait'}"] * bool(waits)
    )
    return (
        f"What your swipes teach the shared model is sent to the federation at {status.federation.address}, never "
        "swipes or words: "
        f"{', '.join(parts)}."
    )


def day(unix_s: float | None, today: date) -> str:
    """A day of this place as people say it: 3 October, with its year where that is another."""
    if unix_s is None:
        return "an unknown day"
    then = datetime.fromtimestamp(unix_s)
    year = "" if then.year == today.year else f" {then.year}"
    return f"{then.day} {_MONTHS[then.month - 1]}{year}"


def about(count: int) -> int:
    """A number as it is worth telling, never less: 287 is about 290, 3 about 5."""
    step = 5 if count < 50 else 10 ** max(1, len(str(count)) - 2)
    return -(-count // step) * step


def kilobytes(count: int) -> str:
    """So many bytes, in KB of a thousand; less than one is one."""
    return f"{max(1, round(count / 1000)):,} KB"
