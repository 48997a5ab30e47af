"""A permutation test between two groups of sums: MMD from sketches alone.

The rows of a sketch lie in parts, and whole parts are permuted. Parts differ in size, so what is permuted is
each part's deviation from the common mean, divided by the root of its rows: while nothing changed these have
one distribution, whatever the size. With parts of equal size that is the plain permutation of parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.sketches.fourier import BANDWIDTHS, PAIRS, of_bandwidth

Floats = NDArray[np.float64]

PERMUTATIONS = 499
MOST_UNITS = 128  # of both groups; more are added up, neighbours first: the cost follows them


@dataclass(frozen=True, kw_only=True)
class Units:
    """What is permuted: (U,) rows in each unit, and (U, F) the sums of their features, a cosine of 1 being 1.

    In time order, so that neighbours may be added up.
    """

    rows: Floats
    sums: Floats

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> float:
        """Rows in all."""
        return float(self.rows.sum())

    def mean(self) -> Floats:
        """(F,) mean of the features."""
        mean: Floats = self.sums.sum(axis=0) / self.total
        return mean

    def fewer(self, most: int) -> Units:
        """At most `most` units: neighbours are added up."""
        if len(self) <= most:
            return self
        edges = np.linspace(0, len(self), most + 1).astype(np.intp)[:-1]
        return Units(rows=np.add.reduceat(self.rows, edges), sums=np.add.reduceat(self.sums, edges))


@dataclass(frozen=True, kw_only=True)
class SketchTest:
    """What a comparison of two groups says.

    Attributes:
        mmd2: the unbiased squared MMD, of the mean kernel over the bandwidths.
        p: permutation p-value of the largest standardised MMD over the bandwidths; (1 + k) / (1 + B).
        permutations: B. units: that were permuted, of both groups together.
    """

    mmd2: float
    p: float
    permutations: int
    units: int


def mmd2(a: Units, b: Units) -> float:
    """The unbiased squared MMD of the mean kernel over the bandwidths; nan with less than two rows.

    The features of a row have squared length PAIRS in each bandwidth (but for rounding), which is what the
    biased estimate has too much of.
    """
    n, m = a.total, b.total
    if n < 2 or m < 2:
        return float("nan")
    scale = PAIRS * len(BANDWIDTHS)
    x, y = a.sums.sum(axis=0), b.sums.sum(axis=0)
    within_a = (x @ x / scale - n) / (n * (n - 1.0))
    within_b = (y @ y / scale - m) / (m * (m - 1.0))
    return float(within_a + within_b - 2.0 * (x @ y) / (scale * n * m))


def sketch_test(
    a: Units, b: Units, *, permutations: int = PERMUTATIONS, rng: np.random.Generator | None = None
) -> SketchTest:
    """Whether two groups of units have one distribution of rows.

    Cost: units x features x permutations multiplications, whatever the rows. Every unit has a row; p is nan
    with fewer than three units, or where a group has none. rng: for the permutations; seeded with 0 if None.
    Exact for parts of equal size whose rows are exchangeable; hours of real traffic are not, so take whole
    windows as units where each group has several. Source: Gretton et al., JMLR 13, 2012; over bandwidths as
    in Schrab et al., JMLR 24, 2023, with the largest standardised value.
    """
    least = min(len(a), len(b))
    room = MOST_UNITS - min(least, MOST_UNITS // 2)
    a, b = a.fewer(room), b.fewer(room)
    units = len(a) + len(b)
    if not len(a) or not len(b) or units < 3:
        return SketchTest(mmd2=mmd2(a, b), p=float("nan"), permutations=0, units=units)
    rows = np.concatenate([a.rows, b.rows])
    root = np.sqrt(rows)
    deviation = np.concatenate([a.sums, b.sums])
    # In place: fresh pages for copies of this size took longer than the arithmetic.
    deviation -= np.outer(rows, deviation.sum(axis=0) / rows.sum())
    deviation /= root[:, None]
    weight = root / np.r_[np.full(len(a), a.total), np.full(len(b), -b.total)]
    rng = np.random.default_rng(0) if rng is None else rng
    # The first row is the data itself; in the others the weights are dealt out anew.
    weights = np.tile(weight.astype(np.float32), (permutations + 1, 1))
    rng.permuted(weights[1:], axis=1, out=weights[1:])
    # Deviations have no part along the roots of the rows. Where sizes differ, dealt weights have one, which
    # would be lost, and chance would seem smaller than it is.
    along = (root / np.linalg.norm(root)).astype(np.float32)
    weights[1:] -= np.outer(weights[1:] @ along, along)
    weights[1:] *= (np.linalg.norm(weight) / np.linalg.norm(weights[1:], axis=1))[:, None]
    squares = np.stack([_squares(weights, deviation[:, of_bandwidth(k)]) for k in range(len(BANDWIDTHS))])
    spread = squares.std(axis=1)
    standard = (squares - squares.mean(axis=1)[:, None]) / np.where(spread > 0, spread, 1.0)[:, None]
    largest = standard.max(axis=0)
    # A difference in the last digits is none.
    above = int(np.count_nonzero(largest[1:] >= largest[0] - 1e-6))
    return SketchTest(
        mmd2=mmd2(a, b), p=(1 + above) / (1 + permutations), permutations=permutations, units=units
    )


def _squares(weights: NDArray[np.float32], deviation: Floats) -> Floats:
    """(B + 1,) squared lengths of weights (B + 1, U) times deviations (U, F).

    By inner products of the units, of which there are fewer than features.
    """
    inner = (deviation @ deviation.T).astype(np.float32)
    squares: Floats = np.einsum("bu,bu->b", weights @ inner, weights).astype(np.float64)
    return squares
