"""The test on numbers: a few named features of a row, the mean of each against what is expected of it.

A feature is bounded or winsorised, so no single request decides. Every (length, feature) is one test with its
own tail (`noise_tails`), and the p-value is the smallest times their number. The feature that decides names
the change: "the slowest tenth", "the spread".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import CheckSettings, Reference, WindowSample
from monitors.detectable import exceeds
from monitors.features_scaling import Scaling
from monitors.noise import Times
from monitors.noise_cache import WindowCache
from monitors.noise_change import ChangePoint, locate
from monitors.noise_level import Level, Prediction, learn_level, within_moments
from monitors.noise_scales import STILL_THERE, Scale, latest, scales_of
from monitors.noise_tails import normal_tail, reskew, unskew

Floats = NDArray[np.float64]
Side = Literal["up", "down", "both"]


@dataclass(frozen=True, kw_only=True)
class Features:
    """Named features of a number, the level first. `of` maps (k,) values to (k, q).

    scaling: what a change of scale does to the others, where they are to be judged apart from the level.
    """

    names: tuple[str, ...]
    sides: tuple[Side, ...]
    of: Callable[[Floats], Floats]
    least_sd: float = 1e-3
    scaling: Scaling | None = None


_WIDENINGS = 40  # doublings of the search for a critical size
_POINTS, _REFINEMENTS = 9, 3  # of that search: to a five-hundredth of the first interval
_NEGLIGIBLE = 1e-3  # weight of a setting, times the chance that is asked for


@dataclass(frozen=True, kw_only=True)
class NumberTest:
    """One (length, feature): the strongest feature of its length.

    Attributes:
        feature: its index. shift: (q,) observed minus expected of every feature, in its own unit, without
        what the shift of the level explains.
        late: of the last eighth. p: after the number of features and lengths. tests: that number.
        ongoing: whether the last eighth still shows it.
    """

    scale: Scale
    feature: int
    shift: Floats
    prediction: Prediction
    late: Prediction
    p: float
    tests: int
    ongoing: bool


class NumberModel:
    """The reference of a number, learnt."""

    def __init__(self, reference: Reference, features: Features) -> None:
        self.features = features
        self._sides = np.array([{"up": 1.0, "down": -1.0, "both": 0.0}[side] for side in features.sides])
        used = [w for w in reference.windows if len(w.rows)]
        groups = _features_of(used, features)
        pool = None
        if reference.pool is not None:
            pool = features.of(reference.pool[:, 0].astype(np.float64))
        q = len(features.names)
        sd, skewness = within_moments(groups if pool is None else [*groups, pool])
        sd = np.maximum(sd, features.least_sd)
        self.skewness = skewness
        self.level: Level = learn_level(
            windows=[w.window for w in used],
            counts=np.array([float(len(w.rows)) for w in used]),
            means=np.array([g.mean(axis=0) for g in groups]).reshape(-1, q) - _of_level(used, features),
            sd=sd,
            pool=pool,
        )
        self.skew = reference.pool is not None
        self._cache = WindowCache()

    def tests(self, recent: Sequence[WindowSample], settings: CheckSettings) -> list[NumberTest]:
        """The strongest feature of each length, shortest length first; empty if no length has the rows."""
        scales = scales_of(recent, settings, skew=self.skew)
        used = [s for s in recent if len(s.rows)]
        if not scales:
            return []
        times = Times.of([s.window for s in used])
        counts = np.array([float(len(s.rows)) for s in used])
        sums = np.array([self._cache.get(s, self._sum) for s in used])
        blocks: dict[int, tuple[Prediction, Floats]] = {}

        def block(size: int) -> tuple[Prediction, Floats]:
            """Of the last `size` windows: the last eighth of one length is another length."""
            if size not in blocks:
                part = slice(-size, None)
                prediction = self.level.predict(times, counts, part)
                shift = sums[part].sum(axis=0) / counts[part].sum() - prediction.mean
                blocks[size] = prediction, self._judged(shift, prediction, used[part])
            return blocks[size]

        told = [block(len(scale.samples)) for scale in scales]
        # Of all lengths at once: each alone is so few numbers that calling would be most of the work.
        chances = self.p_values(np.array([s for _, s in told]), [prediction for prediction, _ in told])
        return [self._test(scale, block, ps, len(scales)) for scale, ps in zip(scales, chances, strict=True)]

    def _sum(self, sample: WindowSample) -> Floats:
        total: Floats = self.features.of(sample.rows[:, 0]).sum(axis=0)
        return total

    def _test(
        self, scale: Scale, block: Callable[[int], tuple[Prediction, Floats]], ps: Floats, lengths: int
    ) -> NumberTest:
        prediction, shift = block(len(scale.samples))
        j = int(np.argmin(ps))
        late, now = block(latest(scale))
        return NumberTest(
            scale=scale,
            feature=j,
            shift=shift,
            prediction=prediction,
            late=late,
            p=float(min(1.0, ps[j] * lengths * shift.size)),
            tests=lengths * shift.size,
            ongoing=bool(now[j] * np.sign(shift[j]) >= STILL_THERE * abs(shift[j])),
        )

    def _judged(self, shift: Floats, prediction: Prediction, block: Sequence[WindowSample]) -> Floats:
        """(q,) the shift without what a change of scale explains."""
        if self.features.scaling is None:
            return shift
        values = np.concatenate([s.rows[:, 0] for s in block]).astype(np.float64)
        return self.features.scaling.unexplained(shift, float(prediction.mean[0]), values)

    def p_values(self, shifts: Floats, predictions: Sequence[Prediction]) -> Floats:
        """(K, q) the tail of each feature's shift, of K blocks with shifts (K, q), over the settings of the
        noise; two-sided where both sides matter.
        """
        # The skewness of the rows makes the two sides differ, so the larger shift is not always the rarer.
        spread = np.sqrt(np.array([p.unit for p in predictions]))[:, :, None] * self.level.sd
        z = shifts[:, None, :] / spread
        skewness = np.array([self._skewness(p) for p in predictions])
        weights = self.level.noise.weights

        # Odd: the same shift downwards has the same distance from the middle, and the other tail.
        beyond = unskew(z, skewness)

        def tails(sign: float) -> Floats:
            """(K, q) chances of shifts as large as these, upwards or (sign < 0) downwards."""
            tail = normal_tail(sign * beyond)
            return np.asarray(np.maximum((weights * tail).sum(axis=1), 1e-300), dtype=np.float64)

        sides = self._sides
        if (sides > 0).all():
            return tails(1.0)
        up, down = tails(1.0), tails(-1.0)
        both = np.minimum(1.0, 2.0 * np.minimum(up, down))
        chosen: Floats = np.where(sides > 0, up, np.where(sides < 0, down, both))
        return chosen

    def criticals(
        self, p: float, prediction: Prediction, signs: Floats, *, first: int | None = None
    ) -> Floats:
        """(q,) sizes of shifts whose p-value is just `p`; upwards or (sign < 0) downwards, where both sides
        matter. Of the `first` features alone, or of all.
        """
        sides = self._sides[:first]
        signs = signs[:first]
        target = np.where(sides == 0, p / 2.0, p)
        up = np.where(sides == 0, np.where(signs >= 0, 1.0, -1.0), sides)
        # Settings that history has all but ruled out cannot change the answer.
        weights = self.level.noise.weights
        used = weights.max(axis=1) > _NEGLIGIBLE * target.min()
        weights = weights[used, :first]
        spread = np.outer(np.sqrt(prediction.unit[used]), self.level.sd[:first])
        # Under each setting alone the answer is explicit; the mixture's lies between the extremes.
        skewness = self._skewness(prediction)[used, :first] * up
        each = spread * reskew(-_normal_quantile(target), skewness)
        low, high = each.min(axis=0) * 0.99, each.max(axis=0) * 1.01

        def excess(sizes: Floats) -> Floats:
            """(k, q) of sizes (k, q): log of the tail over the target, falling."""
            z = sizes[:, None, :] / spread
            tails = (weights * normal_tail(unskew(z, skewness))).sum(axis=1)
            return np.asarray(np.log(np.maximum(tails, 1e-300) / target), dtype=np.float64)

        # Very skewed features (nearly all values the same) can lie outside: widen until the answer is inside.
        step = spread.max(axis=0)
        for _ in range(_WIDENINGS):
            below, above = excess(np.stack([low, high])) * np.array([[-1.0], [1.0]]) > 0
            if not (below.any() or above.any()):
                break
            low, high, step = low - step * below, high + step * above, step * 2.0
        for _ in range(_REFINEMENTS):
            sizes = low + (high - low) * np.linspace(0.0, 1.0, _POINTS)[:, None]
            after = np.clip((excess(sizes) > 0).sum(axis=0), 1, _POINTS - 1)
            column = np.arange(after.size)
            low, high = sizes[after - 1, column], sizes[after, column]
        return np.asarray((low + high) / 2.0, dtype=np.float64)

    def chance(
        self, test: NumberTest, alpha: float, shifts: Callable[[Floats], Floats], *, most: float, least: float
    ) -> Callable[[Floats], Floats]:
        """The chances that a test like this finds changes of sizes (..., S), which shift the features by
        (..., S, q).

        The features must pass their limit, the level the shift `least` that matters, and the last eighth must
        agree; the least likely of them counts. most: the largest size, whose direction is that of all.
        """
        signs = np.sign(shifts(np.array([most]))[0])
        limit = self.criticals(alpha / test.tests, test.prediction, signs)
        sd, late = (np.sqrt(self.level.variance(p.unit)) for p in (test.prediction, test.late))

        def chance(sizes: Floats) -> Floats:
            moved = shifts(sizes) * signs
            passes = exceeds(moved, sd, limit)
            best = np.argmax(passes.sum(axis=-2), axis=-1)[..., None, None]
            matters = exceeds(moved[..., 0], sd[0], least)
            still = exceeds((1.0 - STILL_THERE) * moved, late, 0.0)
            agreed = np.minimum(passes, still)
            found: Floats = np.minimum(np.take_along_axis(agreed, best, axis=-1)[..., 0], matters)
            return found

        return chance

    def _skewness(self, prediction: Prediction) -> Floats:
        """(G, q) skewness of the block means: only the sampling part of the variance is skewed."""
        sampling = self.level.noise.grid.repeats / prediction.rows
        share = (sampling / prediction.unit) ** 1.5 / np.sqrt(prediction.rows)
        return np.outer(share, self.skewness)

    def change_point(self, recent: Sequence[WindowSample], feature: int, sign: float) -> ChangePoint:
        """When the shift of this feature began, within `recent`."""
        used = [s for s in recent if len(s.rows)]
        times = Times.of([s.window for s in used])
        counts = np.array([float(len(s.rows)) for s in used])
        residuals, variances = np.empty(len(used)), np.empty(len(used))
        for i, sample in enumerate(used):
            prediction = self.level.predict(times, counts, slice(i, i + 1))
            shift = self.features.of(sample.rows[:, 0]).mean(axis=0) - prediction.mean
            residuals[i] = sign * self._judged(shift, prediction, [sample])[feature]
            variances[i] = self.level.variance(prediction.unit)[feature]
        return locate([s.window for s in used], residuals, variances)


def _features_of(windows: Sequence[WindowSample], features: Features) -> list[Floats]:
    """(k, q) of each window, worked out at once."""
    if not windows:
        return []
    values = np.concatenate([w.rows[:, 0] for w in windows]).astype(np.float64)
    return np.split(features.of(values), np.cumsum([len(w.rows) for w in windows])[:-1])


def _of_level(windows: Sequence[WindowSample], features: Features) -> Floats | float:
    """(T, q) what the level of its day does to the other features of a window."""
    if features.scaling is None or not windows:
        return 0.0
    days: dict[date, list[Floats]] = {}
    for sample in windows:
        days.setdefault(sample.window.start.date(), []).append(sample.rows[:, 0])
    moved = {
        day: features.scaling.explained(np.concatenate(rows).astype(np.float64)) for day, rows in days.items()
    }
    return np.array([moved[sample.window.start.date()] for sample in windows])


def _normal_quantile(p: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(p), dtype=np.float64)
