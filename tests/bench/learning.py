"""`make learning`: what federation and personal training give real people, as tables and a plot.

Takes two hours on two cores, and goes on where it was cut. Everything lies in build/learning: `learning.md` with
the tables, `federated.png`, and a folder a simulation.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import Top, evaluate_by
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.tuning import choice, tuned
from swipefl.gesture.formats import read_examples, read_labelled
from swipefl.gesture.formats.fields import group_of
from swipefl.simulation.plot import plot
from swipefl.simulation.running import SCENARIO
from swipefl.simulation.simulation import results_in
from tests.bench import personal
from tests.support.command import ROOT
from tests.support.swipes import SHARED

DATA = SHARED / "how_we_swipe"
HEADING = """# What federation and personal training give

Made by `make learning`. Percentages of swipes of people who took no part in any training, with the words before; all
English words of the package, a word outside them counting as wrong. Unless a row says otherwise clients train two
passes with Adam (1e-3, dropout 0.15) and send int8 updates clipped to a norm of 4; the server takes their mean with
momentum 0.9, and its step falls after thirty rounds. The same run judged ten rounds
earlier or later moves by up to 0.3 points.
"""


@dataclass(frozen=True)
class Run:
    """A simulation: how the tables call it, its rounds, and the flags that are not the defaults."""

    name: str
    rounds: int
    flags: str = ""


BY = "text"  # what a line of the recordings is of: real sentences, or words drawn at random
HALVES = {"sentence": "real sentences", "words": "random words"}
MAIN = Run("150 rounds of 40", 150, "--eval-every 10")
THIRTY = Run("80 rounds of 30", 80, "--clients-per-round 30")
REVERSED = "a fifth send ten times the reverse"
HOSTILE = (
    Run("float32 updates, unclipped", 40, "--float32"),
    Run(f"{REVERSED}: bound on norms", 40, "--byzantine 0.2"),
    Run(
        f"{REVERSED}: trimmed mean, no bound",
        40,
        "--byzantine 0.2 --unbounded --rule trimmed-mean",
    ),
    Run(f"{REVERSED}: plain mean, no bound", 40, "--byzantine 0.2 --unbounded"),
    Run("a fifth send the reverse within the bound: bound on norms", 40, "--byzantine 0.2 --cunning"),
)
TWENTY = "--clients-per-round 20"
OPTIMIZERS = (
    Run("FedAvgM", 25, TWENTY),
    Run("FedAvgM with FedProx 0.01", 25, f"{TWENTY} --proximal 0.01"),
    Run("FedBuff, FedAvgM, half of the updates 1 to 5 rounds late", 25, f"{TWENTY} --late 0.5"),
    Run("FedAvg", 25, f"{TWENTY} --optimizer fedavg"),
    Run("FedAdam", 25, f"{TWENTY} --optimizer fedadam --server-lr 0.001"),
)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Campaign:
    """All of it on the people of two files: clients, and people who take no part and are only judged."""

    clients: Path
    judged: Path
    out: Path
    most_rounds: int

    def rounds(self, run: Run, seed: int = 0) -> list[dict[str, Any]]:
        """The rounds of a simulation, run now as far as it was not before."""
        out = self.folder(run, seed)
        if not (out / "plot.png").exists():
            self._simulate(out, run, seed)
        return [json.loads(line) for line in (out / "rounds.jsonl").read_text().splitlines()]

    def folder(self, run: Run, seed: int = 0) -> Path:
        """Where a simulation lies."""
        return self.out / f"{re.sub('[^a-z0-9]+', '-', run.name.lower())}-{seed}"

    def model(self) -> Checkpoint:
        """What the main run came to."""
        return checkpoint_from_bytes((self.folder(MAIN) / "model.safetensors").read_bytes())

    def central(self) -> Checkpoint:
        """The base, trained on all clients' swipes in one place, score weights tuned on them."""
        path, swipes = self.out / "central.safetensors", str(self.clients)
        if not path.exists():
            made = path.with_suffix(".new")
            _python("examples.base.pretrain", str(made), "--examples", swipes)
            _python("examples.base.tune", str(made), swipes, "--every", "20")
            made.rename(path)
        return checkpoint_from_bytes(path.read_bytes())

    def evaluated(self, model: Checkpoint, every: int = 1, has_context: bool = True) -> dict[str, Any]:
        """A checkpoint on every `every`-th swipe of those who are judged, as a round's line has it."""
        context_of = shipped_context if has_context else (lambda languages: None)
        decoder = Decoder(model, load_lexicon, context_of=context_of)
        labelled = read_labelled(self.judged, lambda example, said: (example, group_of(said, BY)))
        examples = islice(labelled, 0, None, every)
        whole, groups = evaluate_by(decoder.decode_and_spell, examples, lambda example: True)
        by = {name: {"top1": group.top1, "top3": group.top3} for name, group in groups.items()}
        return {"top1": whole.top1, "top3": whole.top3, "by": by}

    def draw(self) -> None:
        """The picture of the main run, with halves by the names that people know."""
        self.rounds(MAIN)
        named = [replace(result, by=_named(result.by)) for result in results_in(self.folder(MAIN))]
        plot(named, self.out / "federated.png")

    def federation(self) -> Iterator[str]:
        """The main table: before, rounds, one place, what devices' updates cost, hostile clients."""
        yield header("")
        yield scored("before, without the words before", self.evaluated(base_checkpoint(), has_context=False))
        yield scored("before", self.evaluated(base_checkpoint()))
        for row in self.rounds(MAIN):
            if row["round"] in (40, 80, 150):
                yield scored(f"{row['round']} rounds of 40", row)
        yield scored("150 rounds of 40, without the words before", self.evaluated(self.model(), has_context=False))
        yield self._last(THIRTY)
        yield scored("all their swipes in one place", self.evaluated(self.central()))
        for run in HOSTILE:
            yield self._last(run)

    def score_weights(self) -> Iterator[str]:
        """Score weights of the federation beside weights tuned on the very people that they are judged on."""
        model = self.model()
        decoder = Decoder(model, load_lexicon, context_of=shipped_context)
        swipes = list(read_examples(self.judged))[::2]
        theirs = tuned([choice(decoder.score(e.gesture), e.spelled) for e in swipes], model.score)
        yield "\n" + header("score weights, every second swipe")
        for name, weights in (("federated", model.score), ("tuned on these swipes", theirs)):
            yield scored(name, self.evaluated(replace(model, score=weights), every=2))

    def optimizers(self) -> Iterator[str]:
        """Every optimiser with every seed."""
        yield "\n| 25 rounds of 20, three seeds | first word right, mean and range | among three |\n|---|---|---|"
        for run in OPTIMIZERS:
            last = [self.rounds(run, seed)[-1] for seed in SEEDS]
            top1, top3 = ([100 * row[key] for row in last] for key in ("top1", "top3"))
            spread = f"{statistics.mean(top1):.2f} ({min(top1):.2f} to {max(top1):.2f})"
            yield f"| {run.name} | {spread} | {statistics.mean(top3):.2f} |"

    def _last(self, run: Run) -> str:
        return scored(run.name, self.rounds(run)[-1])

    def _simulate(self, out: Path, run: Run, seed: int) -> None:
        resume = ["--resume"] if (out / SCENARIO).exists() else []
        flags = [*run.flags.split(), "--rounds", str(min(run.rounds, self.most_rounds)), "--seed", str(seed)]
        where = ["--eval", str(self.judged), "--eval-by", BY, "--out", str(out), "--json"]
        _python("swipefl", "simulate", str(self.clients), *flags, *where, *resume)
        for residual in out.glob("residual-*"):  # 2 MB a client, and this run goes on no further
            residual.unlink()


