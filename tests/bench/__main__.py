"""`make bench`: tables, printed and written to .bench/bench.json. Times are ratios to references of the same run."""

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from swipefl.cli.training import plans
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.search import Candidate
from swipefl.gesture.features import frames_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import built_in
from swipefl.learning.network import Batch, Network, network_of
from swipefl.learning.trainer import batches
from swipefl.settings import Settings
from tests.bench.people import gains, people_of
from tests.bench.template_matching import TemplateMatcher
from tests.people import examples as swipes_of
from tests.running import EXAMPLE, ROOT, SHARED, environment, measured

DEV = SHARED / "how_we_swipe" / "dev.jsonl.gz"
SAMPLE = 1500  # swipes on which template matching is scored and timed beside the decoder


def timed(command: list[str], home: Path, runs: int = 5, given: bytes = b"", warmup: int = 1) -> float:
    """Median seconds of a command as a whole process, after a warm-up."""
    seconds = []
    for _ in range(runs + warmup):
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin
        process.stdin.write(given)
        process.stdin.close()
        process.wait()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[warmup:])


def accuracy(examples: list[Example]) -> dict[str, Any]:
    """The decoder on every dev swipe, template matching and the decoder on the same sample, and generated swipes."""
    lexicon = load_lexicon("en")
    decoder = Decoder(base_checkpoint(), load_lexicon)
    matcher = TemplateMatcher(lexicon, built_in("qwerty"))

    def match(gesture: Gesture) -> tuple[list[Candidate], str]:
        return matcher.decode(gesture), ""

    def known(example: Example) -> bool:
        return example.word in lexicon

    sample = examples[:: max(1, len(examples) // SAMPLE)]
    rows = {
        "swipefl, all": evaluate(decoder.decode_and_spell, examples, known),
        "swipefl, sample": evaluate(decoder.decode_and_spell, sample, known),
        "template matching, sample": evaluate(match, sample, known),
        "swipefl, generated English": evaluate(decoder.decode_and_spell, generated("qwerty"), lambda example: True),
        "swipefl, generated Russian": evaluate(decoder.decode_and_spell, generated("jcuken"), lambda example: True),
    }
    keys = ("examples", "top1", "top3", "top5", "ms_p50", "ms_p99")
    return {name: {key: getattr(row, key) for key in keys} for name, row in rows.items()}


def generated(name: str) -> list[Example]:
    """40 generated people's swipes of common words, 25 each: no recorded Russian swipes are at hand."""
    keyboard = built_in(name)
    words = load_lexicon(keyboard.language).truncated(10_000).words
    return [example for seed in range(40) for example in swipes_of(25, 1000 + seed, keyboard, words)]


def packed_loss(network: Network, batch: Batch) -> torch.Tensor:
    """The same network and loss through one bidirectional LSTM with pack_padded_sequence."""
    lstm: nn.LSTM = network.packed  # type: ignore[assignment]
    packed = nn.utils.rnn.pack_padded_sequence(batch.features, batch.frames, batch_first=True, enforce_sorted=False)
    hidden, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    return network.loss_of(network.head(hidden), batch)


def training(examples: list[Example]) -> dict[str, float]:
    """Swipes/s of forward and backward, ours against packing, in turn on the same batches."""
    framed = [(frames_of(example.gesture), example.word) for example in examples[:1024]]
    fixed = list(batches(framed, 32))
    network = network_of(base_checkpoint())
    size = network.architecture
    network.packed = nn.LSTM(9, size.hidden, size.layers, batch_first=True, bidirectional=True)

    def speed(loss: Callable[[Batch], torch.Tensor]) -> float:
        began = time.perf_counter()
        for batch in fixed:
            network.zero_grad()
            loss(batch).mean().backward()  # type: ignore[no-untyped-call]
        return len(framed) / (time.perf_counter() - began)

    speed(network.loss)
    pairs = [(speed(network.loss), speed(lambda batch: packed_loss(network, batch))) for _ in range(5)]
    ours, packed = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"swipes_per_s": ours, "packed_swipes_per_s": packed, "ratio": statistics.median(a / b for a, b in pairs)}


def processes(home: Path) -> dict[str, float]:
    """Whole processes against references: help, a cold predict, ingest."""
    python, one = sys.executable, EXAMPLE.read_bytes().splitlines(keepends=True)[0]
    swipefl = [python, "-m", "swipefl"]
    typer = timed([python, "-c", "import typer"], home)
    torch_s = timed([python, "-c", "import torch"], home)
    help_s = timed([*swipefl, "--help"], home)
    predict = timed([*swipefl, "predict", "-"], home, given=one)
    _, predict_peak = measured(home, "predict", "-", input=one)
    figures = {
        "help_ratio": help_s / typer,
        "predict_ratio": predict / torch_s,
        "predict_s": predict,
        "predict_peak_mb": predict_peak,
    }
    if DEV.exists():
        began = time.perf_counter()
        with gzip.open(DEV) as stream:
            for line in stream:
                json.loads(line)
        reference = time.perf_counter() - began
        with tempfile.TemporaryDirectory() as fresh:
            homes = [Path(fresh) / str(run) for run in range(3)]  # each run fills a store of its own
            command = [*swipefl, "ingest", str(DEV)]
            ingest = statistics.median(timed(command, each, runs=1, warmup=0) for each in homes)
        figures |= {"ingest_s": ingest, "ingest_ratio": ingest / reference}
    return figures


def goals(results: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """What is to be reached and what was: name, bound, figure, whether it holds."""
    processes, accuracy = results["processes"], results["accuracy"]["swipefl, all"]
    ingest = [("ingest / (gunzip + json.loads)", "<=", 4.0, processes["ingest_ratio"])] if DEV.exists() else []
    rows = [
        ("top-1, base, 100,000 words", ">=", 0.75, accuracy["top1"]),
        ("top-3, base, 100,000 words", ">=", 0.86, accuracy["top3"]),
        ("mean gain of a personal model", ">", 0.0, results["personal_mean_gain"]),
        *ingest,
        ("swipefl --help / import typer", "<=", 3.0, processes["help_ratio"]),
        ("predict of one gesture, cold / import torch", "<=", 0.5, processes["predict_ratio"]),
        ("its peak memory, MB", "<=", 150.0, processes["predict_peak_mb"]),
        ("training / with packed sequences", ">=", 1.8, results["training"]["ratio"]),
    ]
    holds = {
        "<=": lambda got, bound: got <= bound,
        ">=": lambda got, bound: got >= bound,
        ">": lambda got, bound: got > bound,
    }
    return [(name, f"{sign} {bound:g}", f"{got:.4g}", holds[sign](got, bound)) for name, sign, bound, got in rows]


def shown(title: str, rows: Any) -> Table:
    """A table of a list of equal dicts, a dict of dicts, or a dict of figures."""
    table = Table(title=title)
    if isinstance(rows, list):
        rows = {str(number): row for number, row in enumerate(rows, 1)}
    for column in ("", *(next(iter(rows.values())) if isinstance(next(iter(rows.values())), dict) else ("figure",))):
        table.add_column(column)
    for name, row in rows.items():
        cells = row.values() if isinstance(row, dict) else (row,)
        table.add_row(name, *(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells))
    return table


def main() -> None:
    """Run everything that the data at hand allows."""
    console, results = Console(), {}
    with tempfile.TemporaryDirectory() as home:
        results["processes"] = processes(Path(home))
    people = people_of(DEV, 1000) if DEV.exists() else people_of(EXAMPLE, 1)
    examples = [example for person in people for example in person]
    results["training"] = training(examples)
    results["accuracy"] = accuracy(examples)
    results["personal"] = [vars(gain) for gain in gains(people[:20], plans(Settings(home=Path(os.devnull))))]
    results["personal_mean_gain"] = statistics.mean(g["personal"] - g["base"] for g in results["personal"])
    for name in ("processes", "training", "accuracy", "personal"):
        console.print(shown(name, results[name]))
    summary = Table("to be reached", "bound", "figure", "")
    for name, bound, figure, held in goals(results):
        summary.add_row(name, bound, figure, "holds" if held else "[bold]fails[/bold]")
    console.print(summary)
    folder = ROOT / ".bench"
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
