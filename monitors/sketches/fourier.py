"""Random Fourier features in whole numbers: equal on every machine, and so are their sums.

A row becomes `FEATURES` small integers whose inner products are, nearly, a mean of Gaussian kernels
exp(-|a - b|^2 / (2 s^2)) over the `BANDWIDTHS`. Rows and frequencies are rounded to integers, the phase is
their exact product, and cosines are looked up: nothing depends on the order of a sum, on a library for
matrices or on a processor.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Of unit vectors of texts: topics lie about 1 apart, texts of one topic about .5.
BANDWIDTHS = (0.5, 1.0)
PAIRS = 96  # cosines, and as many sines, of each bandwidth
FEATURES = 2 * PAIRS * len(BANDWIDTHS)
UNIT = 8  # a cosine of 1; a rounding error of 1/8 adds a quarter of a per cent to the variance of a feature
ROW_UNIT = 2**14  # a coordinate of 1
_TURN = 4096  # steps of a whole turn in the table of cosines
_BYTES = 8  # uniform bytes whose sum is one nearly normal frequency
_SEED = b"chainwatch sketch 1"


def whole(rows: NDArray[np.floating]) -> Ints:
    """(k, d) rows with coordinates between -1 and 1 as integers in units of 1 / `ROW_UNIT`.

    >>> whole(np.array([[0.5, -1.0]])).tolist()
    [[8192, -16384]]
    """
    scaled: Ints = np.rint(rows.astype(np.float64) * ROW_UNIT).astype(np.int64)
    return scaled


def fourier(rows: Ints) -> Ints:
    """(k, d) whole rows to (k, FEATURES), each feature between -UNIT and UNIT.

    Source: Rahimi and Recht, NeurIPS 2007.

    >>> a, b = fourier(whole(np.array([[1.0, 0.0]]))), fourier(whole(np.array([[0.0, 1.0]])))
    >>> kernels = [np.exp(-1 / s**2) for s in BANDWIDTHS]  # of two rows whose squared distance is 2
    >>> bool(abs(float((a @ b.T)[0, 0]) / UNIT**2 / PAIRS - sum(kernels)) < 0.3)
    True
    """
    steps: list[Floats] = []
    # Products of integers below 2^53 in all: exact in float64, whatever the order of the sum.
    phase = rows.astype(np.float64) @ frequencies(rows.shape[1])
    for at, bandwidth in enumerate(BANDWIDTHS):
        turns = _TURN / (2.0 * np.pi * ROW_UNIT * _sd() * bandwidth)
        steps.append(np.floor(phase[:, at * PAIRS : (at + 1) * PAIRS] * turns))
    step = np.concatenate(steps, axis=1).astype(np.int64)
    table = cosines()
    # A sine is a cosine a quarter of a turn before.
    features: Ints = np.concatenate([table[step % _TURN], table[(step - _TURN // 4) % _TURN]], axis=1)
    return features


def of_bandwidth(at: int) -> NDArray[np.intp]:
    """The columns that belong to one bandwidth."""
    start = at * PAIRS
    cosine = np.arange(start, start + PAIRS)
    return np.concatenate([cosine, cosine + FEATURES // 2])


@cache
def frequencies(dimension: int) -> Floats:
    """(dimension, PAIRS * bandwidths) integers, nearly normal with standard deviation `_sd()`."""
    pairs = PAIRS * len(BANDWIDTHS)
    stream = hashlib.shake_256(_SEED + f" {dimension}".encode()).digest(dimension * pairs * _BYTES)
    uniform = np.frombuffer(stream, dtype=np.uint8).reshape(dimension, pairs, _BYTES)
    integers: Floats = (2 * uniform.sum(axis=2, dtype=np.int64) - _BYTES * 255).astype(np.float64)
    return integers


def _sd() -> float:
    """Of twice the sum of `_BYTES` uniform bytes."""
    return float(2.0 * np.sqrt(_BYTES * (256**2 - 1) / 12.0))


@cache
def cosines() -> Ints:
    """(_TURN,) the cosine in the middle of each step of a turn, in units of 1 / `UNIT`."""
    angle = 2.0 * np.pi * (np.arange(_TURN) + 0.5) / _TURN
    rounded: Ints = np.rint(UNIT * np.cos(angle)).astype(np.int64)
    return rounded


@cache
def projections(dimension: int, count: int) -> Floats:
    """(dimension, count) of -1 and 1: random directions."""
    stream = hashlib.shake_256(_SEED + f" signs {dimension}".encode()).digest(dimension * count)
    drawn = np.frombuffer(stream, dtype=np.uint8).reshape(dimension, count)
    return np.where(drawn % 2 == 1, 1.0, -1.0)
