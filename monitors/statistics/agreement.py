"""How far a judge agrees with people, or with other judges: beyond chance, and with intervals.

Everything is reckoned of the table of counts, so that the bootstrap draws tables and no rows.

References: Cohen (1960, 1968), kappa and weighted kappa. Krippendorff (2011), Computing Krippendorff's
Alpha-Reliability. Wilson (1927), the interval of a share.

When not to trust them: kappa falls when nearly all answers are of one kind, at the same share of errors. That
is no flaw of kappa: a judge that says what is nearly always true has shown little. Read it beside `exact`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scale = Literal["nominal", "ordinal", "interval"]
_DRAWS = 2000
_ALPHA_DRAWS = 400


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval and standard error; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None
    error: float | None = None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A judge beside people.

    Attributes:
        pairs: answers that both judged.
        exact: share of the same grade. within_one: share at most one grade apart; None for names.
        kappa: Cohen's. weighted_kappa: with quadratic weights; None for names.
        alpha: Krippendorff's of the two, ordinal, nominal for names.
        bias: mean of the judge's grade less people's; None for names.
    """

    pairs: int
    exact: Figure
    within_one: Figure
    kappa: Figure
    weighted_kappa: Figure
    alpha: Figure
    bias: Figure


def agreement(
    judge: Sequence[Any], people: Sequence[Any], *, ordered: bool = True, seed: int = 0
) -> Agreement:
    """How far two lists of grades (numbers) or names agree; intervals by bootstrap over answers.

    Args:
        ordered: grades are numbers, and being far off is worse than being near.

    >>> found = agreement([3, 2, 3, 0], [3, 3, 3, 0])
    >>> found.exact.value, found.within_one.value, round(found.kappa.value, 4), found.bias.value
    (0.75, 1.0, 0.5556, -0.25)
    """
    if len(judge) != len(people):
        raise ValueError(f"{len(judge)} grades of the judge and {len(people)} of people; pairs are needed")
    nothing = Figure(None)
    if not judge:
        return Agreement(
            pairs=0,
            exact=nothing,
            within_one=nothing,
            kappa=nothing,
            weighted_kappa=nothing,
            alpha=nothing,
            bias=nothing,
        )
    table, values = counts(judge, people)
    draws = np.random.default_rng(seed).multinomial(len(judge), table.ravel() / table.sum(), size=_DRAWS)
    tables = draws.reshape(_DRAWS, *table.shape).astype(np.float64)
    grid = np.array(values, dtype=np.float64) if ordered else np.arange(len(values), dtype=np.float64)
    apart = np.abs(grid[:, None] - grid[None, :])
    scale: Scale = "ordinal" if ordered else "nominal"
    return Agreement(
        pairs=len(judge),
        exact=_figure(table, tables, lambda t: _mean_of(t, (apart == 0).astype(np.float64))),
        within_one=_figure(table, tables, lambda t: _mean_of(t, (apart <= 1).astype(np.float64)))
        if ordered
        else nothing,
        kappa=_figure(table, tables, lambda t: kappa_of(t, (apart > 0).astype(np.float64))),
        weighted_kappa=_figure(table, tables, lambda t: kappa_of(t, apart**2)) if ordered else nothing,
        alpha=_figure(table, tables, lambda t: _alpha_of(_both_ways(t), values, scale)),
        bias=_figure(table, tables, lambda t: _mean_of(t, grid[:, None] - grid[None, :]))
        if ordered
        else nothing,
    )


def counts(judge: Sequence[Any], people: Sequence[Any]) -> tuple[Floats, list[Any]]:
    """The table (k, k) of how often the judge said i and people j, and the k values in order."""
    values = sorted({*judge, *people})
    place = {value: i for i, value in enumerate(values)}
    table = np.zeros((len(values), len(values)))
    for said, right in zip(judge, people, strict=True):
        table[place[said], place[right]] += 1
    return table, values


def kappa_of(tables: Floats, cost: Floats) -> Floats:
    """Cohen's kappa of tables (..., k, k), with the cost (k, k) of each disagreement; NaN where both sides
    only ever said one thing.
    """
    total = tables.sum(axis=(-2, -1))
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    found = (tables * cost).sum(axis=(-2, -1)) * total
    expected = np.einsum("...i,ij,...j->...", rows, cost, columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1.0 - found / expected, np.nan), dtype=np.float64)


def krippendorff_alpha(ratings: Sequence[Sequence[Any]], *, scale: Scale = "ordinal") -> float | None:
    """Krippendorff's alpha of raters (rows) by answers (columns); None marks a missing rating.

    Any number of raters; answers with one rating tell nothing. None where nothing can be paired, or where
    only one value was ever given.

    >>> round(krippendorff_alpha([[1, 2, 3, None], [1, 2, 2, 1]], scale="nominal"), 4)
    0.5455
    """
    found, values = _coincidences(ratings)
    return float(_alpha_of(found.sum(axis=0), values, scale)) if len(values) > 1 else None


def alpha_figure(ratings: Sequence[Sequence[Any]], *, scale: Scale = "ordinal", seed: int = 0) -> Figure:
    """`krippendorff_alpha` with its interval, by bootstrap over answers (400 draws)."""
    found, values = _coincidences(ratings)
    if len(values) < 2:
        return Figure(None)
    n = len(found)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_ALPHA_DRAWS)
    drawn = np.tensordot(times.astype(np.float64), found, axes=1)
    return _figure(found.sum(axis=0), drawn, lambda tables: _alpha_of(tables, values, scale))


