"""What a coordinator counts, for Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from swipefl.federation.coordinator.judged import Judged

SHOWN = 20  # versions of which it is told what devices said


class Metrics:
    """Counters of one coordinator in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
        self.certificate_expires = Gauge(
            "swipefl_certificate_expires_timestamp_seconds",
            "When a certificate expires: the coordinator's own, or the authority of devices' certificates.",
            ("certificate",),
            registry=self.registry,
        )
        self.aggregation = Histogram(
            "swipefl_aggregation_seconds", "Seconds that an aggregation took.", registry=self.registry
        )

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
