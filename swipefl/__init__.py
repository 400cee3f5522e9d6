"""swipefl: a swipe keyboard that gets better at its owner's swipes, on their own device.

    import swipefl

    with swipefl.open() as device:
        device.ingest("swipes.jsonl")
        device.cycle()
        print(device.predict(gesture)[0].word)

`__all__` is what this package promises, and examples/API.md says it on one page. Importing it loads nothing: numpy,
SQLite and torch come with the call that needs them.
"""

TYPE_CHECKING = False  # that of typing, whose import takes longer than all of this

if TYPE_CHECKING:  # what the functions give and take, by the names that an annotation may use
    from collections.abc import Callable
    from os import PathLike

    from swipefl import errors as errors
    from swipefl.decoder.evaluation import Evaluation as Evaluation
    from swipefl.decoder.evaluation import Misses as Misses
    from swipefl.decoder.evaluation import Top as Top
    from swipefl.decoder.search import Candidate as Candidate
    from swipefl.decoder.sight import SeenFrame as SeenFrame
    from swipefl.decoder.sight import Sight as Sight
    from swipefl.device.acceptance import Synced as Synced
    from swipefl.device.confusions import Confusion as Confusion
    from swipefl.device.confusions import Confusions as Confusions
    from swipefl.device.cycle import CycleReport as CycleReport
    from swipefl.device.cycle import Pruned as Pruned
    from swipefl.device.cycle import RoundReport as RoundReport
    from swipefl.device.daily import Day as Day
    from swipefl.device.fingers import KeyLandings as KeyLandings
    from swipefl.device.fingers import Landings as Landings
    from swipefl.device.gain import Gain as Gain
    from swipefl.device.handing import HandedReport as HandedReport
    from swipefl.device.handing import Refused as Refused
    from swipefl.device.ingestion import IngestReport as IngestReport
    from swipefl.device.keyboards import KeyboardReport as KeyboardReport
    from swipefl.device.lexicons import KnownLexicon as KnownLexicon
    from swipefl.device.lexicons import LexiconReport as LexiconReport
    from swipefl.device.ownership import ForgetReport as ForgetReport
    from swipefl.device.ownership import RelabelReport as RelabelReport
    from swipefl.device.personal import ResetReport as ResetReport
    from swipefl.device.personal import TrainReport as TrainReport
    from swipefl.device.prediction import Looked as Looked
    from swipefl.device.prediction import Shown as Shown
    from swipefl.device.status import FederationStatus as FederationStatus
    from swipefl.device.status import KnownCheckpoint as KnownCheckpoint
    from swipefl.device.status import NodeStatus as NodeStatus
    from swipefl.device.status import Status as Status
    from swipefl.device.status import WaitingUpdate as WaitingUpdate
    from swipefl.device.words import WordsReport as WordsReport
    from swipefl.errors import SwipeflError as SwipeflError
    from swipefl.federation.coordinator.server import Serving as Serving
    from swipefl.federation.coordinator.status import CoordinatorStatus as CoordinatorStatus
    from swipefl.federation.coordinator.status import DeviceStatus as DeviceStatus
    from swipefl.federation.coordinator.status import FollowedStatus as FollowedStatus
    from swipefl.federation.coordinator.status import JudgedStatus as JudgedStatus
    from swipefl.federation.coordinator.status import VersionStatus as VersionStatus
    from swipefl.federation.device.enrolment import Enrolled as Enrolled
    from swipefl.federation.device.exchange import Exchanged as Exchanged
    from swipefl.federation.device.leaving import Left as Left
    from swipefl.federation.protocol.plan import Plan as Plan
    from swipefl.federation.strategy import Strategy as Strategy
    from swipefl.gesture.before import Before as Before
    from swipefl.gesture.formats import Rejected as Rejected
    from swipefl.gesture.gesture import Example as Example
    from swipefl.gesture.gesture import Gesture as Gesture
    from swipefl.gesture.keyboard import Key as Key
    from swipefl.gesture.keyboard import Keyboard as Keyboard
    from swipefl.gesture.keyboard import Layout as Layout
    from swipefl.hosting import Coordinator as Coordinator
    from swipefl.hosting import KeyReport as KeyReport
    from swipefl.hosting import TokensReport as TokensReport
    from swipefl.hosting import VersionReport as VersionReport
    from swipefl.learning.training import Progress as Progress
    from swipefl.library.device import Device as Device
    from swipefl.library.flower import FlowerNodes as FlowerNodes
    from swipefl.library.flower import FlowerProject as FlowerProject
    from swipefl.library.flower import FlowerProjectReport as FlowerProjectReport
    from swipefl.library.flower import FlowerRunReport as FlowerRunReport
    from swipefl.library.keyboards import Keyboards as Keyboards
    from swipefl.library.lexicons import Lexicons as Lexicons
    from swipefl.library.simulating import RoundResult as RoundResult
    from swipefl.library.simulating import Scenario as Scenario
    from swipefl.library.simulating import Simulated as Simulated
    from swipefl.library.simulating import Troubles as Troubles
    from swipefl.library.sources import Line as Line
    from swipefl.library.sources import Source as Source
    from swipefl.library.timer import Timer as Timer
    from swipefl.library.upkeep import Upkeep as Upkeep
    from swipefl.library.words import Words as Words
    from swipefl.operations.backup import BackupReport as BackupReport
    from swipefl.operations.backup import Planned as Planned
    from swipefl.operations.backup import RestoreReport as RestoreReport
    from swipefl.operations.coordinator_backup import CoordinatorBackupReport as CoordinatorBackupReport
    from swipefl.operations.coordinator_backup import CoordinatorPlanned as CoordinatorPlanned
    from swipefl.operations.coordinator_backup import CoordinatorRestoreReport as CoordinatorRestoreReport
    from swipefl.operations.doctor import Diagnosis as Diagnosis
    from swipefl.operations.doctor import Mended as Mended
    from swipefl.operations.eligibility import Condition as Condition
    from swipefl.operations.findings import Finding as Finding
    from swipefl.operations.outlook import Outlook as Outlook
    from swipefl.operations.timer import Installed as Installed
    from swipefl.operations.timer import Removed as Removed
    from swipefl.operations.timer import Unit as Unit
    from swipefl.settings.sources import Setting as Setting
    from swipefl.stopping import Stop as Stop
    from swipefl.store.checkpoints import Verdict as Verdict
    from swipefl.store.membership import Fault as Fault
    from swipefl.store.nights import Departure as Departure
    from swipefl.store.nights import Night as Night
    from swipefl.store.personal_words import PersonalWord as PersonalWord
    from swipefl.store.phrases import Phrase as Phrase
    from swipefl.store.rounds import Round as Round

