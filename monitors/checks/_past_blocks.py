"""How far blocks of quiet traffic lay from the rest of it: the null of a distance, whatever the distance.

A distance between today's rows and the reference is compared with the same distance between earlier blocks,
of as many rows in as many consecutive windows, and the rows of the days that the block has no part of. So
everything that made quiet blocks differ (topics of a day, bursts, repeats, the hour) is in the null, and rows
need not be independent. Both numbers count: as many rows of two hours lie nearer to the rest than those of
one, and a block that reaches into the next day would be compared with a part of itself. Blocks
of one day are alike, so the number of days counts and not only that of blocks: the p-value is the tail of
Student's t for one more block of one more day, with Satterthwaite's degrees of freedom of a one-way layout
(Searle, Casella and McCulloch, Variance Components, 1992), of a small power of the distance. For independent
rows that of Wilson and Hilferty (1931) would do, 2/3 or 1/3; topics that wander by the day make distances
more skewed, and the powers here, nearer to the logarithm, kept the level there (p < .01 in 1.2 % of blocks,
against 2.5 %).

No power makes a distance normal that is mostly sampling: that part is the same every day, and the skewness is
in the small rest that differs. For such distances (words: rows that have hundreds of features each) the
sampling part is measured, by rows drawn at random from all days, and taken off before the power. A divergence
of words on a day of 960 texts then has skewness .1 to .5, and 1 to 1.3 with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import Reference

Floats = NDArray[np.float64]
MOST_BLOCKS = 96  # distances that are worked out for one number of rows
LEAST_BLOCKS = 4  # with fewer nothing is known of how blocks differ
ROOT, ROOT_OF_SQUARES = 0.2, 0.1  # powers of what grows as a difference, and as its square
_BELOW = 4.0  # standard deviations of sampling that are left below a distance, so that it has a power
_GRID = 1.08  # numbers of rows this close share a null, that of the smaller
# Where traffic has its hours, blocks are as large as the fullest quarter of a day's, on two of three days.
_OF_A_DAY, _OF_DAYS = 0.75, 1 / 3


class Distance(Protocol):
    """A distance of some rows from a reference. Rows are whatever an index array can choose of."""

    @property
    def power(self) -> float:
        """Of the distance, that makes it about normal while nothing changed."""
        ...

    def prepare(self, rows: Any) -> Any:
        """The reference's side, worked out once."""
        ...

    def between(self, rows: Any, prepared: Any) -> float:
        """At least 0; grows with the difference."""
        ...


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What a distance is while nothing changes, at one number of rows.

    Compare with it the distance of so many rows (`some`): of more rows it is smaller by that alone.

    Attributes:
        rows: of each block. level: the typical distance. floor: the part of it that sampling explains, and
        that no block is below. mean, sd, df: of the power of what is above, for one more block.
        blocks: that it was learnt from; they do not overlap.
    """

    rows: int
    level: float
    mean: float
    sd: float
    df: float
    power: float
    blocks: int
    floor: float = 0.0

    def some(self, rows: Any) -> Any:
        """As many of the rows as the blocks had, evenly spread over them."""
        if len(rows) <= self.rows:
            return rows
        return rows[np.linspace(0, len(rows) - 1, self.rows).round().astype(np.int64)]

    def p_value(self, distance: float) -> float:
        """The chance of a distance as large."""
        from scipy.stats import t

        z = self.beyond(distance) / self.sd
        return float(np.clip(t.sf(z, self.df), 1e-300, 1.0))

    def critical(self, p: float) -> float:
        """The distance whose p-value is `p`."""
        from scipy.stats import t

        power = max(self.mean + self.sd * float(t.isf(p, self.df)), 0.0)
        return float(self.floor + power ** (1.0 / self.power))

    def beyond(self, distance: float) -> float:
        """How much the distance's power exceeds the usual one."""
        return float(max(distance - self.floor, 0.0) ** self.power - self.mean)


