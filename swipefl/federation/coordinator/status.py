"""What a coordinator has: versions, updates that wait, devices."""

from dataclasses import dataclass

from swipefl.federation.coordinator.state import State


@dataclass(frozen=True)
class VersionStatus:
    """One version; `bytes` and `top1` are None where it is pruned, or was never scored."""

    version: int
    made_by: str
    created_at: float
    updates: int
    fingerprint: str
    top1: float | None
    bytes: int | None


@dataclass(frozen=True)
class CoordinatorStatus:
    """The newest version, how many devices belong here and how many updates wait, and every version."""

    version: int
    fingerprint: str
    devices: int
    waiting: int
    versions: tuple[VersionStatus, ...]


@dataclass(frozen=True)
class DeviceStatus:
    """One device; times in unix seconds."""

    id: str
    enrolled_at: float
    seen_at: float
    revoked: bool


def status_of(state: State) -> CoordinatorStatus:
    """What is there now. Raises UsageError where there is no version yet, StoreError."""
    newest = state.versions.newest()
    return CoordinatorStatus(
        version=newest.number,
        fingerprint=newest.fingerprint,
        devices=sum(not device.revoked for device in state.devices.all()),
        waiting=len(state.updates.waiting()),
        versions=tuple(
            VersionStatus(v.number, v.made_by, v.created_at, v.updates, v.fingerprint, v.top1, v.size)
            for v in state.versions.all()
        ),
    )


def devices_of(state: State) -> list[DeviceStatus]:
    """Every device, in the order of enrolment; not what they say to be known by. Raises StoreError."""
    return [DeviceStatus(d.id, d.enrolled_at, d.seen_at, d.revoked) for d in state.devices.all()]