__version__ = "0.1.0"


def open(home: "str | PathLike[str] | None" = None, **settings: object) -> "Device":
    """The device whose home is this folder; else the one that `SWIPEFL_HOME` names, or the platform's own place.

    `settings` are those of `Device.config`, such as `languages="de,en"` or `epochs=2`; they come before `SWIPEFL_*`
    variables, and these before the `config.toml` of the home. Close the device, or use it in a `with` block.
    Raises UsageError for a setting that there is not, or of which the value makes no sense.
    """
    from swipefl.library.device import opened

    return opened(home, settings)


def coordinator(home: "str | PathLike[str] | None" = None, **settings: object) -> "Coordinator":
    """The coordinator whose home is this folder; else `SWIPEFL_COORDINATOR_HOME`, `SWIPEFL_HOME` or the platform's.

    `settings` are those of `Coordinator.config`, such as `listen="localhost:8443"`; they come before
    `SWIPEFL_COORDINATOR_*` variables, and these before the `coordinator.toml` of the home.
    Raises UsageError for a setting that there is not, or of which the value makes no sense.
    """
    from swipefl.hosting import coordinator_of

    return coordinator_of(home, settings)


def simulate(
    file: "str | PathLike[str]",
    scenario: "Scenario | None" = None,
    *,
    evaluation: "str | PathLike[str] | None" = None,
    eval_every: int = 0,
    eval_by: "str | None" = None,
    out: "str | PathLike[str]" = "simulation",
    resume: bool = False,
    start: "str | PathLike[str] | None" = None,
    on_round: "Callable[[RoundResult], None]" = lambda result: None,
    engine: str = "own",
) -> "Simulated":
    """A federation of the people of a file on this machine: each `user` of its swipes is a client.

    `scenario` says how many rounds of how many clients, how they train and are aggregated, and what troubles they meet.
    Swipes of others, `evaluation`, judge the model that all begin with, which is round 0, the one after the last round,
    and every `eval_every` rounds where that is not 0; `eval_by` is a field of their lines, such as "user", by which
    groups of them are judged too. `out` is the folder where the model and a line a round go; `resume` goes on with what
    is there. `start` is the file of a checkpoint, else the base. `on_round` hears of each round as it ends. `engine` is
    "own", processes of this machine, or "flower", Flower's with Ray: here, or on the cluster that RAY_ADDRESS names.
    Clients train in processes, which load the program's main module: call it below `if __name__ == "__main__":`.
    Raises UsageError, DataError for a file of nobody's swipes, CheckpointError, StoreBusy, WorkerLost.
    """
    from swipefl.library.simulating import simulate

    return simulate(file, scenario, evaluation, eval_every, eval_by, out, resume, start, on_round, engine)


