"""Options that say a setting: its meaning and default stand with the setting, and one that is not given is None."""

from pathlib import Path
from typing import Annotated, Any

import typer

from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.protocol.address import LISTEN
from swipefl.settings.meanings import COORDINATOR, DEVICE, MOST_JOBS

_POLICY = Policy()
_DEFAULTS = {
    "listen": LISTEN,
    **vars(_POLICY.plan),
    **vars(_POLICY.strategy),
    **vars(_POLICY.limits),
    **vars(_POLICY.conditions),
    **vars(_POLICY),
}


def device_option(name: str) -> Any:
    """The option of a device's setting."""
    return typer.Option(help=_sentence(DEVICE[name]))


def coordinator_option(name: str, *flags: str) -> Any:
    """The option of a coordinator's setting, under its own name unless `flags` say others."""
    shown = str(_DEFAULTS[name]) if name in _DEFAULTS else False
    return typer.Option(*flags, help=_sentence(COORDINATOR[name]), show_default=shown)


def _sentence(meaning: str) -> str:
    return f"{meaning[0].upper()}{meaning[1:]}."


LanguageOption = Annotated[
    str | None, typer.Option(help="Such as de, or de,en for both; else what line, keyboard or `config` says.")
]

MetricsFile = Annotated[Path | None, device_option("metrics_file")]
LogFile = Annotated[Path | None, device_option("log_file")]

JobsOption = Annotated[int, typer.Option(min=1, max=MOST_JOBS, help="So many processes share the work on a file.")]

# What `coordinator serve` and `simulate` both say of a federation.
Epochs = Annotated[int | None, coordinator_option("epochs")]
BatchSize = Annotated[int | None, coordinator_option("batch_size")]
LearningRate = Annotated[float | None, coordinator_option("learning_rate")]
MaxNorm = Annotated[float | None, coordinator_option("max_norm")]
Rule = Annotated[str | None, coordinator_option("rule")]
Optimizer = Annotated[str | None, coordinator_option("optimizer")]
ServerLr = Annotated[float | None, coordinator_option("server_lr")]
Steady = Annotated[int | None, coordinator_option("steady")]
Momentum = Annotated[float | None, coordinator_option("momentum")]
Trim = Annotated[float | None, coordinator_option("trim")]
ExampleCap = Annotated[int | None, coordinator_option("example_cap")]

# What only a coordinator has.
Listen = Annotated[str | None, coordinator_option("listen")]
TlsCert = Annotated[Path | None, coordinator_option("tls_cert")]
TlsKey = Annotated[Path | None, coordinator_option("tls_key")]
ClientCa = Annotated[Path | None, coordinator_option("client_ca")]
Insecure = Annotated[bool | None, coordinator_option("insecure", "--insecure")]
Metrics = Annotated[str | None, coordinator_option("metrics")]
Reflection = Annotated[bool | None, coordinator_option("reflection", "--reflection")]
Holdout = Annotated[Path | None, coordinator_option("holdout")]
VersionsFrom = Annotated[str | None, coordinator_option("versions_from")]
FlowerKey = Annotated[str | None, coordinator_option("flower_key")]
Buffer = Annotated[int | None, coordinator_option("buffer")]
MaxWaitS = Annotated[float | None, coordinator_option("max_wait_s")]
Least = Annotated[int | None, coordinator_option("least")]
MaxStaleness = Annotated[int | None, coordinator_option("max_staleness")]
RetryAfterS = Annotated[float | None, coordinator_option("retry_after_s")]
StreamS = Annotated[float | None, coordinator_option("stream_s")]
LeastBattery = Annotated[int | None, coordinator_option("least_battery")]
Unmetered = Annotated[bool | None, coordinator_option("unmetered", "--unmetered")]
HottestC = Annotated[float | None, coordinator_option("hottest_c")]
MostLoad = Annotated[float | None, coordinator_option("most_load")]
LeastNewSwipes = Annotated[int | None, coordinator_option("least_new_swipes")]
ContributeEveryS = Annotated[float | None, coordinator_option("contribute_every_s")]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}