def _coincidences(ratings: Sequence[Sequence[Any]]) -> tuple[Floats, list[Any]]:
    """How often two raters of one answer gave each two of the k values, (answers, k, k), and the values.

    Values that nobody was paired on are left out; an answer with one rating is all zero.
    """
    units = [[r for r in unit if r is not None] for unit in zip(*ratings, strict=True)]
    values = sorted({rating for unit in units if len(unit) > 1 for rating in unit})
    place = {value: i for i, value in enumerate(values)}
    found = np.zeros((len(units), len(values), len(values)))
    for i, unit in enumerate(units):
        if len(unit) > 1:
            seen = np.bincount([place[r] for r in unit], minlength=len(values)).astype(np.float64)
            found[i] = (np.outer(seen, seen) - np.diag(seen)) / (len(unit) - 1)
    return found, values


def share(events: int, of: int) -> Figure:
    """A share with Wilson's interval, such as that of replies that could not be read.

    >>> found = share(25, 512)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (0.0488, 0.0333, 0.0711)
    """
    if of == 0:
        return Figure(None)
    from scipy.stats import binomtest

    interval = binomtest(events, of).proportion_ci(method="wilson")
    p = events / of
    return Figure(p, float(interval.low), float(interval.high), math.sqrt(p * (1 - p) / of))


@dataclass(frozen=True, kw_only=True)
class PositionBias:
    """Pairwise verdicts in both orders.

    Attributes:
        pairs: with a verdict in both orders. consistent: share that named the same answer twice.
        first, second: share that named whatever stood first (second) in both orders.
        bias: first less second: above zero, the judge prefers what it reads first.
    """

    pairs: int
    consistent: Figure
    first: Figure
    second: Figure
    bias: Figure


def position_bias(as_given: Sequence[Hashable], swapped: Sequence[Hashable]) -> PositionBias:
    """Which answer (1 or 2, named as in the first order; else a tie or no verdict) won in each order.

    >>> found = position_bias([1, 1, 1, 2], [1, 2, 2, 1])
    >>> found.consistent.value, found.first.value, found.second.value, found.bias.value
    (0.25, 0.5, 0.25, 0.25)
    """
    both = [(a, b) for a, b in zip(as_given, swapped, strict=True) if a in (1, 2) and b in (1, 2)]
    n = len(both)
    first, second = both.count((1, 2)), both.count((2, 1))
    if n == 0:
        nothing = Figure(None)
        return PositionBias(pairs=0, consistent=nothing, first=nothing, second=nothing, bias=nothing)
    gap = (first - second) / n
    error = math.sqrt(max(0.0, (first + second) / n - gap**2) / n)
    return PositionBias(
        pairs=n,
        consistent=share(n - first - second, n),
        first=share(first, n),
        second=share(second, n),
        bias=Figure(gap, gap - 1.96 * error, gap + 1.96 * error, error),
    )


def verbosity_bias(errors: Sequence[float], lengths: Sequence[float]) -> Figure:
    """Spearman's correlation of the judge's error (its grade less people's) with the answer's length.

    Above zero, the judge thinks better of long answers than people do. Interval by Fisher's z with
    Bonett and Wright's (2000) variance. Nothing under 10 answers, or where one side never varies.
    """
    from scipy.stats import spearmanr

    if len(errors) < 10 or len(set(errors)) < 2 or len(set(lengths)) < 2:
        return Figure(None)
    rho = float(spearmanr(errors, lengths).statistic)
    error = math.sqrt((1 + rho**2 / 2) / (len(errors) - 3))
    z = math.atanh(min(max(rho, -0.999999), 0.999999))
    return Figure(rho, math.tanh(z - 1.96 * error), math.tanh(z + 1.96 * error), error * (1 - rho**2))


def _mean_of(tables: Floats, values: Floats) -> Floats:
    return np.asarray((tables * values).sum(axis=(-2, -1)) / tables.sum(axis=(-2, -1)), dtype=np.float64)


def _figure(table: Floats, tables: Floats, statistic: Any) -> Figure:
    value = float(statistic(table))
    return Figure(None) if math.isnan(value) else _spread(value, statistic(tables))


def _spread(value: float, drawn: Floats) -> Figure:
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) < 2:
        return Figure(value)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Figure(value, float(low), float(high), float(drawn.std(ddof=1)))


def _both_ways(tables: Floats) -> Floats:
    """Coincidences of two raters who both rated every answer: each pair counts once in each order."""
    return tables + np.swapaxes(tables, -2, -1)


def _alpha_of(found: Floats, values: Sequence[Any], scale: Scale) -> Floats:
    """Alpha of coincidences (..., k, k); NaN where only one value was given."""
    margin = found.sum(axis=-1)
    cost = _distances(values, margin, scale)
    disagreed = (found * cost).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.einsum("...i,...ij,...j->...", margin, cost, margin) / (margin.sum(axis=-1) - 1)
        return np.asarray(np.where(expected > 0, 1.0 - disagreed / expected, np.nan), dtype=np.float64)


def _distances(values: Sequence[Any], margin: Floats, scale: Scale) -> Floats:
    """What a disagreement costs, (..., k, k), where ratings were given so often: margin (..., k)."""
    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    # Ordinal: by how many ratings lie between, half of both ends and all that is inside.
    grid = (
        np.array(values, dtype=np.float64) if scale == "interval" else np.cumsum(margin, axis=-1) - margin / 2
    )
    return np.asarray((grid[..., :, None] - grid[..., None, :]) ** 2, dtype=np.float64)
