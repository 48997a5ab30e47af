"""Sketches merge exactly, in any order, and say what they promise to say."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitors.sketches.fourier import (
    BANDWIDTHS,
    PAIRS,
    UNIT,
    cosines,
    fourier,
    frequencies,
    projections,
    whole,
)
from monitors.sketches.number_sketch import NumberSketch, code_of, merged_numbers, value_of
from monitors.sketches.packing import pack_ints, unpack_ints
from monitors.sketches.text_sketch import PARTS, TextSketch, merged

DIMENSION = 16
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
NUMBERS = st.lists(FINITE, max_size=30).map(lambda v: NumberSketch.of(np.array(v), n_missing=len(v) % 3))


def unit_rows(seed: int, count: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


def keys(count: int) -> list[str]:
    return [f"{i:032x}/a" for i in range(count)]


def text_sketch(seed: int, count: int) -> TextSketch:
    return TextSketch.of(unit_rows(seed, count), keys(count), n=3 * count, n_missing=seed % 5)


TEXTS = st.builds(text_sketch, st.integers(0, 50), st.integers(0, 12))


@given(a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_numbers_merge_in_any_order_to_the_same(a: NumberSketch, b: NumberSketch, c: NumberSketch) -> None:
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(NumberSketch.empty()) == a


@settings(deadline=None)
@given(a=TEXTS, b=TEXTS, c=TEXTS)
def test_texts_merge_in_any_order_to_the_same(a: TextSketch, b: TextSketch, c: TextSketch) -> None:
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(TextSketch.empty(DIMENSION)) == a
    assert TextSketch.from_bytes(a.to_bytes()) == a


@settings(deadline=None)
@given(cut=st.integers(0, 40), seed=st.integers(0, 20))
def test_pieces_and_orders_of_the_same_rows_make_the_same_bytes(cut: int, seed: int) -> None:
    rows, named = unit_rows(seed, 40), keys(40)
    order = np.random.default_rng(seed).permutation(40)
    whole_one = TextSketch.of(rows, named, n=40, n_missing=0)
    shuffled = TextSketch.of(rows[order], [named[i] for i in order], n=40, n_missing=0)
    first = TextSketch.of(rows[:cut], named[:cut], n=cut, n_missing=0)
    rest = TextSketch.of(rows[cut:], named[cut:], n=40 - cut, n_missing=0)
    assert whole_one.to_bytes() == shuffled.to_bytes() == rest.merge(first).to_bytes()


@given(values=st.lists(FINITE, min_size=1, max_size=40), seed=st.integers(0, 9))
def test_pieces_and_orders_of_the_same_numbers_are_equal(values: list[float], seed: int) -> None:
    told = np.array(values)
    shuffled = np.random.default_rng(seed).permutation(told)
    pieces = merged_numbers(NumberSketch.of(told[i : i + 7]) for i in range(0, len(told), 7))
    assert NumberSketch.of(told) == NumberSketch.of(shuffled) == pieces


def test_another_process_makes_the_same_bytes() -> None:
    rows = unit_rows(3, 50)
    here = TextSketch.of(rows, keys(50), n=50, n_missing=0).to_bytes()
    program = (
        "import sys, numpy as np, hashlib\n"
        "from monitors.sketches.text_sketch import TextSketch\n"
        f"rows = np.frombuffer(sys.stdin.buffer.read(), dtype='<f4').reshape(-1, {DIMENSION})[::-1]\n"
        "keys = [f'{i:032x}/a' for i in range(len(rows))][::-1]\n"
        "made = TextSketch.of(rows, keys, n=len(rows), n_missing=0).to_bytes()\n"
        "print(hashlib.blake2b(made).hexdigest())\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        input=rows.astype("<f4").tobytes(),
        capture_output=True,
        check=True,
        env={"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "7"},
    )
    assert said.stdout.decode().strip() == hashlib.blake2b(here).hexdigest()


def test_the_drawn_numbers_never_change() -> None:
    # Stored sketches were made with these: another draw would make them incomparable without a sign of it.
    assert hashlib.blake2b(frequencies(256).tobytes(), digest_size=8).hexdigest() == "d9f427a57f746927"
    assert hashlib.blake2b(cosines().tobytes(), digest_size=8).hexdigest() == "f67cf5a2ea1cf7dd"
    assert abs(float(frequencies(256).mean())) < 2.0
    assert cosines().tolist()[0] == UNIT
    assert cosines().tolist()[2048] == -UNIT


def test_inner_products_of_features_are_the_kernels() -> None:
    rows = unit_rows(0, 60)
    features = fourier(whole(rows)) / UNIT
    squared = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    kernels = np.mean([np.exp(-squared / (2 * s**2)) for s in BANDWIDTHS], axis=0)
    error = features @ features.T / (PAIRS * len(BANDWIDTHS)) - kernels
    # A mean of 192 terms of variance at most 1/2 each.
    assert float(np.sqrt((error**2).mean())) < 0.06
    assert abs(float(error.mean())) < 0.02


def test_a_text_sketch_says_mean_and_covariance_of_its_rows() -> None:
    rows = unit_rows(1, 500)
    sketch = merged(
        TextSketch.of(rows[i : i + 100], keys(500)[i : i + 100], n=100, n_missing=1)
        for i in range(0, 500, 100)
    )
    assert (sketch.n, sketch.n_missing, sketch.count, len(sketch.rows)) == (500, 5, 500, PARTS)
    np.testing.assert_allclose(sketch.mean(), rows.mean(axis=0), atol=1e-4)
    projected = rows.astype(np.float64) @ projections(DIMENSION, 24)
    np.testing.assert_allclose(sketch.covariance(), np.cov(projected.T, bias=True), atol=0.02)


@pytest.mark.parametrize("blob", [b"", b"\x02", b"\x01\x01", b"\x01" + b"\x09" * 40])
def test_bytes_that_are_no_sketch_are_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"sketch|array"):
        TextSketch.from_bytes(blob)


def test_a_cut_sketch_is_refused() -> None:
    whole_one = text_sketch(1, 5).to_bytes()
    for end in (len(whole_one) - 1, 20):
        with pytest.raises(ValueError, match="cut off"):
            TextSketch.from_bytes(whole_one[:end])
    with pytest.raises(ValueError, match="other lengths"):
        TextSketch.from_bytes(whole_one + b"\0")


@given(values=st.lists(st.integers(-(2**62), 2**62), max_size=20))
def test_packed_integers_come_back(values: list[int]) -> None:
    packed = pack_ints(np.array(values, dtype=np.int64))
    found, end = unpack_ints(b"x" + packed, 1)
    assert (found.tolist(), end) == (values, 1 + len(packed))


def test_dimensions_do_not_mix() -> None:
    with pytest.raises(ValueError, match="of 16 and of 8 dimensions"):
        TextSketch.empty(16).merge(TextSketch.empty(8))
    with pytest.raises(ValueError, match="no sketch"):
        merged([])


@pytest.mark.parametrize("name", ["lognormal", "pareto", "integers", "mixed"])
def test_quantiles_lie_within_one_per_cent(name: str) -> None:
    rng = np.random.default_rng(7)
    values = {
        "lognormal": rng.lognormal(0.0, 2.0, 20_000),
        "pareto": rng.pareto(1.1, 20_000) + 1e-6,
        "integers": rng.integers(1, 5000, 20_000).astype(float),
        "mixed": np.concatenate([np.zeros(500), -rng.lognormal(0, 1, 500), rng.lognormal(3, 1, 9000)]),
    }[name]
    sketch = merged_numbers(NumberSketch.of(part) for part in np.array_split(values, 37))
    for q in (0.0, 0.001, 0.05, 0.5, 0.9, 0.99, 0.999, 1.0):
        told = np.quantile(values, q, method="lower")
        assert sketch.quantile(q) == pytest.approx(told, rel=0.01, abs=1e-12)


def test_numbers_by_hand() -> None:
    sketch = NumberSketch.of(np.array([0.1, 0.2, 0.3, 0.0, -4.0]), n_missing=2)
    assert (sketch.total, sketch.n, sketch.low, sketch.high) == (Decimal("-3.4"), 5, -4.0, 0.3)
    assert sketch.mean() == -0.68
    assert sketch.quantile(0.25) == 0.0
    np.testing.assert_allclose(
        sketch.share_up_to(code_of(np.array([-4.0, 0.0, 0.2, 9.0]))), [0.2, 0.4, 0.8, 1]
    )
    assert [value_of(code) for code in (0, 100_000)] == [0.0, pytest.approx(1.0, rel=0.01)]
    nothing = NumberSketch.empty()
    assert (nothing.mean(), nothing.quantile(0.5), nothing.n) == (None, None, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        sketch.quantile(95)
