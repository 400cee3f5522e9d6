"""What a device tells a coordinator: of an update that it sends, and of what a version does here."""

import hashlib

from swipefl.federation.protocol.bounds import MOST_EXAMPLES, MOST_JUDGED
from swipefl.federation.wire.v1.federation_pb2 import Judged, UpdateHeader
from swipefl.store.checkpoints import Verdict
from swipefl.store.outbox import QueuedUpdate

FEWEST_TOLD, TOLD_BY = 20, 5  # swipes that a verdict which is told is of, and the step of its counts


def header_of(update: QueuedUpdate, version: int) -> UpdateHeader:
    """What is said of an update before its bytes."""
    return UpdateHeader(
        update_id=update.id,
        base_version=version,
        base_fingerprint=update.base,
        examples=min(update.examples, MOST_EXAMPLES),
        size_bytes=len(update.blob),
        sha256=hashlib.sha256(update.blob).digest(),
    )


def judged_of(version: int, verdict: Verdict) -> Judged | None:
    """What is told of a version: rounded counts of at most so many swipes, None where they are too few to tell of."""
    if verdict.swipes < FEWEST_TOLD:
        return None
    swipes = _rounded(min(verdict.swipes, MOST_JUDGED))
    before, now = (min(_rounded(right), swipes) for right in (verdict.right_before, verdict.right_now))
    return Judged(version=version, swipes=swipes, right_before=before, right_now=now)


def _rounded(count: int) -> int:
    return round(count / TOLD_BY) * TOLD_BY
