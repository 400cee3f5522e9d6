"""`swipefl coordinator`: the peer that aggregates, and all that its owner does with it."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli import options
from swipefl.cli.asking import agrees, asks
from swipefl.cli.backup import FileArgument, output
from swipefl.cli.common import (
    HomeOption,
    JsonOption,
    coordinator_of,
    coordinator_whatever,
    emit,
    note,
    unused_settings,
    write,
)
from swipefl.cli.config import DefaultOption, show_default, show_settings
from swipefl.cli.doctor import answer
from swipefl.cli.listing import Application, Commands
from swipefl.cli.progress import showing
from swipefl.cli.rendering import console, counted, moment, number, percent, prose, table
from swipefl.settings.meanings import COORDINATOR

if TYPE_CHECKING:
    from typing import TypeAlias

    from swipefl.federation.coordinator.server import Serving
    from swipefl.federation.coordinator.status import CoordinatorStatus, VersionStatus
    from swipefl.hosting import Coordinator, KeyReport, TokensReport, VersionReport
    from swipefl.operations.coordinator_backup import (
        CoordinatorBackupReport,
        CoordinatorPlanned,
        CoordinatorRestoreReport,
    )

    Report: TypeAlias = VersionReport | TokensReport | KeyReport | CoordinatorBackupReport | CoordinatorRestoreReport

app = Application(cls=Commands, help="Aggregate what many devices send, and sign the result.", no_args_is_help=True)


@app.command("init")
def init(
    checkpoint: Annotated[Path | None, typer.Option(help="Version 1; else the base of the package.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a signing key and version 1 of the global model."""
    _answer(coordinator_of(home).init(checkpoint), as_json, "version 1 is published")


