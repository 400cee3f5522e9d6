"""A SuperLink as one who runs a project sees it: runs that are begun, looked at, and what they write."""

import ssl
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import httpx
from flwr.cli.build import build_fab_from_disk
from flwr.common.constant import Status, SubStatus
from flwr.proto.control_pb2 import ListRunsRequest, StartRunRequest, StreamLogsRequest
from flwr.proto.fab_pb2 import Fab
from flwr.supercore.control import ControlHttpClient
from flwr.supercore.error import ApiErrorCode, FlowerError
from flwr.supercore.interceptors.http import RuntimeVersionHttpInterceptor

from swipefl.errors import CoordinatorUnreachable, Remedy, UsageError
from swipefl.federation.protocol.address import Address
from swipefl.flower.project import FILE, SERVER
from swipefl.flower.running import GoingOn, RunState
from swipefl.flower.server_app import read_config

_NO_SUPERLINK = (404, 405, 501, 505)  # of a server that knows nothing of what is asked
_OTHER_NAMES = (62, 64)  # OpenSSL's codes: the certificate is another host's, or another address's
# An end, or a reset: that, where it closes before it has read all; which of the two is chance.
_HUNG_UP = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_MOST_RUNS = 100  # that are looked at for one that goes on
RAISED = "ServerApp failed with exception"  # what Flower says of a run that was not killed; its status does not tell


@dataclass(frozen=True)
class Place:
    """Where a SuperLink is; `ca` is the file of its certificate's authority, else those that this system knows."""

    address: Address
    ca: Path | None
    insecure: bool


class SuperLink:
    """The SuperLink at a place. Every call raises CoordinatorUnreachable where it does not answer, else UsageError."""

    def __init__(self, place: Place) -> None:
        where = str(place.address)
        if place.insecure and place.ca is not None:
            what = "an authority's certificate is for TLS, and without TLS there is none: one of the two"
            raise UsageError("ca-without-tls", what, Remedy.GIVE_SUPERLINK_CA)
        if place.insecure and "http" in getproxies() and not proxy_bypass(where):
            what = "what is said to {address} without TLS would go through a proxy"
            raise UsageError("proxy-without-tls", what, Remedy.CHECK_PROXY, address=where)
        self._where, self._place = where, place
        self._client = ControlHttpClient.from_server_address(
            where, place.insecure, _certificates(place.ca), [RuntimeVersionHttpInterceptor("swipefl")]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def submit(self, folder: Path) -> int:
        """Begins a run of the project in a folder, if its numbers make sense; gives the run's."""
        bundle = _bundle(folder)
        _check_numbers(folder / FILE)
        with self._asking():
            asked = StartRunRequest(fab=Fab(hash_str=sha256(bundle).hexdigest(), content=bundle))
            return int(self._client.StartRun(asked).run_id)

    def going_on(self, project: str, folder: Path) -> GoingOn | None:
        """The newest run of a project, PUBLISHER/NAME in a folder, that is not over; None where there is none."""
        with self._asking():
            runs = self._client.ListRuns(ListRunsRequest(limit=_MOST_RUNS)).run_dict.values()
        alive = [run for run in runs if run.fab_id == project and run.status.status != Status.FINISHED]
        if not alive:
            return None
        newest = max(alive, key=lambda run: run.pending_at)
        return GoingOn(int(newest.run_id), newest.fab_hash == sha256(_bundle(folder)).hexdigest())

    def state(self, number: int) -> RunState | None:
        """How a run stands; None where this SuperLink does not know of it, or no longer."""
        try:
            with self._asking():
                run = self._client.ListRuns(ListRunsRequest(run_id=number)).run_dict.get(number)
        except UnknownRun:
            return None
        return _state(run.status) if run else None

    def written(self, number: int, after: float) -> Iterator[tuple[str, float]]:
        """What a run writes behind a moment, piece by piece until it is over, and the moment of each."""
        with self._asking():
            for said in self._client.StreamLogs(StreamLogsRequest(run_id=number, after_timestamp=after)):
                yield said.log_output, said.latest_timestamp

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPStatusError as error:
            raise _refused(self._where, error.response) from None
        except httpx.HTTPError as error:
            raise _away(self._place, error) from None


class UnknownRun(UsageError):
    """A run that the SuperLink does not know: its database is another than it was."""


def _bundle(folder: Path) -> bytes:
    """What Flower sends of a project. Raises UsageError."""
    try:
        return bytes(build_fab_from_disk(folder))
    except ValueError as error:
        what = "{folder} is no project that Flower could run: {why}"
        raise UsageError("bad-project", what, Remedy.INIT_FLOWER, folder=folder, why=str(error).strip()) from None


def _check_numbers(file: Path) -> None:
    """Raises UsageError where our server would: here at once, and not beside the SuperLink, again and again."""
    app = tomllib.loads(file.read_text("utf-8"))["tool"]["flwr"]["app"]
    if app["components"]["serverapp"] == SERVER:
        read_config(app.get("config", {}))


def _state(status: Any) -> RunState:
    return RunState(
        status.status == Status.FINISHED,
        status.sub_status == SubStatus.COMPLETED,
        status.sub_status == SubStatus.STOPPED,
        status.details.startswith(RAISED),
        status.details,
    )


def _certificates(ca: Path | None) -> bytes | None:
    """Raises UsageError."""
    if ca is None:
        return None
    try:
        certificates = ca.read_bytes()
    except OSError as error:
        what = "cannot read the certificate {path}: {why}"
        raise UsageError("no-ca", what, Remedy.GIVE_CERTIFICATE, path=ca, why=error.strerror) from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates.decode("ascii"))
    except (ValueError, ssl.SSLError):
        what = "there is no certificate (PEM) in {path}"
        raise UsageError("no-ca", what, Remedy.GIVE_CERTIFICATE, path=ca) from None
    return certificates


