"""How fast a gesture becomes words: warm and cold, small and large lexicons, from inside and from outside."""

import json
import math
import statistics
import subprocess
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
import torch

from swipefl.decoder import ngrams
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.ctc import ctc_log_likelihoods
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon, load_lexicon, offensive_words, shipped
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.template import deviations, path_of
from swipefl.decoder.word_list import unpacked
from swipefl.gesture.before import Before
from swipefl.gesture.features import frames_of
from swipefl.gesture.gesture import Example
from swipefl.learning.network import Batch, Network, network_of
from swipefl.learning.trainer import batches, descend
from swipefl.learning.training import DROPOUT
from tests.support.command import environment, measured

SIZES = (10_000, 30_000, 100_000)  # words, and all that there are
OTHER = "de"  # a second language
AGREEING_ON = 200  # gestures, on which the search is held against the scores of every word
DEEP = 3_000  # words, the best by CTC, that the exact search holds against the path


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """The median of `runs` runs."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1e3


def curve(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Milliseconds a gesture, and top-1, as the lexicon grows; each gesture is timed with every lexicon in turn.

    The last has the words of another language too.
    """
    checkpoint, english = base_checkpoint(), load_lexicon("en")
    lexicons = {f"{size:,} words": english.truncated(size) for size in (*SIZES, len(english))}
    lexicons["two languages"] = load_lexicon(("en", next(tag for tag in (OTHER, "ru") if tag in shipped())))
    decoders = {name: Decoder(checkpoint, lambda languages, of=of: of) for name, of in lexicons.items()}  # type: ignore[misc]
    spent: dict[str, list[float]] = {name: [] for name in lexicons}
    right = dict.fromkeys(lexicons, 0)
    for example in examples[:20]:  # a warm-up
        for decoder in decoders.values():
            decoder.decode(example.gesture)
    for example in examples:
        for name, decoder in decoders.items():
            began = time.perf_counter()
            best = decoder.decode(example.gesture)
            spent[name].append((time.perf_counter() - began) * 1e3)
            right[name] += bool(best) and best[0].spelled == example.spelled
    rows = {}
    for name in lexicons:
        p50, p99 = np.percentile(spent[name], [50, 99]).tolist()
        rows[name] = {"ms_p50": p50, "ms_p99": p99, "top1": right[name] / len(examples)}
    return rows


def bare_floor(frames: int = 43, units: int = 128) -> Callable[[], None]:
    """The recurrent steps of two layers in both directions as one writes them in numpy: products and gates alone."""
    rng = np.random.default_rng(0)
    recurrent = rng.normal(0, 0.05, (2, units, 4 * units)).astype(np.float32)
    given = rng.normal(0, 1, (frames, 2, 1, 4 * units)).astype(np.float32)

    def steps() -> None:
        for _ in range(2):
            hidden, cell = np.zeros((2, 2, 1, units), np.float32)
            for row in given:
                i, f, g, o = np.split(np.tanh(row + hidden @ recurrent), 4, axis=2)  # sigmoids by halved weights
                cell = (1 + f) * cell + (1 + i) * g
                hidden = (1 + o) * np.tanh(cell)

    return steps


def against_floor(examples: Sequence[Example]) -> dict[str, float]:
    """A gesture with context, all English words: p50 against the bare recurrent floor of the same run, and the tail."""
    decoder = Decoder(base_checkpoint(), load_lexicon, context_of=shipped_context)
    gestures = [replace(example.gesture, before=Before(("i", "want"))) for example in examples]
    spent, floors, floor_of = [], [], bare_floor()
    for number, gesture in enumerate([*gestures[:20], *gestures]):
        if number % 5 == 0:
            floors.append(milliseconds(floor_of, 1))
        spent.append(milliseconds(partial(decoder.decode, gesture), 1))
    p50, p99 = np.percentile(spent[20:], [50, 99]).tolist()
    floor = statistics.median(floors)
    return {"floor_ms": floor, "ms_p50": p50, "ms_p99": p99, "of_floor": p50 / floor, "tail": p99 / p50}


def agreement(examples: Sequence[Example]) -> float:
    """How often the search's first spelling is that of an exact search, which scores every word of 100,000."""
    checkpoint, lexicon = base_checkpoint(), load_lexicon("en").truncated(100_000)
    decoder, letters = Decoder(checkpoint, lambda languages: lexicon), examples[0].gesture.keyboard.letters
    (table,) = lexicon.index(letters).tables
    sums: defaultdict[str, float] = defaultdict(float)
    for spelled, ln_frequency in zip(table.spelled.text(), table.ln_frequencies.tolist(), strict=True):
        sums[spelled] += math.exp(ln_frequency)
    spellings = [spelled for spelled in sums if spelled]
    words = [[1 + letters.index(letter) for letter in spelled] for spelled in spellings]
    lengths, ln_frequencies = np.array([*map(len, words)]), np.log([sums[spelled] for spelled in spellings])
    same = 0
    for example in examples[:AGREEING_ON]:
        frames = frames_of(example.gesture)
        likelihoods = np.maximum(ctc_log_likelihoods(decoder.log_probs(frames), words), -1e6)  # -inf: too few frames
        seen = np.stack((likelihoods, ln_frequencies, lengths, np.sqrt(np.maximum(-likelihoods, 0))), axis=1)
        best = np.argsort(-(seen @ checkpoint.score.of_word))[:DEEP]
        codes = np.array([words[row] + [0] * (lengths[best].max() - lengths[row]) for row in best]).T
        apart = deviations(path_of(frames), codes, lengths[best])
        scores = np.concatenate((seen[best], apart), axis=1) @ checkpoint.score.of_parts
        (found,) = decoder.decode(example.gesture, 1)
        same += example.gesture.keyboard.letters == letters and found.spelled == spellings[best[scores.argmax()]]
    return same / len(examples[:AGREEING_ON])


