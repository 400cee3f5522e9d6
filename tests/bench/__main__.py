"""`make bench`: tables, printed and written to .bench/bench.json. Times are ratios to references of the same run."""

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate, evaluate_by
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.search import Candidate
from swipefl.gesture.formats.fields import ABSENT, group_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import built_in
from swipefl.home import personal_config
from swipefl.settings.device import Settings
from tests.bench import federation, layouts, nights, serving, sessions, simulating, speed
from tests.bench.people import gains, people_of, seconds
from tests.bench.template_matching import TemplateMatcher
from tests.support import languages
from tests.support.command import ROOT, SHORT, environment, measured
from tests.support.people import examples as swipes_of
from tests.support.people import write_people
from tests.support.swipes import EXAMPLE, GOOD, SHARED

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

    def match(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        return matcher.decode(gesture, top), ""

    sample = examples[:: max(1, len(examples) // SAMPLE)]
    everything, halves = evaluate_by(decoder.decode_and_spell, by_text(examples), decoder.knows)
    rows = {
        "swipefl, all": everything,
        **{f"swipefl, {text}": half for text, half in halves.items()},
        "swipefl, sample": evaluate(decoder.decode_and_spell, sample, decoder.knows),
        "template matching, sample": evaluate(match, sample, decoder.knows),
        "swipefl, generated English": evaluate(decoder.decode_and_spell, generated("qwerty"), lambda example: True),
        "swipefl, generated Russian": evaluate(decoder.decode_and_spell, generated("jcuken"), lambda example: True),
    }
    keys = ("examples", "top1", "top3", "top5", "ece", "ms_p50", "ms_p99")
    return {name: {key: getattr(row, key) for key in keys} for name, row in rows.items()}


def by_text(examples: list[Example]) -> Iterator[tuple[Example, str]]:
    """Examples of dev with what their line says they are of: a sentence, or random words."""
    texts = {}
    if DEV.exists():
        with gzip.open(DEV) as stream:
            said = map(json.loads, stream)
            texts = {line["gesture_id"]: group_of(line, "text") for line in said}
    return ((example, texts.get(example.gesture.id, ABSENT)) for example in examples)


def generated(name: str) -> list[Example]:
    """40 generated people's swipes of common words, 25 each: no recorded Russian swipes are at hand."""
    keyboard = built_in(name)
    words = load_lexicon(keyboard.languages[0]).truncated(10_000).words
    return [example for seed in range(40) for example in swipes_of(25, 1000 + seed, keyboard, words)]


def idle_nights(home: Path, torch_s: float) -> dict[str, float]:
    """A night in which nothing is new, and one that is not eligible, as whole processes against loading torch."""
    learned = home / "learned"
    learned.mkdir()
    write_people(learned / "swipes.jsonl", {1: 40})
    cycle = [sys.executable, "-m", "swipefl", "cycle"]
    for words in (["ingest", str(learned / "swipes.jsonl")], ["cycle"]):
        command = [*cycle[:-1], *words]
        subprocess.run(command, env=environment(learned, **SHORT), stdout=subprocess.DEVNULL, check=True)
    idle = timed(cycle, learned, runs=9)
    (learned / "config.toml").write_text('quiet_hours = "0-24"\n')
    return {"idle_ratio": idle / torch_s, "ineligible_ratio": timed(cycle, learned, runs=9) / torch_s}


def processes(home: Path) -> dict[str, float]:
    """Whole processes against references: help, a cold predict, ingest."""
    python, one = sys.executable, GOOD[0]
    swipefl = [python, "-m", "swipefl"]
    typer = timed([python, "-c", "import typer"], home)
    bare, imported = timed([python, "-c", "pass"], home), timed([python, "-c", "import swipefl"], home)
    torch_s = timed([python, "-c", "import torch"], home)
    help_s = timed([*swipefl, "--help"], home)
    predict = timed([*swipefl, "predict", "-", "--json"], home, given=one)
    _, predict_peak = measured(home, "predict", "--json", "-", input=one)
    figures = {
        "import_ratio": imported / bare,
        **idle_nights(home, torch_s),
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
    loads, training = results["loading"], results["training"]
    *sizes, both = results["speed"]
    few, many, two = (results["speed"][name] for name in (sizes[0], sizes[-1], both))
    warm, larger = results["speed"]["100,000 words"], _words(sizes[-1]) / _words(sizes[0])
    file = results["file"] and [
        ("predict of a file, swipes/s", ">=", 150.0, results["file"]["swipes_per_s"]),
        ("its memory / that of an eighth of it", "<=", 1.1, results["file"]["peak_growth"]),
        ("two processes against one", ">=", 1.8, results["jobs"]["ratio"]),
        ("10,000 requests of a session, p99 / p50", "<=", 2.5, results["session"]["tail"]),
        ("its memory, late / after 100 requests", "<=", 1.1, results["session"]["mb_growth"]),
    ]
    halves = [
        (f"top-1 of {text}", ">=", bound, results["accuracy"][f"swipefl, {text}"]["top1"])
        for text, bound in (("sentence", 0.897), ("words", 0.777))
        if DEV.exists()
    ]
    rows = [
        ("top-1, base", ">=", 0.842, accuracy["top1"]),
        *halves,
        ("top-3, base", ">=", 0.90, accuracy["top3"]),
        ("top-5, base", ">=", 0.92, accuracy["top5"]),
        ("expected calibration error", "<=", 0.02, accuracy["ece"]),
        ("first words that an exact search has too", ">=", 0.995, results["agreement"]),
        *languages.goals(results["languages"]),
        *((f"top-1 lost on {name}, never seen", "<=", 0.02, row["behind"]) for name, row in results["layouts"].items()),
        ("size of the base checkpoint, MB", "<=", 1.1, len(base_blob()) / 1e6),
        ("a gesture, 100,000 words, p50 ms", "<=", 8.0, warm["ms_p50"]),
        ("a gesture, 100,000 words, p99 ms", "<=", 20.0, warm["ms_p99"]),
        ("with context, p50 / bare recurrent floor", "<=", 3.0, results["floor"]["of_floor"]),
        ("with context, p99 / p50", "<=", 2.0, results["floor"]["tail"]),
        (f"{larger:.0f} times as many words: p50 times", "<=", larger, many["ms_p50"] / few["ms_p50"]),
        ("all English words against 100,000: p50 times", "<=", 1.1, many["ms_p50"] / warm["ms_p50"]),
        ("two languages against one: p50 times", "<=", 1.2, two["ms_p50"] / many["ms_p50"]),
        ("top-1 lost where there is a second language", "<=", 0.02, many["top1"] - two["top1"]),
        *file,
        ("over HTTP, while training: p99 / p50 when quiet", "<=", 4.0, results["serving"]["tail"]),
        ("loading all English words, ms", "<=", 60.0, loads["lexicon_ms"]),
        ("loading English words in order, ms", "<=", 30.0, loads["context_ms"]),
        ("1,000 personal words more, ms", "<=", 50.0, loads["personal_words_ms"]),
        ("mean gain of a personal model", ">", 0.0, results["personal_mean_gain"]),
        ("a personal model of 60 swipes on one core, s", "<=", 5.0, results["personal_60_s"]),
        ("a night over 10,000 swipes / over 2,000", "<=", 1.3, results["nights"]["ratio"]),
        *ingest,
        ("import swipefl / Python's own start", "<=", 1.3, processes["import_ratio"]),
        ("swipefl --help / import typer", "<=", 3.0, processes["help_ratio"]),
        ("predict of one gesture, cold, s", "<=", 0.5, processes["predict_s"]),
        ("predict of one gesture, cold / import torch", "<=", 1 / 3, processes["predict_ratio"]),
        ("its peak memory, MB", "<=", 150.0, processes["predict_peak_mb"]),
        ("a night without anything new / import torch", "<=", 0.4, processes["idle_ratio"]),
        ("a night on a device that is not eligible / import torch", "<=", 0.4, processes["ineligible_ratio"]),
        *federated(results["federation"]),
        ("rounds of simulated clients / the trainer alone", ">=", 0.8, results["simulation"]["of_trainer"]),
        ("its memory, 800 clients / 20", "<=", 1.1, results["simulation"]["mb_growth"]),
        ("training / with packed sequences", ">=", 1.8, training["ratio"]),
        ("training / the LSTMs alone", ">=", 0.75, training["of_bare"]),
    ]
    holds = {
        "<=": lambda got, bound: got <= bound,
        ">=": lambda got, bound: got >= bound,
        ">": lambda got, bound: got > bound,
    }
    return [(name, f"{sign} {bound:g}", f"{got:.4g}", holds[sign](got, bound)) for name, sign, bound, got in rows]


def federated(costs: dict[str, dict[str, float]]) -> list[tuple[str, str, float, float]]:
    """The goals of the federation."""
    trip, *loads = costs.values()
    taken, few, many = loads
    return [
        ("a device's round trip, p50 ms", "<=", 60.0, trip["p50_ms"]),
        ("bytes up a parameter", "<=", 1.05, trip["bytes_up_per_parameter"]),
        ("updates/s accepted and durable", ">=", 150.0, taken["updates_per_s"]),
        ("coordinator's memory, late / early", "<=", 1.1, taken["mb_growth"]),
        ("an update's cost, 10,000 clients / 100", "<=", 1.3, many["coordinator_ms"] / few["coordinator_ms"]),
    ]


def _words(name: str) -> int:
    return int(name.split()[0].replace(",", ""))


def base_blob() -> bytes:
    """The base checkpoint as it is shipped."""
    return resources.files("swipefl.decoder").joinpath("base", "base.safetensors").read_bytes()


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
    results["training"] = speed.training(examples)
    results["federation"] = federation.costs()
    with tempfile.TemporaryDirectory() as folder:
        results["simulation"] = simulating.simulating(people, Path(folder))
    results["loading"] = speed.loading()
    sample = examples[:: max(1, len(examples) // 500)]
    results["speed"] = speed.curve(sample)
    results["floor"] = speed.against_floor(sample)
    results["agreement"] = speed.agreement(sample)
    with tempfile.TemporaryDirectory() as home:
        results["session"] = sessions.session(DEV, Path(home)) if DEV.exists() else {}
        results["jobs"] = speed.jobs(DEV, Path(home)) if DEV.exists() else {}
        results["file"] = speed.of_a_file(DEV, len(examples), Path(home)) if DEV.exists() else []
    results["nights"] = nights.nights()
    with tempfile.TemporaryDirectory() as home:
        results["serving"] = serving.of_predictions(Path(home))
    results["accuracy"] = accuracy(examples)
    results["layouts"] = layouts.unseen()
    results["languages"] = languages.figures(languages.measured())
    results["personal"] = [vars(gain) for gain in gains(people[:20])]
    results["personal_60_s"] = seconds(examples[:60], personal_config(Settings(home=Path(os.devnull))))
    results["personal_mean_gain"] = statistics.mean(g["personal"] - g["base"] for g in results["personal"])
    folder = ROOT / ".bench"
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    for name, row in results["federation"].items():
        console.print(shown(name, row))
    tables = (
        "processes",
        "training",
        "simulation",
        "loading",
        "speed",
        "floor",
        "session",
        "jobs",
        "file",
        "serving",
        "nights",
    )
    for name in (*tables, "accuracy", "layouts", "languages", "personal"):
        if results[name]:
            console.print(shown(name, results[name]))
    summary = Table("to be reached", "bound", "figure", "")
    for name, bound, figure, held in goals(results):
        summary.add_row(name, bound, figure, "holds" if held else "[bold]fails[/bold]")
    console.print(summary)


if __name__ == "__main__":
    main()
