"""What every two-sample test here answers with, and the labels that its permutations need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.float32]
_TIE = 1e-12


@dataclass(frozen=True, kw_only=True)
class TwoSample:
    """One test.

    Attributes:
        value: the statistic of the rows as they came; larger is further apart.
        null: (B,) the statistic under permuted labels; empty where none were asked for.
    """

    value: float
    null: Floats

    @property
    def p(self) -> float:
        """(1 + as large) / (1 + B): valid at every level for rows that are exchangeable, 1 without
        permutations.

        Source: Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010.

        >>> TwoSample(value=3.0, null=np.array([1.0, 2.0, 3.0])).p
        0.5
        """
        as_large = np.count_nonzero(self.null >= self.value - _TIE * max(1.0, abs(self.value)))
        return float((1 + as_large) / (1 + self.null.size))

    @classmethod
    def of(cls, values: Floats) -> TwoSample:
        """values: (1 + B,), the first under the true labels."""
        return cls(value=float(values[0]), null=np.asarray(values[1:], dtype=np.float64))


NOTHING = TwoSample(value=float("nan"), null=np.empty(0))


def labels_of(n: int, m: int, permutations: int, rng: np.random.Generator) -> Labels:
    """(n + m, 1 + B) labels, 1 for the first sample: the true ones, then B permutations of them.

    >>> labels_of(1, 2, 3, np.random.default_rng(0)).sum(axis=0).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    labels = np.zeros((n + m, 1 + permutations), dtype=np.float32, order="F")
    labels[:n, 0] = 1.0
    for column in range(1, 1 + permutations):
        labels[rng.permutation(n + m)[:n], column] = 1.0
    return labels


def block_labels(blocks: NDArray[np.int64], n: int, permutations: int, rng: np.random.Generator) -> Labels:
    """Labels that move whole blocks (windows, sessions), for rows that are only exchangeable by block.

    blocks: (n + m,) the block of each row, none on both sides of n. Each permutation deals out the blocks in
    random order until n rows are reached as nearly as blocks allow, so sizes may differ between permutations.

    >>> rows = np.array([0, 0, 1, 1, 2, 2])
    >>> drawn = block_labels(rows, 2, 5, np.random.default_rng(0))
    >>> bool((drawn[::2] == drawn[1::2]).all())
    True
    """
    names, inverse, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    labels = np.zeros((len(blocks), 1 + permutations), dtype=np.float32, order="F")
    labels[:n, 0] = 1.0
    for column in range(1, 1 + permutations):
        order = rng.permutation(len(names))
        reached = np.cumsum(sizes[order])
        count = int(np.argmin(np.abs(reached[:-1] - n))) + 1 if len(names) > 1 else 1
        chosen = np.zeros(len(names), dtype=np.float32)
        chosen[order[:count]] = 1.0
        labels[:, column] = chosen[inverse]
    return labels
