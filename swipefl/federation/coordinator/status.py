"""What a coordinator has: versions, updates that wait, devices."""

from dataclasses import dataclass

from swipefl.federation.coordinator.devices import Device
from swipefl.federation.coordinator.policy import SOURCES
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Version


@dataclass(frozen=True)
class JudgedStatus:
    """What `devices` devices say of a version, summed up: how many of their held-out swipes were right.

    `right_before` of `swipes` were with the version before, `right_now` with this one.
    """

    devices: int
    swipes: int
    right_before: int
    right_now: int


@dataclass(frozen=True)
class VersionStatus:
    """One version, out of the updates of so many devices.

    `bytes` and `top1` are None where it is pruned, or was never scored; `candidate_top1` is that of a candidate which
    was worse and not published, None where no device would have taken that one; `judged` is what devices say of the
    version, where enough of them did.
    """

    version: int
    made_by: str
    created_at: float
    updates: int
    fingerprint: str
    top1: float | None
    candidate_top1: float | None
    judged: JudgedStatus | None
    bytes: int | None


@dataclass(frozen=True)
class FollowedStatus:
    """The version of elsewhere that was followed last, and how many of the updates that wait were lent."""

    version: int
    lent: int


@dataclass(frozen=True)
class CoordinatorStatus:
    """The newest version, how many devices belong here and of how many an update waits, and every version.

    `least` is the number of updates that whoever serves makes a version of at least, None where nobody served yet.
    `certificate_expires_at` is in unix seconds, None where no certificate is set or served, or
    the one that is set cannot be read. What is `followed` is None where versions are made here, or none came yet, and
    `node_came_at` (unix seconds) where no node of Flower's asked for what is lent yet; `versions_from` is the setting.
    """

    version: int
    fingerprint: str
    devices: int
    waiting: int
    least: int | None
    versions: tuple[VersionStatus, ...]
    certificate_expires_at: float | None = None
    followed: FollowedStatus | None = None
    versions_from: str = SOURCES[0]
    node_came_at: float | None = None


@dataclass(frozen=True)
class DeviceStatus:
    """One device, what its owner calls it, and its updates by what became of them; times in unix seconds.

    One that is `revoked` is refused; `left` says that it went of its own will; `state` is active, silent (for 30 days),
    left or revoked.
    """

    id: str
    name: str
    enrolled_at: float
    seen_at: float
    taken: int
    refused: int
    stale: int
    revoked: bool
    left: bool
    state: str


@dataclass(frozen=True)
class DevicesStatus:
    """Some devices, in the order of enrolment, and the id `after` which the next ones come; None behind the last."""

    devices: tuple[DeviceStatus, ...]
    after: str | None


def status_of(state: State) -> CoordinatorStatus:
    """What is there now. Raises UsageError where there is no version yet, StoreError."""
    with state.reading():
        newest = state.versions.newest()
        judged = {
            j.version: JudgedStatus(j.devices, j.swipes, j.right_before, j.right_now) for j in state.judgements.all()
        }
        return CoordinatorStatus(
            version=newest.number,
            fingerprint=newest.fingerprint,
            devices=state.devices.count(),
            waiting=state.updates.backlog()[0],
            least=state.served_with("least"),
            certificate_expires_at=state.served_with("certificate_expires_at"),
            followed=_followed(state),
            node_came_at=state.served_with("node_came_at"),
            versions=tuple(_version(version, judged.get(version.number)) for version in state.versions.all()),
        )


def _followed(state: State) -> FollowedStatus | None:
    followed = state.contributions.followed()
    return FollowedStatus(followed.version, len(state.contributions.lent())) if followed else None


def _version(v: Version, judged: JudgedStatus | None) -> VersionStatus:
    return VersionStatus(
        v.number, v.made_by, v.created_at, v.updates, v.fingerprint, v.top1, v.candidate_top1, judged, v.size
    )


def devices_of(state: State, limit: int, after: str | None = None, in_state: str | None = None) -> DevicesStatus:
    """A page of devices, as `Devices.page`; not what they say to be known by. Raises UsageError, StoreError."""
    page = state.devices.page(limit, after, in_state)
    return DevicesStatus(tuple(_device(each, state.devices.state_of(each)) for each in page.devices), page.after)


def _device(d: Device, state: str) -> DeviceStatus:
    return DeviceStatus(d.id, d.name, d.enrolled_at, d.seen_at, d.taken, d.refused, d.stale, d.revoked, d.left, state)
