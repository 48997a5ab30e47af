"""The densest group of rows where a reference has hardly any: a topic that it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import squared_distances

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
TIMES = 3.0  # as dense as in the reference, for a group to be new
_NEIGHBOURS = 3
_WIDE = 1.2
_PAIRS = (0.02, 0.05)
_CORE = 0.5  # rows at least so near to the best place make the ball
_APART = 1.2  # radii from a group, another one may begin
_HELD = 0.8  # of rows like them lie in it
_LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Ball:
    """All rows within `radius` of `centre` (d,)."""

    centre: Floats
    radius: float

    def holds(self, rows: Rows, *, squares: Rows | None = None) -> NDArray[np.bool_]:
        """(n,) whether each row of (n, d) is inside. squares: (n,) of their lengths, where they are known."""
        inside: NDArray[np.bool_] = self.distances(rows, squares=squares) <= self.radius
        return inside

    def distances(self, rows: Rows, *, squares: Rows | None = None) -> Floats:
        """(n,) from the centre."""
        centre = self.centre.astype(rows.dtype)
        # Not as products of whole rows in between: a reference of them is some megabytes, once for each ball.
        own = np.einsum("ij,ij->i", rows, rows) if squares is None else squares
        squared = own - 2.0 * (rows @ centre) + centre @ centre
        apart: Floats = np.sqrt(np.maximum(squared, 0.0)).astype(np.float64)
        return apart


@dataclass(frozen=True, kw_only=True)
class Nearness:
    """How near rows of one topic are: wholly up to `inner`, no more from `outer` on."""

    inner: float
    outer: float

    @classmethod
    def of(cls, rows: Rows) -> Nearness:
        """Learnt of a reference (m, d), m >= 2: half of its rows have their third nearest other row within
        `inner`, and `outer` is a fifth more; where directions are so many that all rows are about as far from
        each other, the nearest 2 and 5 % of pairs bound both.

        >>> Nearness.of(np.array([[0.0], [1.0], [2.0], [3.0], [40.0]])).inner
        0.95
        """
        distances = squared_distances(rows, rows)
        pairs = np.sqrt(np.quantile(distances[np.triu_indices(len(rows), 1)], _PAIRS))
        np.fill_diagonal(distances, np.inf)
        k = max(min(_NEIGHBOURS, len(rows) - 1) - 1, 0)
        third = float(np.sqrt(np.median(np.partition(distances, k, axis=1)[:, k])))
        outer = min(_WIDE * third, float(pairs[1]))
        return cls(inner=min(third, float(pairs[0]), 0.95 * outer), outer=outer)

    def density(self, rows: Rows, others: Rows) -> Floats:
        """(n,) how near the others (m, d), m >= 1, are to each row (n, d): the mean of 1 for what is near, 0
        for what is not, and between.

        >>> near = Nearness(inner=1.0, outer=2.0)
        >>> near.density(np.array([[0.0], [9.0]]), np.array([[1.0], [1.5]])).tolist()
        [0.75, 0.0]
        """
        own, lengths = (np.einsum("ij,ij->i", side, side) for side in (rows, others))
        products = rows @ others.T
        products -= 0.5 * lengths
        # Few pairs are near at all, and only those are looked at one by one.
        pairs = np.flatnonzero(products > (0.5 * (own - self.outer**2))[:, None])
        places = pairs // len(others)
        apart = np.sqrt(np.maximum(own[places] - 2.0 * products.ravel()[pairs], 0.0))
        total = np.bincount(places, weights=self._weight(apart), minlength=len(rows))
        return np.asarray(total / len(others), dtype=np.float64)

    def weights(self, row: Rows, others: Rows) -> Floats:
        """(m,) how near each of the others (m, d) is to one row (d,)."""
        return self._weight(np.sqrt(squared_distances(row[None], others)[0]))

    def _weight(self, apart: Rows) -> Floats:
        near = (self.outer - apart) / max(self.outer - self.inner, 1e-12)
        return np.asarray(np.clip(near, 0.0, 1.0), dtype=np.float64)


def new_groups(rows: Rows, before: Floats, *, near: Nearness, most: int = 1) -> list[Ball]:
    """Where rows are densest, of the places that are three times as dense as in a reference.

    What: the density at a row is the share of other rows that are near it. The place whose density exceeds
    three times that of the reference most is taken; the ball around the mean of the rows near it holds four
    in five of rows like them. The next place lies outside of that ball. Density and not the distance to the
    nearest cluster, because topics inside a wide cluster are new too. When not: as a test: there always are
    such places; count in the ball what was not used to find it.
    rows (n, d); before (n,): how dense the reference is at each of them. At most `most` balls, the densest
    first; none where no place has two rows near each other.

    >>> rows, near = np.array([[0.0], [0.1], [5.0], [5.1], [5.2]]), Nearness(inner=0.5, outer=0.6)
    >>> found = new_groups(rows, near.density(rows, np.array([[0.0], [0.2]])), near=near)
    >>> [ball.centre.round(2).tolist() for ball in found]
    [[5.1]]
    """
    if len(rows) < 2:
        return []
    # A row is wholly near itself.
    excess = (near.density(rows, rows) * len(rows) - 1.0) / (len(rows) - 1) - TIMES * before
    found: list[Ball] = []
    while len(found) < most and excess.max() > _LEAST:
        best = int(np.argmax(excess))
        ball = ball_around(rows, best, near)
        found.append(ball)
        excess[ball.distances(rows) <= _APART * ball.radius] = 0.0
        excess[best] = 0.0
    return found


def ball_around(rows: Rows, best: int, near: Nearness) -> Ball:
    """The ball around the mean of a row, of (n, d) with another one near it, and those near it."""
    inside = near.weights(rows[best], rows)
    inside[best] = 0.0
    members = np.flatnonzero(inside >= min(_CORE, inside.max()))
    group = np.asarray(rows[np.append(members, best)], dtype=np.float64)
    centre: Floats = group.mean(axis=0)
    # From the mean of the others: a row lies nearer to a mean that it is part of.
    apart = np.linalg.norm(group - centre, axis=1) * len(group) / (len(group) - 1)
    return Ball(centre=centre, radius=_quantile(apart, _HELD))


def _quantile(values: Floats, share: float) -> float:
    """As numpy's, which takes longer than all the rest for so few.

    >>> _quantile(np.array([4.0, 0.0, 1.0]), 0.75), float(np.quantile([4.0, 0.0, 1.0], 0.75))
    (2.5, 2.5)
    """
    ordered, place = np.sort(values), share * (len(values) - 1)
    low = int(place)
    return float(ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low]))
