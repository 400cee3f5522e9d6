"""What a coordinator counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


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
        self.versions = Counter("swipefl_versions", "Versions by how they came.", ("made_by",), registry=self.registry)
        self.aggregation = Histogram(
            "swipefl_aggregation_seconds", "Seconds that an aggregation took.", registry=self.registry
        )
