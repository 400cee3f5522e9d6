"""`swipefl coordinator`: the peer that aggregates, and all that its owner does with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, note, settings_of
from swipefl.cli.rendering import console, moment, number, percent, table

if TYPE_CHECKING:
    from swipefl.decoder.checkpoint import Checkpoint
    from swipefl.federation.coordinator.state import State

app = typer.Typer(help="Aggregate what many devices send, and sign the result.", no_args_is_help=True)


def _state_of(home: Path | None) -> "State":
    """The coordinator of a home. Raises UsageError where there is none."""
    from swipefl.federation.coordinator.state import State

    return State(_file_of(home))


def _file_of(home: Path | None) -> Path:
    from swipefl.errors import UsageError

    path = settings_of(home).home / "coordinator.db"
    if not path.exists():
        raise UsageError(f"there is no coordinator in {path.parent} yet; `swipefl coordinator init` makes one")
    return path


@app.command("init")
def init(
    checkpoint: Annotated[Path | None, typer.Option(help="Version 1; else the base of the package.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a signing key and version 1 of the global model."""
    from swipefl.decoder.checkpoint import base_checkpoint
    from swipefl.federation.coordinator.state import State

    first = read_checkpoint(checkpoint) if checkpoint else base_checkpoint()
    with State(settings_of(home).home / "coordinator.db") as state:
        version = state.create(first)
    _told({"version": version.number, "fingerprint": version.fingerprint}, as_json, "version 1 is published")