def _named(by: Mapping[str, Top]) -> dict[str, Top]:
    return {HALVES.get(half, half): top for half, top in by.items()}


def header(what: str) -> str:
    """The first two lines of a table whose rows `scored` gives."""
    return f"| {what} | {' | '.join(HALVES.values())} | all | all, among three |\n|---|---|---|---|---|"


def scored(name: str, row: Mapping[str, Any]) -> str:
    """A row of a table: how often the first word is right, real sentences and random words apart."""
    halves = [row["by"][half]["top1"] if half in row["by"] else None for half in HALVES]
    shares = [*halves, row["top1"], row["top3"]]
    return f"| {name} | {' | '.join('' if share is None else f'{100 * share:.1f}' for share in shares)} |"


def _python(module: str, *arguments: str) -> None:
    print(module, *arguments, file=sys.stderr)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Run what was not run yet and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=Path, default=DATA / "train.jsonl.gz")
    parser.add_argument("--judged", type=Path, default=DATA / "dev.jsonl.gz")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "learning")
    parser.add_argument("--most-rounds", type=int, default=1000, help="of any simulation, to try it out")
    options = parser.parse_args()
    if not options.clients.exists():
        sys.exit(f"the recordings are not there: {options.clients}")
    campaign = Campaign(options.clients, options.judged, options.out, options.most_rounds)
    campaign.out.mkdir(parents=True, exist_ok=True)
    parts = (campaign.federation, campaign.score_weights, lambda: personal.tables(campaign.model(), campaign.judged))
    lines = [HEADING, *(line for part in (*parts, campaign.optimizers) for line in part())]
    campaign.draw()
    (campaign.out / "learning.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