def _refused(where: str, answer: httpx.Response) -> UsageError | CoordinatorUnreachable:
    """What an answer that is none means."""
    error = FlowerError.from_json(answer.text)
    if error is not None and error.code == ApiErrorCode.RUN_ID_NOT_FOUND:
        return UnknownRun("unknown-run", "the SuperLink at {address} does not know this run", address=where)
    if error is None and answer.status_code in _NO_SUPERLINK:
        return _none(where, f"HTTP {answer.status_code}")
    if answer.is_server_error:
        return _silent(where, f"HTTP {answer.status_code}")
    why = error.message if error else f"HTTP {answer.status_code}"
    return UsageError("superlink-refused", "the SuperLink at {address} refuses: {why}", address=where, why=why)


def _away(place: Place, error: httpx.HTTPError) -> UsageError | CoordinatorUnreachable:
    """What kept it from being spoken to: what time may mend, or how things are set, which it does not."""
    where = str(place.address)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _untrusted(place, cause)
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        what = "the SuperLink at {address} speaks no TLS that this understands, or none at all ({why})"
        return UsageError("superlink-without-tls", what, Remedy.SUPERLINK_WITHOUT_TLS, address=where, why=cause.reason)
    if isinstance(error, _HUNG_UP) and place.insecure:  # or it was killed while it was asked
        what = "the SuperLink at {address} hangs up ({why})"
        return CoordinatorUnreachable(
            "superlink-hangs-up", what, Remedy.SUPERLINK_WITH_TLS, address=where, why=str(error)
        )
    return _silent(where, str(error))


def _untrusted(place: Place, error: ssl.SSLCertVerificationError) -> UsageError:
    what, where, why = "the SuperLink at {address} cannot be trusted ({why})", str(place.address), error.verify_message
    if error.verify_code in _OTHER_NAMES:
        return UsageError("superlink-other-name", what, Remedy.SUPERLINK_BY_NAME, address=where, why=why)
    if place.ca is not None:
        return UsageError("superlink-other-ca", what, Remedy.SUPERLINK_OTHER_CA, address=where, why=why, ca=place.ca)
    return UsageError("bad-superlink", what, Remedy.GIVE_SUPERLINK_CA, address=where, why=why)


def _none(where: str, why: str) -> UsageError:
    what = "what answers at {address} is no SuperLink ({why})"
    return UsageError("no-superlink", what, Remedy.CHECK_SUPERLINK, address=where, why=why)


def _silent(where: str, why: str) -> CoordinatorUnreachable:
    what = "no answer from the SuperLink at {address} ({why})"
    return CoordinatorUnreachable("superlink-away", what, Remedy.TRY_LATER, address=where, why=why)