@app.command("serve")
def serve(
    listen: Annotated[str, typer.Option(help="HOST:PORT; port 0 takes a free one.")] = "127.0.0.1:8443",
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    client_ca: Annotated[Path | None, typer.Option(help="Ask devices for certificates that come from this.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without TLS, also beyond this machine.")] = False,
    metrics: Annotated[str | None, typer.Option(help="HOST:PORT of /metrics for Prometheus.")] = None,
    reflection: Annotated[bool, typer.Option("--reflection", help="Let tools list the service.")] = False,
    holdout: Annotated[Path | None, typer.Option(help="Swipes that a new version must not do worse on.")] = None,
    buffer: Annotated[int, typer.Option(min=1, help="Updates that make a round.")] = 40,
    max_wait_s: Annotated[float, typer.Option(min=0, help="A round sooner, where one has waited so long.")] = 21600.0,
    least: Annotated[int, typer.Option(min=1, help="Updates that such a round needs.")] = 1,
    max_staleness: Annotated[int, typer.Option(min=0, help="Versions that an update may be late.")] = 10,
    rule: Annotated[str, typer.Option(help="mean, median or trimmed-mean.")] = "mean",
    optimizer: Annotated[str, typer.Option(help="fedavg, fedavgm or fedadam.")] = "fedavgm",
    server_lr: Annotated[float, typer.Option(min=0, help="Step size of the global weights.")] = 1.0,
    steady: Annotated[int, typer.Option(min=0, help="Rounds before the step falls as 1 / round; 0: never.")] = 30,
    momentum: Annotated[float, typer.Option(min=0, max=0.999, help="Of fedavgm and fedadam.")] = 0.9,
    trim: Annotated[float, typer.Option(min=0, max=0.49, help="Share that a trimmed mean leaves out an end.")] = 0.25,
    example_cap: Annotated[int, typer.Option(min=0, help="Weight by examples up to this; 0: all equal.")] = 0,
    max_norm: Annotated[float, typer.Option(min=1e-6, help="The norm that an update may have.")] = 4.0,
    epochs: Annotated[int, typer.Option(min=1, help="Passes of a contribution.")] = 2,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples a step of a contribution.")] = 16,
    learning_rate: Annotated[float, typer.Option(min=1e-6, help="Step size of a contribution (Adam).")] = 1e-3,
    retry_after_s: Annotated[float, typer.Option(min=0, help="How long devices' timers stay away.")] = 0.0,
    stream_s: Annotated[float, typer.Option(min=0.1, help="How long an upload or a download may take.")] = 60.0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve until stopped. The first line on standard output says where."""
    import asyncio

    from swipefl.cli.federation import read_pem
    from swipefl.database.lock import hold
    from swipefl.federation.aggregation import Aggregation
    from swipefl.federation.coordinator.holdout import holdout as scorer
    from swipefl.federation.coordinator.policy import Limits, Policy
    from swipefl.federation.coordinator.server import Listening, Serving
    from swipefl.federation.coordinator.server import serve as serving
    from swipefl.federation.coordinator.state import KEPT
    from swipefl.federation.protocol.plan import ContributionPlan
    from swipefl.settings import configure_logging

    certificate, key, ca = (read_pem(path) if path else None for path in (tls_cert, tls_key, client_ca))
    listening = Listening(listen, certificate, key, ca, insecure, metrics, reflection)
    listening.credentials()
    policy = Policy(
        plan=ContributionPlan(epochs, batch_size, learning_rate, max_norm),
        aggregation=Aggregation(rule, optimizer, server_lr, momentum, example_cap, trim, steady),
        limits=Limits(stream_s=stream_s),
        buffer=buffer,
        least=least,
        max_wait_s=max_wait_s,
        max_staleness=max_staleness,
        kept=max(KEPT, max_staleness + 1),  # an update is checked against the version that it started from
        retry_after_s=retry_after_s,
    )
    host = listen.rpartition(":")[0]
    metrics_host = (metrics or "").rpartition(":")[0]

    def ready(at: Serving) -> None:
        where = {"listening": f"{host}:{at.port}"}
        if at.metrics_port is not None:
            where["metrics"] = f"http://{metrics_host}:{at.metrics_port}/metrics"
        if as_json or not is_terminal():
            emit(where)
        else:
            note(f"serving on {where['listening']}" + (f", {where['metrics']}" if "metrics" in where else ""))

    path = _file_of(home)
    configure_logging(as_json=settings_of(home).log == "json")  # a server's lines are wanted on a terminal too
    score = scorer(holdout) if holdout else None
    with hold(path.parent, "coordinator.lock"):
        asyncio.run(serving(path, listening, policy, score, ready))


@app.command("token")
def token(
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    expires_h: Annotated[float, typer.Option(min=0, help="Hours that they can be used.")] = 72.0,
    revoke: Annotated[str | None, typer.Option(help="A token that shall buy nothing any more.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one-time tokens. One enrols one device; they are shown once and kept as hashes only."""
    from swipefl.federation.protocol.token import Token

    if revoke is not None:
        with _state_of(home) as state:
            state.revoke_token(Token.parse(revoke).secret)
        _told({"tokens": []}, as_json, "the token buys nothing any more")
        return
    with _state_of(home) as state:
        tokens = [str(state.new_token(expires_h * 3600)) for _ in range(count)]
    if as_json:
        emit({"tokens": tokens})
    else:
        for each in tokens:
            typer.echo(each)


@app.command("devices")
def devices(
    revoke: Annotated[str | None, typer.Option(help="The id of a device that is refused from now on.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the devices, or revoke one."""
    with _state_of(home) as state:
        if revoke is not None:
            state.revoke(revoke)
        known = state.devices()
    if as_json or not is_terminal():
        emit(
            {
                "devices": [
                    {"id": d.id, "enrolled_at": d.enrolled_at, "seen_at": d.seen_at, "revoked": d.revoked}
                    for d in known
                ]
            }
        )
        return
    shown = table("device", "enrolled", "seen", "")
    for device in known:
        shown.add_row(
            device.id, moment(device.enrolled_at), moment(device.seen_at), "revoked" if device.revoked else ""
        )
    console().print(shown)


@app.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint (.safetensors).")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a checkpoint as the next version."""
    from swipefl.federation.coordinator.records import Draft

    checkpoint = read_checkpoint(file)
    with _state_of(home) as state:
        version = state.publish(Draft(checkpoint, "published"))
    _told({"version": version.number, "fingerprint": version.fingerprint}, as_json, f"version {version.number} is out")


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show versions, waiting updates and devices."""
    with _state_of(home) as state:
        newest, versions, waiting, places = state.newest(), state.versions(), state.waiting(), state.devices()
    report = {
        "version": newest.number,
        "fingerprint": newest.fingerprint,
        "devices": sum(not device.revoked for device in places),
        "waiting": len(waiting),
        "versions": [
            {
                "version": v.number,
                "made_by": v.made_by,
                "created_at": v.created_at,
                "updates": v.updates,
                "fingerprint": v.fingerprint,
                "top1": v.top1,
                "bytes": v.size,
            }
            for v in versions
        ],
    }
    if as_json or not is_terminal():
        emit(report)
        return
    shown = table(number("version"), "made", "by", number("updates"), number("top-1"), "fingerprint")
    for v in versions[-20:]:
        score = "" if v.top1 is None else percent(v.top1)
        shown.add_row(str(v.number), moment(v.created_at), v.made_by, str(v.updates), score, v.fingerprint[:12])
    console().print(shown)
    console().print(f"\n{report['devices']} devices, {report['waiting']} updates waiting")


@app.command("rollback")
def rollback(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="One of `swipefl coordinator status`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish the weights of an earlier version again, as a new one."""
    with _state_of(home) as state:
        new = state.roll_back(version)
    text = f"version {new.number} has the weights of version {version}"
    _told({"version": new.number, "fingerprint": new.fingerprint}, as_json, text)


@app.command("rotate-key")
def rotate_key(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Sign with a new key from now on. The old one names it to the devices."""
    with _state_of(home) as state:
        state.rotate_key()
        public = bytes(state.keys().public_key)
    _told({"public_key": public.hex()}, as_json, "a new key signs from now on; devices follow at their next visit")


def read_checkpoint(file: Path) -> "Checkpoint":
    """The checkpoint in a file that somebody named. Raises UsageError, CheckpointError."""
    from swipefl.decoder.checkpoint import checkpoint_from_bytes
    from swipefl.decoder.encoder import fitting
    from swipefl.errors import UsageError

    try:
        checkpoint = checkpoint_from_bytes(file.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}; give a checkpoint's file") from error
    fitting(checkpoint)
    return checkpoint


def _told(report: dict[str, object], as_json: bool, text: str) -> None:
    if as_json or not is_terminal():
        emit(report)
    else:
        note(text)
