"""The noise model: what window means of a stream do while nothing changes, learnt from quiet history.

For each feature, in units of the standard deviation of its rows within a window,

    mean_t = x_t' beta + day_t + white_t + sampling_t,

with a season x_t' beta (`noise_season`), wander that lasts about a day, wander that does not last, and
sampling noise `repeats / rows`. The amounts are not estimated as single numbers: every setting of
`noise_grid` keeps the weight that history gives it (marginal likelihood times prior, shared between features
by an empirical Bayes step), so a short history honestly gives wide limits. Wander of the day does not average
out within a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitors.noise_grid import NoiseGrid, day_kernel, noise_grid
from monitors.noise_season import design, mid_hours, prior_precision
from monitors.result import Window

Floats = NDArray[np.float64]

BLOCK_H = 3.0  # shorter windows are fitted together in blocks: eight a day still show three harmonics
MAX_BLOCKS = 112  # two weeks of blocks; an older history is left out, so the cost of a fit is bounded
_PRIOR_COUNTS = 1.0  # weight of the prior on the settings, in features
_NEIGHBOURS = 11  # features that share what they learn
_HEDGE = 0.2  # share of a feature's answer that stays its neighbours'
_STEPS = 8
_CALM_SEASON = 4.0  # times the precision of the season: half the standard deviation


@dataclass(frozen=True, kw_only=True)
class History:
    """Window means of the reference.

    Attributes:
        windows: T windows with rows, in time order.
        counts: (T,) rows of each.
        means: (T, d) feature means, in standard deviations of a row; of many, the most varying first.
    """

    windows: Sequence[Window]
    counts: Floats
    means: Floats


@dataclass(frozen=True, kw_only=True)
class Times:
    """What the model needs to know of when T windows are."""

    design: Floats  # (T, p)
    length_h: Floats  # (T,)
    day: Floats  # (T, T) correlation of the wander of the day

    @classmethod
    def of(cls, windows: Sequence[Window]) -> Times:
        return _times(tuple(windows))


@lru_cache(maxsize=32)
def _times(windows: tuple[Window, ...]) -> Times:
    """Every monitor asks about the same last windows."""
    hours = mid_hours(windows)
    length = np.array([(w.end - w.start).total_seconds() / 3600.0 for w in windows])
    return Times(design=design(windows), length_h=length, day=day_kernel(hours, hours))


@dataclass(frozen=True, kw_only=True)
class Span:
    """Some windows taken together, as the noise model sees them; weights are by rows."""

    design: Floats  # (p,)
    rows: float
    white: float  # sum of squared weights, in units of the windows of the reference
    day: float  # variance of the mean of a wander of the day with variance 1


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """What was learnt. d features, G settings, p columns of the season.

    Attributes:
        weights: (G, d) weights of the settings; columns sum to 1.
        beta: (p, d) season, in standard deviations of a row.
        cov: (G, p, p) its covariance under each setting.
        unit_h: length in hours of the windows that `white` of the grid refers to.
        caution: factor on the variance of wander, at least 1.
    """

    grid: NoiseGrid
    weights: Floats
    beta: Floats
    cov: Floats
    unit_h: float
    caution: float = 1.0

    def span(self, times: Times, counts: Floats, part: slice = slice(None), *, repeats: float = 1.0) -> Span:
        """Describe the windows `part` of `times`; counts: (T,) rows of each, at least one in the part.

        repeats: how much more often than usual rows repeat each other, as a factor on their variance.
        """
        share = counts[part] / counts[part].sum()
        return Span(
            design=share @ times.design[part],
            rows=float(counts[part].sum()) / repeats,
            white=float((share**2 * (self.unit_h / times.length_h[part])).sum()),
            day=float(share @ times.day[part, part] @ share),
        )

    def expected(self, span: Span) -> Floats:
        """(d,) expected mean."""
        mean: Floats = span.design @ self.beta
        return mean

    def variances(self, span: Span, *, intercept: bool = True) -> Floats:
        """(G,) variance of (observed - expected) under each setting.

        Without `intercept` the level is known from elsewhere (an evaluation set): only the season is
        uncertain.
        """
        x = span.design.copy()
        if not intercept:
            x[0] = 0.0
        # As plain products of a matrix and a vector: a stack of small ones takes ten times as long.
        season = (self.cov.reshape(-1, x.size) @ x).reshape(-1, x.size) @ x
        grid = self.grid
        wander = self.caution * (grid.white * span.white + grid.day * span.day)
        total: Floats = season + wander + grid.repeats / span.rows
        return total


def fit_noise(history: History, *, calm: bool = False) -> NoiseModel:
    """Learn the noise of d features from T windows; with T = 0 the prior alone speaks.

    calm: begin with the belief that days and hours differ little, until history says otherwise (`NoiseGrid`).
    Cost: one eigendecomposition of at most 112 x 112 for each amount of noise that is not of the day.
    """
    grid, precision = noise_grid(), prior_precision() * (_CALM_SEASON if calm else 1.0)
    prior = grid.calm if calm else grid.prior
    d, p = history.means.shape[1], precision.size
    if len(history.windows) == 0:
        cov = np.diag(np.r_[0.0, 1.0 / precision[1:]])
        return NoiseModel(
            grid=grid,
            weights=np.repeat(prior[:, None], d, axis=1),
            beta=np.zeros((p, d)),
            cov=np.repeat(cov[None], grid.prior.size, axis=0),
            unit_h=1.0,
        )
    x, hours, white, counts, means, unit_h = _blocks(history)
    size = prior.size
    loglik, cov, season = np.empty((size, d)), np.empty((size, p, p)), np.empty((size, p, d))
    for rest in np.unique(np.stack([grid.white, grid.repeats], axis=1), axis=0):
        chosen = np.flatnonzero((grid.white == rest[0]) & (grid.repeats == rest[1]))
        root = np.sqrt(rest[0] * white + rest[1] / counts)
        # In the eigenbasis of the scaled kernel every amount of day wander is diagonal.
        eigen, basis = _eigen(hours.tobytes(), root.tobytes())
        turned_x, turned_z = basis.T @ (x / root[:, None]), basis.T @ (means / root[:, None])
        spread = 1.0 + grid.day[chosen, None] * np.maximum(eigen, 0.0)  # (g, B)
        logdet = np.log(spread).sum(axis=1) + 2.0 * np.log(root).sum()
        weighted = turned_x.T[None] / spread[:, None, :]  # (g, p, B)
        information = weighted @ turned_x + np.diag(precision)
        projected = weighted @ turned_z  # (g, p, d)
        cov[chosen] = np.linalg.inv(information)
        season[chosen] = cov[chosen] @ projected
        # The marginal likelihood over beta: b' A b is taken off the generalised sum of squares.
        squares = (1.0 / spread) @ turned_z**2 - (projected * season[chosen]).sum(axis=1)
        penalty = 0.5 * (logdet + np.linalg.slogdet(information)[1])
        loglik[chosen] = -penalty[:, None] - 0.5 * squares
    weights = _pool(loglik, prior)
    beta = np.einsum("gd,gpd->pd", weights, season)
    caution = _caution(history.windows) if d > _NEIGHBOURS else 1.0
    return NoiseModel(grid=grid, weights=weights, beta=beta, cov=cov, unit_h=unit_h, caution=caution)


@lru_cache(maxsize=64)
def _eigen(hours: bytes, root: bytes) -> tuple[Floats, Floats]:
    """Of the wander of the day scaled by the other noise: (B,) values, (B, B) vectors.

    It follows the times and counts alone, and the checks on one stream share those.
    """
    at, scale = np.frombuffer(hours), np.frombuffer(root)
    values, vectors = np.linalg.eigh(day_kernel(at, at) / np.outer(scale, scale))
    return values, vectors


def _blocks(history: History) -> tuple[Floats, Floats, Floats, Floats, Floats, float]:
    """Neighbouring windows together: what is fitted, block by block (B).

    Returns the design (B, p), mid hours, the share of white variance that is left, counts, means (B, d), and
    the windows' own length in hours.
    """
    windows, counts = history.windows, history.counts
    x, hours = design(windows), mid_hours(windows)
    length = float(np.median([(w.end - w.start).total_seconds() / 3600.0 for w in windows]))
    size = max(length, BLOCK_H)
    number = np.floor(hours / size).astype(np.int64)
    recent = number > number.max() - MAX_BLOCKS
    labels = np.unique(number[recent], return_inverse=True)[1]
    counts = counts[recent]
    total: Floats = np.bincount(labels, weights=counts).astype(np.float64)
    share = np.zeros((total.size, labels.size))
    share[labels, np.arange(labels.size)] = counts / total[labels]
    means = share @ history.means[recent]
    return share @ x[recent], share @ hours[recent], (share**2).sum(axis=1), total, means, length


def _caution(windows: Sequence[Window]) -> float:
    """Many features agree on how much days wander, but they have all seen the same few days.

    1 + 4 / days, at most 2: a week is taken to have shown two thirds of the variance.
    """
    days = len({w.start.date() for w in windows})
    return min(2.0, 1.0 + 4.0 / days)


def _pool(loglik: Floats, prior: Floats) -> Floats:
    """(G, d) posterior weights of the settings.

    Each feature's prior is learnt from its neighbours (EM): features stand in the order of their variance, so
    neighbours are of one nature. A part of each answer stays the neighbours': a week in which one direction
    happened to lie still does not prove that it never moves.
    """
    likelihood = np.exp(loglik - loglik.max(axis=0))
    if loglik.shape[1] <= _NEIGHBOURS:
        alone: Floats = prior[:, None] * likelihood
        alone /= alone.sum(axis=0)
        return alone
    shared = np.repeat(prior[:, None], loglik.shape[1], axis=1)
    for _ in range(_STEPS):
        weights: Floats = shared * likelihood
        weights /= weights.sum(axis=0)
        shared = (_PRIOR_COUNTS * prior[:, None] + _NEIGHBOURS * _smooth(weights)) / (
            _PRIOR_COUNTS + _NEIGHBOURS
        )
    mixed: Floats = (1.0 - _HEDGE) * weights + _HEDGE * _smooth(weights)
    return mixed


def _smooth(weights: Floats) -> Floats:
    """(G, d) means over the neighbours on both sides, fewer at the ends."""
    d, half = weights.shape[1], _NEIGHBOURS // 2
    total = np.concatenate([np.zeros((weights.shape[0], 1)), np.cumsum(weights, axis=1)], axis=1)
    low, high = np.maximum(np.arange(d) - half, 0), np.minimum(np.arange(d) + half + 1, d)
    smoothed: Floats = (total[:, high] - total[:, low]) / (high - low)
    return smoothed