def training(examples: Sequence[Example]) -> dict[str, float]:
    """Swipes/s of training as the trainer does it, batches, loss and Adam included, on two cores.

    `bare` is forward and backward of its LSTMs alone, time first, on as many frames without padding; `packed` the
    trainer's step through pack_padded_sequence.
    """
    framed = [(frames_of(example.gesture), example.spelled) for example in examples[:1024]]
    network = network_of(base_checkpoint(), DROPOUT)
    size = network.architecture
    packing = torch.nn.LSTM(9, size.hidden, size.layers, batch_first=True, bidirectional=True)
    trained = [*(p for p in network.parameters() if p.requires_grad), *packing.parameters()]
    optimizer = torch.optim.Adam(trained, lr=1e-6, fused=True)
    alone = [torch.randn(round(float(b.frames.float().mean())), len(b.frames), 9) for b in batches(framed, 32)]

    def trainer(loss: Callable[[Batch], torch.Tensor]) -> float:
        began = time.perf_counter()
        for batch in batches(framed, 32, np.random.default_rng(0)):
            descend(loss(batch).mean(), trained, optimizer)
        return len(framed) / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        for states in alone:
            network.zero_grad()
            for layer in range(size.layers):
                states = torch.cat([network.lstms[2 * layer + way](states)[0] for way in (0, 1)], dim=2)
            states.mean().backward()  # type: ignore[no-untyped-call]
        return len(framed) / (time.perf_counter() - began)

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    trainer(network.loss)
    rounds = [
        (trainer(network.loss), bare(), trainer(lambda batch: packed_loss(network, packing, batch))) for _ in range(5)
    ]
    torch.set_num_threads(threads)
    ours, lstms, packed = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "swipes_per_s": ours,
        "bare_swipes_per_s": lstms,
        "packed_swipes_per_s": packed,
        "of_bare": statistics.median(a / b for a, b, _ in rounds),
        "ratio": statistics.median(a / c for a, _, c in rounds),
    }


def packed_loss(network: Network, lstm: torch.nn.LSTM, batch: Batch) -> torch.Tensor:
    """The same network and loss through one bidirectional LSTM with pack_padded_sequence."""
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        batch.features, batch.frames, batch_first=True, enforce_sorted=False
    )
    hidden, _ = torch.nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    return network.loss_of(network.head(hidden), batch)


def of_a_file(path: Path, count: int, home: Path) -> dict[str, float]:
    """`swipefl predict` of a file of `count` swipes as one process: swipes/s, and its peak memory against 1/8 of it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "swipefl", "predict", "--json", str(path)]
    done = subprocess.run(command, env=environment(home), capture_output=True, check=True)
    seconds = time.perf_counter() - began
    answers = done.stdout.splitlines()
    assert len(answers) == count
    assert all("candidates" in json.loads(answer) for answer in answers[:10])
    gestures = subprocess.run(["zcat", str(path)], capture_output=True, check=True).stdout.splitlines(keepends=True)
    _, few = measured(home, "predict", "--json", "-", input=b"".join(gestures[: count // 8]))
    _, all_of_them = measured(home, "predict", "--json", str(path))
    return {"swipes_per_s": count / seconds, "peak_mb": all_of_them, "peak_growth": all_of_them / few}


def jobs(path: Path, home: Path) -> dict[str, float]:
    """`swipefl predict` of a file by two processes, in swipes/s against one; the answers are the same."""
    runs: dict[int, tuple[float, bytes]] = {}
    for count in (1, 2):
        began = time.perf_counter()
        command = [sys.executable, "-m", "swipefl", "predict", "--json", str(path), "--jobs", str(count)]
        answers = subprocess.run(command, env=environment(home), capture_output=True, check=True).stdout
        runs[count] = (time.perf_counter() - began, answers)
    assert runs[1][1] == runs[2][1]
    return {"one_s": runs[1][0], "two_s": runs[2][0], "ratio": runs[1][0] / runs[2][0]}


def loading() -> dict[str, float]:
    """Milliseconds to load the English lexicon ready to search, to add 1,000 personal words to it, and its context."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    rng = np.random.default_rng(0)
    own = {"".join(rng.choice(list(letters), 8)): -12.0 for _ in range(1_000)}
    lexicon = load_lexicon("en")
    lexicon.index(letters)
    package = resources.files("swipefl.decoder")
    packed, in_order = (package.joinpath(folder, "en.bin").read_bytes() for folder in ("lexicons", "contexts"))

    def fresh() -> None:
        Lexicon(("en",), (unpacked(zlib.decompress(packed)),)).hiding(offensive_words("en")).index(letters)

    return {
        "lexicon_ms": milliseconds(fresh, 9),
        "context_ms": milliseconds(lambda: ngrams.unpacked(in_order), 9),
        "personal_words_ms": milliseconds(lambda: lexicon.with_words(own).index(letters), 9),
    }
