"""Who gets a place: which tokens buy one, and how often one is tried or guessed."""

from dataclasses import dataclass

import structlog
from grpc import StatusCode

from swipefl.federation.coordinator.devices import hashed
from swipefl.federation.coordinator.limits import Limits, RateLimit, share_of
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.writer import Writer
from swipefl.federation.protocol.token import CREDENTIAL_BYTES


@dataclass(frozen=True)
class Refusal:
    """Why there is no place: the status of the call, and the reason (kebab-case)."""

    code: StatusCode
    reason: str


class Enrolments:
    """Places over a `state` for reading and a `writer` for new ones."""

    def __init__(self, state: State, writer: Writer, limits: Limits, metrics: Metrics) -> None:
        self._state = state
        self._writer = writer
        self._metrics = metrics
        self._tries = RateLimit(limits.enrolments_an_hour, limits.enrolments_an_hour / 3600)
        self._wrong_tokens = RateLimit(limits.wrong_tokens_a_minute, limits.wrong_tokens_a_minute / 60)

    async def place(self, secret: bytes, credential: bytes, peer: str | None) -> str | Refusal:
        """The id of the device that says this credential, for the token with this secret. Raises StoreError."""
        if len(credential) != CREDENTIAL_BYTES:
            return Refusal(StatusCode.INVALID_ARGUMENT, "bad-credential")
        devices = self._state.devices
        device_id = devices.enrolled(secret, credential)  # whose answer was lost
        # Whoever guesses, or has a token that was used, keeps neither the writer nor a right token waiting.
        is_offered = device_id is None and devices.offers(secret)
        if (device_id or is_offered) and not self._tries.allows(hashed(secret).hex()):
            return Refusal(StatusCode.RESOURCE_EXHAUSTED, "token-too-often")
        if is_offered:
            device_id = await self._new(secret, credential)
        if device_id is not None:
            return device_id
        if not self._wrong_tokens.allows(share_of(peer)):
            return Refusal(StatusCode.RESOURCE_EXHAUSTED, "too-many-wrong-tokens")
        return Refusal(StatusCode.PERMISSION_DENIED, "wrong-token")

    async def _new(self, secret: bytes, credential: bytes) -> str | None:
        def enroll(state: State) -> tuple[str | None, str | None]:
            return state.devices.enrolled(secret, credential), state.devices.enroll(secret, credential)

        before, device_id = await self._writer.do(enroll)
        if device_id and not before:  # one that asks twice at once joins once
            self._metrics.enrolments.inc()
            structlog.get_logger().info("device enrolled", device=device_id)
        return device_id
