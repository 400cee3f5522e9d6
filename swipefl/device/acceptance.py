"""Whether a global model helps here: judged on the held-out swipes before anything is predicted with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import Judgement, judge
from swipefl.device.choosing import to_judge_by
from swipefl.device.due import due, read_usable
from swipefl.device.unseen import count_unseen, note_choice
from swipefl.doing import OnDoing, each, unheard
from swipefl.gesture.gesture import Example
from swipefl.stopping import Stop, never, until
from swipefl.store.checkpoints import StoredCheckpoint, Verdict
from swipefl.store.gestures import HELD_OUT
from swipefl.store.store import Store

if TYPE_CHECKING:
    from swipefl.federation.device.exchange import Exchanged  # loads grpc, which a device on its own never needs


@dataclass(frozen=True)
class Synced:
    """A visit, and whether predictions may use the newest global model; None where nothing says."""

    visit: "Exchanged"
    accepted: bool | None


class GlobalJudge:
    """Judges the global models of one store; `stop` is asked before each gesture, and `on_doing` hears of it."""

    def __init__(
        self,
        store: Store,
        decoder_of: Callable[[Checkpoint], Decoder],
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> None:
        self._store = store
        self._on_doing = on_doing
        self._decoder_of = decoder_of
        self._stop = stop

    def run(self) -> bool | None:
        """Judges what is due: the global model that predictions fall back to, then the newest.

        One is accepted if it finds any word, and is no worse than the one accepted before it, or the base. Says whether
        the newest is, None where there is none, or nothing to judge it by. Each verdict is kept as it is found: a run
        that is killed loses one, and predictions do without that model. Raises StoreError, and what the stop says.
        """
        while known := due(self._store):
            count_unseen(self._store, self._decoder_of, self._stop, self._on_doing)
            verdict = self._verdict(known)
            with self._store.transaction():
                self._store.checkpoints.settle(known.id, verdict)
                note_choice(self._store)
        newest = self._store.checkpoints.newest_global()
        return newest.verdict.accepted if newest and newest.verdict else None

    def _verdict(self, known: StoredCheckpoint) -> Verdict:
        held_out, checkpoint = self._store.gestures.counts()[HELD_OUT], read_usable(known)
        if checkpoint is None:
            return Verdict(False, held_out, 0, 0, 0)
        older = self._store.checkpoints.accepted_global(before=known.id)
        some = [stored.example for stored in to_judge_by(self._store, known.id)]
        before = self._judged((older and read_usable(older)) or base_checkpoint(), some)
        now = self._judged(checkpoint, some)
        right = [sum(judgement.hits) for judgement in (before, now)]
        accepted = not before.betters(now) and not now.is_blind
        return Verdict(accepted, held_out, len(some), *right)

    def _judged(self, checkpoint: Checkpoint, examples: list[Example]) -> Judgement:
        seen = each(examples, "judging the shared model", self._on_doing)
        return judge(self._decoder_of(checkpoint), until(self._stop, seen))