@app.command("serve")
def serve(
    listen: options.Listen = None,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    client_ca: options.ClientCa = None,
    insecure: options.Insecure = None,
    metrics: options.Metrics = None,
    reflection: options.Reflection = None,
    holdout: options.Holdout = None,
    versions_from: options.VersionsFrom = None,
    flower_key: options.FlowerKey = None,
    buffer: options.Buffer = None,
    max_wait_s: options.MaxWaitS = None,
    least: options.Least = None,
    max_staleness: options.MaxStaleness = None,
    rule: options.Rule = None,
    optimizer: options.Optimizer = None,
    server_lr: options.ServerLr = None,
    steady: options.Steady = None,
    momentum: options.Momentum = None,
    trim: options.Trim = None,
    example_cap: options.ExampleCap = None,
    max_norm: options.MaxNorm = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    retry_after_s: options.RetryAfterS = None,
    stream_s: options.StreamS = None,
    least_battery: options.LeastBattery = None,
    unmetered: options.Unmetered = None,
    hottest_c: options.HottestC = None,
    most_load: options.MostLoad = None,
    least_new_swipes: options.LeastNewSwipes = None,
    contribute_every_s: options.ContributeEveryS = None,
    log_file: options.LogFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve until stopped. The first line on standard output says where."""
    from swipefl.settings.logs import configure_logging

    hosting = coordinator_of(
        home,
        listen=listen,
        tls_cert=tls_cert,
        tls_key=tls_key,
        client_ca=client_ca,
        insecure=insecure,
        metrics=metrics,
        reflection=reflection,
        holdout=holdout,
        versions_from=versions_from,
        flower_key=flower_key,
        buffer=buffer,
        max_wait_s=max_wait_s,
        least=least,
        max_staleness=max_staleness,
        rule=rule,
        optimizer=optimizer,
        server_lr=server_lr,
        steady=steady,
        momentum=momentum,
        trim=trim,
        example_cap=example_cap,
        max_norm=max_norm,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        retry_after_s=retry_after_s,
        stream_s=stream_s,
        least_battery=least_battery,
        unmetered=unmetered,
        hottest_c=hottest_c,
        most_load=most_load,
        least_new_swipes=least_new_swipes,
        contribute_every_s=contribute_every_s,
        log_file=log_file,
    )

    def ready(at: "Serving") -> None:
        if at.dropped:
            note(
                f"{counted(at.dropped, 'update')} went into no version: lent while it followed others', now it does not"
            )
        where = {"listening": _on_port(hosting.settings.listen, at.port)}
        if at.metrics_port is not None:
            where["metrics"] = f"http://{_on_port(hosting.settings.metrics or '', at.metrics_port)}/metrics"
        if as_json:
            emit(where)
        else:
            write(f"serving on {where['listening']}" + (f", {where['metrics']}" if "metrics" in where else ""))

    configure_logging(
        hosting.settings.log == "json", hosting.settings.log_file
    )  # a server's lines are wanted on a terminal too
    hosting.serve(ready)


def _on_port(address: str, port: int) -> str:
    """HOST:PORT with the port that was taken."""
    return f"{address.rpartition(':')[0]}:{port}"


@app.command("config")
def config(default: DefaultOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show every setting. Its value, where that comes from, and what it means."""
    from swipefl.settings.coordinator import CoordinatorSettings

    if default:
        show_default(CoordinatorSettings, COORDINATOR, as_json)
    else:
        show_settings(coordinator_of(home).config(), as_json)


@app.command("token")
def token(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 1,
    expires_h: Annotated[float, typer.Option(min=0, help="Hours that they can be used.")] = 72.0,
    name: Annotated[str, typer.Option(help="What you call the device; of several each gets a number.")] = "",
    revoke: Annotated[str | None, typer.Option(help="A token that shall buy nothing any more.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one-time tokens. One enrols one device; they are shown once and kept as hashes only."""
    report = coordinator_of(home).token(count, expires_h, name, revoke)
    if revoke is not None:
        _answer(report, as_json, "the token buys nothing any more")
    elif as_json:
        emit(asdict(report))
    else:
        for each in report.tokens:
            write(each)


@app.command("devices")
def devices(
    revoke: Annotated[
        str | None, typer.Option(metavar="ID", help="Refuse one from now on; its id may be cut short.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Only those that are active, silent, left or revoked.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 500,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Those that enrolled behind this one.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the devices, or revoke one. In the order of enrolment, by pages."""
    page = coordinator_of(home).devices(revoke, limit, after, state)
    if as_json:
        emit(asdict(page))
        return
    counts = number("taken"), number("refused"), number("stale")
    shown = table("device", prose("name"), *counts, "enrolled", "seen")
    for device in page.devices:
        updates = str(device.taken), str(device.refused), str(device.stale)
        not_active = "" if device.state == "active" else f", {device.state}"
        day, seen = moment(device.enrolled_at).split()[0], moment(device.seen_at) + not_active
        shown.add_row(device.id, device.name, *updates, day, seen)
    console().print(shown)
    if page.after is not None:
        note(f"others come behind these: --after {page.after}")


@app.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint (.safetensors).")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a checkpoint as the next version."""
    hosting = coordinator_of(home)
    report = hosting.publish(file)
    _answer(report, as_json, f"version {report.version} is out")
    _warn_of_flower(hosting)


def _warn_of_flower(hosting: "Coordinator") -> None:
    """Says how long what an owner publishes stays, where versions are made elsewhere."""
    of = hosting.settings
    if of.versions_from == "flower":
        unless = " unless it does worse on the holdout" if of.holdout else ", as no holdout is set that keeps worse out"
        note(f"the next version from Flower replaces it{unless}; versions_from = here keeps all of them out")


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show versions, waiting updates and devices."""
    known = coordinator_of(home).status()
    if as_json:
        emit(asdict(known))
        return
    screen, last = console(), known.versions[-20:]
    shown = table(number("version"), "made", "by", number("updates"), number("top-1"), "fingerprint")
    for v in last:
        score = "" if v.top1 is None else percent(v.top1)
        shown.add_row(str(v.version), moment(v.created_at), v.made_by, str(v.updates), score, v.fingerprint[:12])
    screen.print(shown, "")
    for line in [*filter(None, map(_kept, last)), *filter(None, map(_judged, last))]:
        screen.print(line)
    screen.print(f"{counted(known.devices, 'device')}, {counted(known.waiting, 'update')} waiting")
    if known.followed is not None or known.versions_from == "flower":
        screen.print(_followed(known))
    if known.least is not None and known.devices < known.least:
        screen.print(f"no version can be made: it takes updates of {known.least} devices (--least)")
    if known.certificate_expires_at is not None:
        verb = "expires" if known.certificate_expires_at > time.time() else "has expired"
        screen.print(f"the certificate {verb} at {moment(known.certificate_expires_at)}")


def _followed(known: "CoordinatorStatus") -> str:
    """What came from Flower, and when somebody came from there last."""
    came = "no SuperNode came yet"
    if known.node_came_at is not None:
        came = f"a SuperNode came last at {moment(known.node_came_at)}"
    if known.followed is None:
        return f"versions come from Flower, and none came yet; {came}"
    lent = f"{counted(known.followed.lent, 'update')} lent for the next"
    return f"versions come from Flower: its version {known.followed.version} was followed last, {lent}; {came}"


def _kept(v: "VersionStatus") -> str:
    """Why a version has the weights of the one before."""
    if v.made_by != "kept":
        return ""
    if v.candidate_top1 is None or v.top1 is None:
        return f"version {v.version} was kept: the candidate's weights were out of range, no device would take them"
    scores = f"the candidate had {percent(v.candidate_top1)}, this one has {percent(v.top1)}"
    return f"version {v.version} was kept: {scores} of the holdout's first words right"


def _judged(v: "VersionStatus") -> str:
    """Whether a version helps those who use it."""
    if v.judged is None:
        return ""
    of, before, now = (f"{count:,}" for count in (v.judged.swipes, v.judged.right_before, v.judged.right_now))
    who = f"on {counted(v.judged.devices, 'device')}"
    return f"version {v.version} {who}: the first word is right for {now} of {of} swipes, before it for {before}"


@app.command("doctor")
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Close the home and its files to others.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether all is well: settings, database, key, versions, certificate, clock, disk. Ends in 9 if not."""
    answer(lambda show, stop: coordinator_whatever(home).doctor(fix, show, stop), as_json)


@app.command("rollback")
def rollback(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="One of `swipefl coordinator status`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish the weights of an earlier version again, as a new one."""
    hosting = coordinator_of(home)
    report = hosting.rollback(version)
    _answer(report, as_json, f"version {report.version} has the weights of version {version}")
    _warn_of_flower(hosting)


@app.command("rotate-key")
def rotate_key(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Sign with a new key from now on. The old one names it to the devices."""
    _answer(
        coordinator_of(home).rotate_key(), as_json, "a new key signs from now on; devices follow at their next visit"
    )


@app.command("backup")
def backup(
    file: FileArgument,
    signing_key: Annotated[Path | None, typer.Option(help="Write the signing key here; FILE has none.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all that it knows into one file, while a server goes on. Its signing key goes into a file of its own."""
    hosted = coordinator_whatever(home, unused_settings)
    with showing(as_json, "copying what it knows"):
        report = hosted.backup(output(file, as_json), signing_key)
    place = "to standard output" if report.file is None else f"in {report.file}"
    apart = "not in it" if report.signing_key is None else f"in {report.signing_key} alone: keep that apart"
    text = f"backed up version {report.version} and all else: {report.bytes / 1e6:,.1f} MB {place}; the signing key is"
    _answer(report, as_json, f"{text} {apart}")


@app.command("restore")
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `backup` wrote; - is standard input.")],
    signing_key: Annotated[Path, typer.Option(help="The key that `backup --signing-key` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup back. What is there now is set aside."""
    is_piped = file == "-"
    is_asked = asks(yes, stdin_is_taken=is_piped)

    def agree(planned: "CoordinatorPlanned") -> bool:
        return not is_asked or agrees(_question(planned), stdin_is_taken=is_piped)

    hosted = coordinator_whatever(home, unused_settings)
    report = hosted.restore(sys.stdin.buffer if is_piped else file, signing_key, agree)
    if report is None:
        note("nothing was changed")
        return
    _answer(report, as_json, f"version {report.version} has the newest weights of {moment(report.made_at)}")
    if as_json:
        return
    lost = f"{counted(report.dropped, 'update')} that waited and {counted(report.tokens, 'unused token')}"
    note(f"{counted(report.devices, 'device')} came back; {lost} did not: they may have been used since")
    if report.newer_keys:
        note("the key was rotated since; the newer one signs on, as devices follow it: make a new backup")
    if report.revoked:
        note(f"{counted(report.revoked, 'device')} that left or was revoked since stays so")
    if report.revoked is None:
        note("who was revoked since then is a device again: `swipefl coordinator devices --revoke ID`")
    if report.aside:
        note(f"what was here before lies in {report.aside}; a version that is made in a month erases it")


def _question(planned: "CoordinatorPlanned") -> str:
    back = f"version {planned.version} of {moment(planned.made_at)}, with {counted(planned.devices, 'device')}"
    if planned.version_here is None or planned.devices_here is None:
        return f"this brings back {back}; go on?"
    here = f"version {planned.version_here}, with {counted(planned.devices_here, 'device')}, here"
    return f"this brings back {back}, in place of {here}: what was taken and made since is undone; go on?"


def _answer(report: "Report", as_json: bool, text: str) -> None:
    if as_json:
        emit(asdict(report))
    else:
        note(text)
