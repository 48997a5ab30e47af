"""The witness function of MMD: where one sample is denser than another, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
_BLOCK = 256
_WIDTH_ROWS = 300


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


def witness(places: Rows, now: Rows, before: Rows, *, width: float) -> tuple[Floats, Floats]:
    """mean k(x, now) - mean k(x, before) at each place x, and its standard error, with
    k(a, b) = exp(-|a - b|^2 / (2 width)).

    What: above zero where `now` is denser; over its standard error it ranks rows by how surely they are of
    what is new, and a dense part of the reference does not win by its noise. When not: as a p-value: the
    place with the largest value was chosen by it. places (k, d), now (n, d), before (m, d): unit rows. Empty
    for no places; nan where a side is empty. Source: Gretton et al., JMLR 13, 2012, section 2.3.

    >>> one, other = np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]])
    >>> [float(v.round(6)[0]) for v in witness(one, one, other, width=1.0)]
    [0.864665, 1.009116]
    """
    if not len(now) or not len(before):
        nothing = np.full(len(places), np.nan)
        return nothing, nothing
    difference, error = np.empty(len(places)), np.empty(len(places))
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        part = slice(start, start + len(block))
        near, old = (np.exp((block @ side.T - 1.0) / width) for side in (now, before))
        difference[part] = near.mean(axis=1) - old.mean(axis=1)
        variance = (near**2).mean(axis=1) / len(now) + (old**2).mean(axis=1) / len(before)
        error[part] = np.sqrt(variance)
    return difference, error
