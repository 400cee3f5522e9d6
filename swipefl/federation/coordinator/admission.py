"""Which updates are taken, and why others are not: before their bytes come, of the bytes, and once more when stored.

`service` refuses what is no update at all: a caller without a place, too many bytes or parts, a stream cut short.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from swipefl.errors import BadUpdate
from swipefl.federation.coordinator.devices import Device
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Version
from swipefl.federation.protocol.bounds import LARGEST_VERSION
from swipefl.federation.protocol.reasons import ALREADY_CONTRIBUTED
from swipefl.federation.update import Shapes, encoded_norms
from swipefl.federation.wire.v1.federation_pb2 import UpdateHeader

ACCEPTED, DUPLICATE, STALE, REFUSED = "accepted", "duplicate", "stale", "refused"
LONGEST_ID = 64
HEADER_BYTES = 64 * 1024  # of the safetensors header, at most


@dataclass(frozen=True)
class Verdict:
    """What becomes of an update: accepted, duplicate, stale or refused, and then for which reason (kebab-case)."""

    outcome: str
    reason: str = ""


def verdict_on_header(state: State, policy: Policy, device: str, header: UpdateHeader) -> Verdict | None:
    """What can be said before the bytes come, if anything."""
    if not 0 < len(header.update_id) <= LONGEST_ID or not header.update_id.isprintable():
        return Verdict(REFUSED, "bad-update-id")
    fault = _fault_of_header(state, policy, device, header)
    # Last: what its device gave up and sends again may be taken while we look, and would then be refused for itself.
    return Verdict(DUPLICATE) if state.updates.is_known(device, header.update_id) else fault


def _fault_of_header(state: State, policy: Policy, device: str, header: UpdateHeader) -> Verdict | None:
    """Why no new update with this header is taken, or None."""
    if not 0 < header.base_version <= LARGEST_VERSION:
        return Verdict(REFUSED, "unknown-version")
    newest, base = state.versions.newest(), state.versions.get(header.base_version)
    if base is None:
        return Verdict(REFUSED, "unknown-version")
    if base.fingerprint != header.base_fingerprint:
        return Verdict(REFUSED, "wrong-fingerprint")
    if _is_stale(policy, base, newest, state.devices.get(device)):
        return Verdict(STALE)
    if has_voted(state, device, base.number):
        return Verdict(REFUSED, ALREADY_CONTRIBUTED)
    if not 0 < header.examples <= policy.limits.examples:
        return Verdict(REFUSED, "implausible-examples")
    if header.size_bytes > largest_update(newest.shapes):
        return Verdict(REFUSED, "too-large")
    return None


def verdict_on_bytes(state: State, policy: Policy, header: UpdateHeader, blob: bytes) -> Verdict | None:
    """Why these bytes are no update of the model, or None."""
    if hashlib.sha256(blob).digest() != header.sha256:
        return Verdict(REFUSED, "damaged")
    try:
        fault = encoded_norms(blob, state.versions.newest().shapes).fault(policy.plan.max_norm)
    except BadUpdate as error:
        fault = error.code
    return Verdict(REFUSED, fault) if fault else None


def admit(state: State, policy: Policy, received: Sequence[Received]) -> list[Verdict]:
    """Stores updates in one transaction, each unless another one or a new version came in between."""
    with state.transaction():
        newest = state.versions.newest()
        return [_admit(state, policy, update, newest) for update in received]


def _admit(state: State, policy: Policy, update: Received, newest: Version) -> Verdict:
    if state.updates.is_known(update.device, update.id):
        return Verdict(DUPLICATE)
    if has_voted(state, update.device, update.version):
        return Verdict(REFUSED, ALREADY_CONTRIBUTED)
    device, base = state.devices.get(update.device), state.versions.get(update.version)
    if device is None or device.revoked:  # since the upload began
        return Verdict(REFUSED, "revoked-device")
    if base is None or _is_stale(policy, base, newest, device):
        return Verdict(STALE)
    state.updates.add(update)
    return Verdict(ACCEPTED)


def has_voted(state: State, device: str, version: int) -> bool:
    """Whether no update of this device from `version` is taken now: one was, or one from any other still waits.

    So of one device at most one goes into any one version, whatever versions its updates started from.
    """
    return state.updates.contributed(device, version) or state.updates.waits(device)


def _is_stale(policy: Policy, base: Version, newest: Version, device: Device | None) -> bool:
    """Whether an update from `base` comes too late, is older than the device's enrolment, or no use any more."""
    too_late = newest.number - base.number > policy.max_staleness
    too_old = device is not None and base.number < device.enrolled_with
    return too_late or too_old or base.is_gone or base.architecture != newest.architecture


def largest_update(shapes: Shapes) -> int:
    """The bytes that an update of these tensors has at most: int8, two bytes a row, and a header."""
    return HEADER_BYTES + sum(math.prod(shape) + 2 * shape[0] for shape in shapes.values())