_PLACES = {  # the rooms that names come from, each loaded when it is asked for
    "BackupReport": "swipefl.operations.backup",
    "Before": "swipefl.gesture.before",
    "Candidate": "swipefl.decoder.search",
    "Condition": "swipefl.operations.eligibility",
    "Confusion": "swipefl.device.confusions",
    "Confusions": "swipefl.device.confusions",
    "Coordinator": "swipefl.hosting",
    "CoordinatorBackupReport": "swipefl.operations.coordinator_backup",
    "CoordinatorPlanned": "swipefl.operations.coordinator_backup",
    "CoordinatorRestoreReport": "swipefl.operations.coordinator_backup",
    "CoordinatorStatus": "swipefl.federation.coordinator.status",
    "CycleReport": "swipefl.device.cycle",
    "Day": "swipefl.device.daily",
    "Departure": "swipefl.store.nights",
    "Device": "swipefl.library.device",
    "DeviceStatus": "swipefl.federation.coordinator.status",
    "Diagnosis": "swipefl.operations.doctor",
    "Enrolled": "swipefl.federation.device.enrolment",
    "Evaluation": "swipefl.decoder.evaluation",
    "Example": "swipefl.gesture.gesture",
    "Exchanged": "swipefl.federation.device.exchange",
    "Fault": "swipefl.store.membership",
    "FederationStatus": "swipefl.device.status",
    "Finding": "swipefl.operations.findings",
    "FlowerNodes": "swipefl.library.flower",
    "FlowerProject": "swipefl.library.flower",
    "FlowerProjectReport": "swipefl.library.flower",
    "FlowerRunReport": "swipefl.library.flower",
    "FollowedStatus": "swipefl.federation.coordinator.status",
    "ForgetReport": "swipefl.device.ownership",
    "Gain": "swipefl.device.gain",
    "Gesture": "swipefl.gesture.gesture",
    "HandedReport": "swipefl.device.handing",
    "IngestReport": "swipefl.device.ingestion",
    "JudgedStatus": "swipefl.federation.coordinator.status",
    "Key": "swipefl.gesture.keyboard",
    "KeyLandings": "swipefl.device.fingers",
    "KeyReport": "swipefl.hosting",
    "Keyboard": "swipefl.gesture.keyboard",
    "KeyboardReport": "swipefl.device.keyboards",
    "Keyboards": "swipefl.library.keyboards",
    "KnownCheckpoint": "swipefl.device.status",
    "KnownLexicon": "swipefl.device.lexicons",
    "Landings": "swipefl.device.fingers",
    "Layout": "swipefl.gesture.keyboard",
    "Left": "swipefl.federation.device.leaving",
    "LexiconReport": "swipefl.device.lexicons",
    "Lexicons": "swipefl.library.lexicons",
    "Line": "swipefl.library.sources",
    "Looked": "swipefl.device.prediction",
    "Mended": "swipefl.operations.doctor",
    "Misses": "swipefl.decoder.evaluation",
    "Night": "swipefl.store.nights",
    "NodeStatus": "swipefl.device.status",
    "Outlook": "swipefl.operations.outlook",
    "PersonalWord": "swipefl.store.personal_words",
    "Phrase": "swipefl.store.phrases",
    "Plan": "swipefl.federation.protocol.plan",
    "Planned": "swipefl.operations.backup",
    "Progress": "swipefl.learning.training",
    "Pruned": "swipefl.device.cycle",
    "Refused": "swipefl.device.handing",
    "Rejected": "swipefl.gesture.formats",
    "RelabelReport": "swipefl.device.ownership",
    "ResetReport": "swipefl.device.personal",
    "RestoreReport": "swipefl.operations.backup",
    "Round": "swipefl.store.rounds",
    "RoundReport": "swipefl.device.cycle",
    "RoundResult": "swipefl.library.simulating",
    "Scenario": "swipefl.library.simulating",
    "SeenFrame": "swipefl.decoder.sight",
    "Serving": "swipefl.federation.coordinator.server",
    "Setting": "swipefl.settings.sources",
    "Shown": "swipefl.device.prediction",
    "Sight": "swipefl.decoder.sight",
    "Simulated": "swipefl.library.simulating",
    "Source": "swipefl.library.sources",
    "Status": "swipefl.device.status",
    "Stop": "swipefl.stopping",
    "Strategy": "swipefl.federation.strategy",
    "SwipeflError": "swipefl.errors",
    "Synced": "swipefl.device.acceptance",
    "TokensReport": "swipefl.hosting",
    "Top": "swipefl.decoder.evaluation",
    "TrainReport": "swipefl.device.personal",
    "Troubles": "swipefl.library.simulating",
    "Timer": "swipefl.library.timer",
    "Upkeep": "swipefl.library.upkeep",
    "Verdict": "swipefl.store.checkpoints",
    "VersionReport": "swipefl.hosting",
    "VersionStatus": "swipefl.federation.coordinator.status",
    "WaitingUpdate": "swipefl.device.status",
    "Words": "swipefl.library.words",
    "WordsReport": "swipefl.device.words",
    "Installed": "swipefl.operations.timer",
    "Removed": "swipefl.operations.timer",
    "Unit": "swipefl.operations.timer",
}

__all__ = ["coordinator", "errors", "open", "simulate", *_PLACES]


if not TYPE_CHECKING:  # or every name would be one of this package

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "errors":
            return import_module("swipefl.errors")
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(_PLACES[name]), name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
