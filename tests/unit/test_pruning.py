"""The recipe of the package's models of words in order: reading the source, restricting and pruning it."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.context.pruning import only, pair_loss, pruned, restricted, triple_loss
from examples.context.source import END, LEVELS, LN_BASE, MAGIC, START, NGrams, read
from tests.support.ngrams import Slow, models, slow, total


@given(models(), st.floats(0, 0.1), st.floats(0, 0.1))
def test_every_context_sums_to_one_however_much_is_pruned(model: NGrams, pairs: float, triples: float) -> None:
    smaller = slow(pruned(model, pairs, triples))
    for before in smaller.contexts():
        assert total(smaller, before) == pytest.approx(1, abs=1e-9)


@given(models())
def test_what_costs_nothing_alone_is_pruned_by_no_threshold(model: NGrams) -> None:
    same = pruned(model, -1.0, -1.0)
    assert np.array_equal(same.pair, model.pair)
    assert np.array_equal(same.second, model.second)
    assert np.allclose(same.ln_b2, model.ln_b2)


@given(models())
def test_only_what_is_needed_is_left_at_the_end(model: NGrams) -> None:
    assert not len(pruned(model, math.inf, math.inf).first)
    kept = pruned(model, math.inf, -1.0)
    inner = set(zip(model.second[model.pair].tolist(), model.third.tolist(), strict=True))
    begun = {(int(model.first[row]), int(model.second[row])) for row in model.pair}
    assert set(zip(kept.first.tolist(), kept.second.tolist(), strict=True)) == inner | begun


@given(models())
def test_a_loss_is_the_relative_entropy_of_the_model_without(model: NGrams) -> None:
    whole = slow(model)
    for row, loss in enumerate(triple_loss(model)):
        keep = np.arange(len(model.pair)) != row
        less = slow(only(model, np.ones(len(model.first), bool), keep))
        u, v = (model.words[at] for at in (model.first[model.pair[row]], model.second[model.pair[row]]))
        chance = math.exp(model.ln_before[model.words.index(u)] + whole.p2[u, v])
        assert loss == pytest.approx(chance * apart(whole, less, (u, v)), abs=1e-9)
    if len(model.pair):
        return  # without a bigram its trigrams would go too
    for row, loss in enumerate(pair_loss(model)):
        less = slow(only(model, np.arange(len(model.first)) != row, np.zeros(0, bool)))
        chance = math.exp(model.ln_before[model.first[row]])
        assert loss == pytest.approx(chance * apart(whole, less, (model.words[model.first[row]],)), abs=1e-9)


def apart(whole: Slow, less: Slow, before: tuple[str, ...]) -> float:
    """The relative entropy of what may follow."""
    ln = [(whole.ln(before, word), less.ln(before, word)) for word in whole.p1]
    return math.fsum(math.exp(p) * (p - q) for p, q in ln)


@given(models())
def test_what_is_left_out_goes_to_the_others(model: NGrams) -> None:
    gone = (START, END, "to")
    kept = [word for word in model.words if word not in gone]
    whole, less = slow(model), slow(restricted(model, np.array([word in kept for word in model.words])))
    for before in whole.contexts():
        if not {END, "to"}.isdisjoint(before):
            continue
        left = math.fsum(math.exp(whole.ln(before, word)) for word in kept)
        for word in kept:
            assert less.ln(before, word) == pytest.approx(whole.ln(before, word) - math.log(left), abs=1e-9)


@given(models())
def test_the_source_is_read_as_pocketsphinx_packs_it(model: NGrams) -> None:
    there, back = slow(model), slow(read(trie(model)))
    for name in ("p1", "b1", "p2", "b2", "p3"):
        ours, theirs = getattr(there, name), getattr(back, name)
        assert ours.keys() == theirs.keys()
        assert all(theirs[key] == pytest.approx(ours[key], abs=2e-3) for key in ours)


@pytest.mark.parametrize("blob", [b"", b"RIFF", MAGIC, MAGIC + b"\2" + bytes(40)])
def test_what_is_no_trigram_model_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="not a trigram model"):
        read(blob)


def trie(model: NGrams) -> bytes:
    """The model in pocketsphinx's format: words backwards from the last, nodes packed bit by bit."""
    count, pairs, triples = len(model.words), len(model.first), len(model.pair)
    tables = np.zeros((3, LEVELS), "<f4")
    for table, values in zip(tables, (model.ln_p2, model.ln_b2, model.ln_p3), strict=True):
        table[: len(values)] = values / LN_BASE
    by_last = sorted(range(pairs), key=lambda row: (model.second[row], model.first[row]))
    ends = [(int(model.second[model.pair[t]]), int(model.third[t])) for t in range(triples)]
    place = {(int(model.first[row]), int(model.second[row])): at for at, row in enumerate(by_last)}
    by_end = sorted(range(triples), key=lambda t: (place[ends[t]], model.first[model.pair[t]]))
    single = b"".join(
        struct.pack("<ffI", p / LN_BASE, b / LN_BASE, begin)
        for p, b, begin in zip(
            [*model.ln_p1, 0.0],
            [*model.ln_b1, 0.0],
            [sum(int(v) < word for v in model.second) for word in range(count + 1)],
            strict=True,
        )
    )
    word_bits, next_bits = count.bit_length(), triples.bit_length()
    ahead = [sum(place[ends[t]] < at for t in range(triples)) for at in range(pairs + 1)]
    middle = [
        ((int(model.first[row]), word_bits), (row, 16), (row, 16), (ahead[at], next_bits))
        for at, row in enumerate(by_last)
    ]
    middle.append(((0, word_bits), (0, 16), (0, 16), (ahead[-1], next_bits)))
    last = [((int(model.first[model.pair[t]]), word_bits), (t, 16)) for t in by_end]
    last.append(((0, word_bits), (0, 16)))
    text = "\0".join(model.words).encode() + b"\0"
    header = MAGIC + b"\3" + struct.pack("<4I", count, pairs, triples, 0)
    return b"".join(
        (header, tables.tobytes(), single, packed(middle), packed(last), struct.pack("<I", len(text)), text)
    )


def packed(nodes: list[tuple[tuple[int, int], ...]]) -> bytes:
    """Fields of (value, bits) one after the other, the least bit first."""
    number = at = 0
    for value, bits in (field for node in nodes for field in node):
        number |= value << at
        at += bits
    return number.to_bytes((at + 7) // 8, "little") + bytes(8)
