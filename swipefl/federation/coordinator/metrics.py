"""What a coordinator counts, for Prometheus."""

import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from swipefl.federation.coordinator.devices import STATES
from swipefl.federation.coordinator.judged import Judged
from swipefl.federation.coordinator.versions import Version

REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
ROUND_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
SHOWN = 20  # versions of which it is told what devices said


class Metrics:
    """Counters of one coordinator in a registry of their own; `clock` gives unix seconds.

    No label has what a caller says: each has few values, whoever calls.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._made_at: float | None = None
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "swipefl_request_duration_seconds",
            "How long calls took, until their answer was taken, by method and status.",
            ("method", "code"),
            buckets=REQUEST_S,
            registry=self.registry,
        )
        self.rounds = Histogram(
            "swipefl_round_duration_seconds",
            "How long rounds took, a holdout's scoring included, by what came of them.",
            ("outcome",),
            buckets=ROUND_S,
            registry=self.registry,
        )
        self.devices = Gauge(
            "swipefl_devices",
            "Devices by state: seen in the last 30 days, silent for longer, left, or revoked.",
            ("state",),
            registry=self.registry,
        )
        self.version_made_at = Gauge(
            "swipefl_version_created_timestamp_seconds", "When the newest version was made.", registry=self.registry
        )
        version_age = Gauge("swipefl_version_age_seconds", "How old the newest version is.", registry=self.registry)
        version_age.set_function(lambda: 0.0 if self._made_at is None else max(0.0, self._clock() - self._made_at))
        self.holdout = Gauge(
            "swipefl_holdout_top1_ratio",
            "Share of the holdout's first words that are right: of the newest version, and of a candidate that was not "
            "published in its place.",
            ("model",),
            registry=self.registry,
        )
        self.updates = Counter(
            "swipefl_updates",
            "Updates by outcome, and why where refused.",
            ("outcome", "reason"),
            registry=self.registry,
        )
        self.refused_calls = Counter(
            "swipefl_refused_calls", "Calls that were not answered, by reason.", ("reason",), registry=self.registry
        )
        self.enrolments = Counter("swipefl_enrolments", "Devices that joined.", registry=self.registry)
        self.bytes_up = Counter("swipefl_received_bytes", "Bytes of updates received.", registry=self.registry)
        self.bytes_down = Counter("swipefl_sent_bytes", "Bytes of checkpoints sent.", registry=self.registry)
        self.version = Gauge("swipefl_version", "The newest version of the global model.", registry=self.registry)
        self.waiting = Gauge("swipefl_waiting_updates", "Updates not aggregated yet.", registry=self.registry)
        self.judged_devices = Gauge(
            "swipefl_judged_devices",
            "Devices that said whether a version helped.",
            ("version",),
            registry=self.registry,
        )
        self.judged_swipes = Gauge(
            "swipefl_judged_swipes", "Held-out swipes of those devices.", ("version",), registry=self.registry
        )
        self.judged_right = Gauge(
            "swipefl_judged_right",
            "How many of them were right with the version before, and with this one.",
            ("version", "model"),
            registry=self.registry,
        )
        self.versions = Counter("swipefl_versions", "Versions by how they came.", ("made_by",), registry=self.registry)
        self.lent = Gauge(
            "swipefl_lent_updates",
            "Waiting updates that were lent to whoever makes the versions elsewhere.",
            registry=self.registry,
        )
        self.followed = Gauge(
            "swipefl_followed_version",
            "The version of elsewhere that was followed last; 0 where none was.",
            registry=self.registry,
        )
        self.node_came = Gauge(
            "swipefl_node_came_timestamp_seconds",
            "When a node of Flower's last asked for this coordinator, to the minute; 0 where none did.",
            registry=self.registry,
        )
        self.certificate_expires = Gauge(
            "swipefl_certificate_expires_timestamp_seconds",
            "When a certificate expires: the coordinator's own, or the authority of devices' certificates.",
            ("certificate",),
            registry=self.registry,
        )
        self.certificate_left = Gauge(
            "swipefl_certificate_left_seconds",
            "How long a certificate is valid yet; negative once it has expired.",
            ("certificate",),
            registry=self.registry,
        )

    def show_certificate(self, name: str, expires_at: float) -> None:
        """When one expires, in unix seconds."""
        self.certificate_expires.labels(name).set(expires_at)
        self.certificate_left.labels(name).set_function(lambda: expires_at - self._clock())

    def show_newest(self, version: Version) -> None:
        """The newest version, and what it is worth where there is a holdout."""
        self.version.set(version.number)
        self.version_made_at.set(version.created_at)
        self._made_at = version.created_at
        for model, top1 in {"published": version.top1, "candidate": version.candidate_top1}.items():
            if top1 is not None:
                self.holdout.labels(model).set(top1)
            elif (model,) in self.holdout._metrics:
                self.holdout.remove(model)

    def show_followed(self, version: int, lent: int, node_came_at: float) -> None:
        """What comes from elsewhere, and goes there; each 0 where there is none."""
        self.followed.set(version)
        self.lent.set(lent)
        self.node_came.set(node_came_at)

    def show_devices(self, by_state: Mapping[str, int]) -> None:
        """How many devices are in each state."""
        for state in STATES:
            self.devices.labels(state).set(by_state.get(state, 0))

    def show_judged(self, sums: Iterable[Judged]) -> None:
        """What devices said of versions, summed up; of the last ones, as each is a line for ever."""
        for gauge in (self.judged_devices, self.judged_swipes, self.judged_right):
            gauge.clear()
        for judged in list(sums)[-SHOWN:]:
            version = str(judged.version)
            self.judged_devices.labels(version).set(judged.devices)
            self.judged_swipes.labels(version).set(judged.swipes)
            self.judged_right.labels(version, "before").set(judged.right_before)
            self.judged_right.labels(version, "now").set(judged.right_now)
