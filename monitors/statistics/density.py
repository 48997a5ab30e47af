"""Where one sample is denser than another, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
_BLOCK = 256
_WIDTH_ROWS = 300
_LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Whitening:
    """A map of rows to unit rows in which no direction drowns the others.

    Attributes:
        mean: (d,) that rows are taken from. matrix: (d, d), symmetric.
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @classmethod
    def learn(cls, rows: Rows, *, mean: Rows, ridge: float = 1.0) -> Whitening:
        """Each principal direction of the rows (n, d) around `mean` is divided by its standard deviation,
        softened by `ridge` mean eigenvalues.
        """
        apart = np.asarray(rows, dtype=np.float32) - mean.astype(np.float32)
        variance, directions = np.linalg.eigh((apart.T @ apart).astype(np.float64) / len(apart))
        variance = np.maximum(variance, 0.0)
        scale = 1.0 / np.sqrt(np.maximum(variance + ridge * variance.mean(), 1e-24))
        return cls(
            mean=mean.astype(np.float32), matrix=((directions * scale) @ directions.T).astype(np.float32)
        )

    def of(self, rows: Rows) -> NDArray[np.float32]:
        """(n, d) of length one; a row at the mean stays zero."""
        mapped = (np.asarray(rows, dtype=np.float32) - self.mean) @ self.matrix
        lengths = np.linalg.norm(mapped, axis=1, keepdims=True)
        unit: NDArray[np.float32] = np.where(lengths > 1e-12, mapped / np.maximum(lengths, 1e-12), 0.0)
        return unit


def whitened(rows: Rows, *others: Rows, ridge: float = 1.0) -> list[NDArray[np.float32]]:
    """`rows` (n, d) and others, each as unit rows: whitened by all of them, around the mean of `rows`.

    >>> [one.round(3).tolist() for one in whitened(np.array([[3.0, 0.0], [-3.0, 0.0]]))]
    [[[1.0, 0.0], [-1.0, 0.0]]]
    """
    mean = np.asarray(rows, dtype=np.float64).mean(axis=0)
    learnt = Whitening.learn(np.concatenate([rows, *others]), mean=mean, ridge=ridge)
    return [learnt.of(side) for side in (rows, *others)]


def median_width(x: Rows, y: Rows) -> float:
    """The median squared distance of unit rows of x to those of y, at most 300 of each; a millionth at least.

    >>> median_width(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    2.0
    """
    some = [
        side[np.linspace(0, len(side) - 1, min(len(side), _WIDTH_ROWS)).astype(np.int64)] for side in (x, y)
    ]
    return max(float(np.median(2.0 - 2.0 * (some[0] @ some[1].T))), 1e-6)


def gain(places: Rows, now: Rows, before: Rows, *, width: float, errors: float) -> Floats:
    """At least how many times denser `now` is than `before` around each place, as a logarithm: that of the
    ratio of the two means of k(a, b) = exp(-|a - b|^2 / (2 width)), less `errors` of its standard errors.

    What: ranks rows by how surely they are of what is new; a topic that only grew stays below one that was
    not there. When not: as a p-value, or where its sign matters: with few rows it is below zero nearly
    everywhere. places (k, d): rows of `now`, of which none counts for itself; now (n, d), before (m, d): unit
    rows. `before` counts as if it had one row more at every place, so that no ratio is infinite. nan where
    a side is empty. Source: the delta method on the two means.

    >>> now, before = np.array([[1.0, 0.0]] * 5), np.array([[-1.0, 0.0]] * 3)
    >>> np.exp(gain(now, now, before, width=0.1, errors=0.0)).round(3)[:1].tolist()  # 4 / 5 over 1 / 3
    [2.4]
    """
    if not len(now) or not len(before):
        return np.full(len(places), np.nan)
    found = np.empty(len(places))
    for part, near, old in _kernels(places, now, before, width):
        # The kernel of a row with itself is 1.
        own, own_squares = near.sum(axis=1) - 1.0, (near**2).sum(axis=1) - 1.0
        other, other_squares = old.sum(axis=1) + 1.0, (old**2).sum(axis=1) + 1.0
        own = np.maximum(own, _LEAST)
        error = np.sqrt(np.maximum(own_squares, 0.0) / own**2 + other_squares / other**2)
        found[part] = np.log(own / len(now) / (other / len(before))) - errors * error
    return found


def around(
    places: Rows, weights: Floats, now: Rows, before: Rows, *, width: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """(k,) the weights of the places (k, d) near each place over all that is near it, and whether `now` is
    denser there than `before`.

    What: a row without a weight of its own has that of rows like it. A side counts by its share, whatever
    its rows: now (n, d), before (m, d), both with rows; `weights` count as if the places were all of `now`.
    Kernel as in `gain`. Source: Nadaraya, 1964.

    >>> rows = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    >>> told, denser = around(rows, np.array([1.0, 0.0, 0.0]), rows, rows[2:], width=0.1)
    >>> told.round(3).tolist(), denser.tolist()
    ([0.5, 0.5, 0.0], [True, True, False])
    """
    found, denser = np.empty(len(places)), np.empty(len(places), dtype=bool)
    for part, near, old in _kernels(places, now, before, width):
        own, other = near.mean(axis=1), old.mean(axis=1)
        weighed = np.exp((places[part] @ places.T - 1.0) / width) @ weights / len(places)
        found[part] = weighed / np.maximum(own + other, _LEAST)
        denser[part] = own > other
    return found, denser


def _kernels(places: Rows, now: Rows, before: Rows, width: float) -> Iterator[tuple[slice, Floats, Floats]]:
    """Block by block, the kernels of places with the rows of both sides."""
    for start in range(0, len(places), _BLOCK):
        part = slice(start, start + _BLOCK)
        near, old = (np.exp((places[part] @ side.T - 1.0) / width) for side in (now, before))
        yield part, near, old