class PastBlocks:
    """The rows of a reference in their windows, and what blocks of them differ by.

    windows: used ones, in time order, as `reference` has them; rows: all of their rows, one after the other;
    pool_rows: of an evaluation set, which the comparator is then as large as.
    """

    def __init__(
        self,
        reference: Reference,
        rows: Any,
        distance: Distance,
        *,
        seed: int,
        pool_rows: int | None = None,
        most: int = MOST_BLOCKS,
        grid: float = _GRID,
        shuffles: int = 0,
    ) -> None:
        """most: blocks that are worked out for one length; grid: numbers of rows whose quotient is smaller
        share a null. Costly distances want fewer and coarser. shuffles: draws from all days that the
        sampling part is learnt from; 0 leaves it in.
        """
        self._most, self._grid, self._shuffles = most, grid, shuffles
        used = [w for w in reference.windows if len(w.rows)]
        self._rows, self._distance, self._seed, self._pool_rows = rows, distance, seed, pool_rows
        self._offsets = np.concatenate([[0], np.cumsum([len(w.rows) for w in used])]).astype(np.int64)
        days = np.array([w.window.start.toordinal() for w in used], dtype=np.int64)
        self._day = np.unique(days, return_inverse=True)[1] if used else days
        self._row_day = np.repeat(self._day, np.diff(self._offsets))
        self._prepared: dict[tuple[int, int], Any] = {}
        self._most_rows: dict[int, int] = {}
        self._known: dict[tuple[int, int], Usual | None] = {}

    @property
    def rows(self) -> int:
        """Rows that the reference has."""
        return int(self._offsets[-1])

    def comparator(self) -> Any:
        """What a window is compared with, worked out: as many days as the blocks of history were, and so one
        day less than there are. A larger reference would be nearer, and today look nearer than it is.
        """
        if not self.rows:
            return self._distance.prepare(self._rows)
        if self._day[-1] == 0 or np.count_nonzero(self._row_day != 0) * 2 < self.rows:
            return self._distance.prepare(self._rows)
        return self._others([(0, 0)], np.zeros(0, dtype=np.int64), np.random.default_rng(self._seed))

    def usual(self, rows: int, windows: int) -> Usual | None:
        """The null for blocks of so many windows with rows, and of about so many rows, or of as many as such
        blocks have; None when the reference has too few such blocks.
        """
        if windows not in self._most_rows:
            self._most_rows[windows] = self._typical(windows)
        size = float(self._most_rows[windows])
        if rows < size:
            size /= self._grid ** np.ceil(np.log(size / max(rows, 2)) / np.log(self._grid) - 1e-9)
        key = max(2, int(size)), windows
        if key not in self._known:
            self._known[key] = self._learn(*key)
        return self._known[key]

    def _typical(self, windows: int) -> int:
        """Rows that blocks of so many windows have on most days; a little less, so that few are left out."""
        starts = self._starts(windows)
        if not len(starts):
            return 2
        counts, days = self._offsets[starts + windows] - self._offsets[starts], self._day[starts]
        of_days = [np.quantile(counts[days == day], _OF_A_DAY, method="lower") for day in np.unique(days)]
        return int(np.quantile(of_days, _OF_DAYS, method="lower") / _GRID)

    def _learn(self, size: int, windows: int) -> Usual | None:
        blocks = self._blocks(size, windows)
        if len(blocks) < LEAST_BLOCKS:
            return None
        rng = np.random.default_rng([self._seed, size])
        floor = self._floor(size, rng)
        powers, days = np.empty(len(blocks)), np.empty(len(blocks), dtype=np.int64)
        for i, (start, end) in enumerate(blocks):
            place = np.arange(self._offsets[start], self._offsets[end])
            chosen = np.sort(rng.choice(place, size, replace=False))
            days[i] = self._day[(start + end - 1) // 2]
            rest = self._others([(self._day[start], self._day[end - 1]), (days[i], days[i])], place, rng)
            value = self._distance.between(self._rows[chosen], rest)
            powers[i] = max(value - floor, 0.0) ** self._distance.power
        mean, sd, df = predictive(powers, days)
        return Usual(
            rows=size,
            level=float(floor + max(mean, 0.0) ** (1.0 / self._distance.power)),
            mean=mean,
            sd=sd,
            df=df,
            power=self._distance.power,
            blocks=len(blocks),
            floor=floor,
        )

    def _floor(self, size: int, rng: np.random.Generator) -> float:
        """What nearly every distance of rows that are all of one kind exceeds."""
        if not self._shuffles:
            return 0.0
        days = int(self._day[-1]) + 1
        # As many as the rows of the other days are; of one day, those of the other windows.
        others = self.rows if days == 1 else self.rows * (days - 1) // days
        values = []
        for _ in range(self._shuffles):
            order = rng.permutation(self.rows)
            rest = self._distance.prepare(self._rows[np.sort(order[size : size + others])])
            values.append(self._distance.between(self._rows[np.sort(order[:size])], rest))
        return max(float(np.mean(values)) - _BELOW * float(np.std(values, ddof=1)), 0.0)

    def _starts(self, windows: int) -> NDArray[np.int64]:
        """First windows of blocks of so many windows, one after the other."""
        return np.arange(0, len(self._offsets) - windows, windows)

    def _blocks(self, size: int, windows: int) -> list[tuple[int, int]]:
        """First and last-but-one windows of blocks with at least `size` rows."""
        starts = self._starts(windows)
        found = starts[self._offsets[starts + windows] - self._offsets[starts] >= size]
        if len(found) > self._most:
            found = found[np.linspace(0, len(found) - 1, self._most).round().astype(np.int64)]
        return [(int(start), int(start) + windows) for start in found]

    def _others(
        self, spans: Sequence[tuple[int, int]], place: NDArray[np.int64], rng: np.random.Generator
    ) -> Any:
        """The rows of all days but those from one to another, worked out: the first such span that leaves
        most of what there is; where none does, all but the block's own rows, which are at `place`.
        """
        for first, last in spans:
            key = int(first), int(last)
            outside = (self._row_day < first) | (self._row_day > last)
            if np.count_nonzero(outside) * 2 >= self.rows:
                break
        else:
            outside = np.ones(self.rows, dtype=bool)
            outside[place] = False
            key = -1, int(place[0])
        if key not in self._prepared:
            chosen = np.flatnonzero(outside)
            if self._pool_rows is not None and self._pool_rows < len(chosen):
                chosen = np.sort(rng.choice(chosen, self._pool_rows, replace=False))
            made = self._distance.prepare(self._rows[chosen])
            if key[0] < 0:
                return made
            self._prepared[key] = made
        return self._prepared[key]


def predictive(values: Floats, days: NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean, standard deviation and degrees of freedom for one more value on one more day.

    values: (B,) of blocks that do not overlap, at least two. days: (B,) labels.

    >>> mean, sd, df = predictive(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 2, 3]))
    >>> round(mean, 3), round(sd, 3), round(df, 3)
    (2.5, 1.443, 3.0)
    """
    labels, groups = np.unique(days, return_inverse=True)
    count, total = len(labels), len(values)
    if count < 2 or total <= count:
        mean, variance = float(values.mean()), float(values.var(ddof=1))
        return mean, _least(variance * (1.0 + 1.0 / total), mean), total - 1.0
    sizes = np.bincount(groups).astype(np.float64)
    means = np.bincount(groups, weights=values) / sizes
    mean, between = float(means.mean()), float(means.var(ddof=1))
    within = float(((values - means[groups]) ** 2).sum() / (total - count))
    each = 1.0 / float((1.0 / sizes).mean())
    # One value on a new day: between + (1 - 1 / each) within, each part with its own degrees of freedom.
    left = (1.0 - 1.0 / each) * within
    freedom = between**2 / (count - 1.0) + left**2 / (total - count)
    df = (between + left) ** 2 / max(freedom, 1e-300)
    variance = max(between + left, within)
    return mean, _least(variance + max(between, within / each) / count, mean), max(df, 1.0)


def _least(variance: float, mean: float) -> float:
    """A standard deviation; where nothing ever differed, a thousandth of the level stands in."""
    return float(max(np.sqrt(variance), 0.001 * abs(mean), 1e-6))
