"""The test on embeddings: the mean feature of some windows against what is expected of it, in all directions
at once.

Directions are those in which rows vary within a window. Each has its own learnt noise; directions that vary
or wander much count less (whitening, with a ridge, so that directions in which nothing ever happened do not
decide alone). The statistic is a weighted sum of squares, its tail that of a quadratic form with uncertain
variances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import CheckSettings, Reference, WindowSample
from monitors.detectable import exceeds
from monitors.features_embedding import FeatureMap, sample_rows, topic_distance, topic_profile
from monitors.noise import Times
from monitors.noise_cache import WindowCache
from monitors.noise_change import ChangePoint, locate
from monitors.noise_directions import centred_rows, eigen
from monitors.noise_level import Level, Prediction, learn_level
from monitors.noise_moments import row_moments
from monitors.noise_quadratic import RIDGE, Quadratic, Unrest, measure_unrest, quadratics
from monitors.noise_repeats import excess_repeats, same_pairs, usual_sameness
from monitors.noise_scales import STILL_THERE, Scale, latest, scales_of
from monitors.noise_tails import QuadraticTail
from monitors.noise_volume import LEANING, learn_volume
from monitors.result import Window

Floats = NDArray[np.float64]

_MOMENT_ROWS = 400
_TOPIC_ROWS = 600


@dataclass(frozen=True, kw_only=True)
class VectorTest:
    """One length.

    Attributes:
        shift: (D,) observed minus expected, in the eigenbasis. expected: (D,).
        variance: (D,) of the shift while nothing changed. weights: (D,) of the squares.
        late_variance: (D,) of that of the last eighth.
        p: after the number of lengths. tail: of the statistic `size`. alpha: of this length.
        ongoing: whether the last eighth still shows it.
    """

    scale: Scale
    shift: Floats
    expected: Floats
    variance: Floats
    late_variance: Floats
    weights: Floats
    p: float
    tail: QuadraticTail
    size: float
    alpha: float
    ongoing: bool

    @property
    def critical(self) -> float:
        """Factor by which the shift would be just significant."""
        return float(np.sqrt(self.tail.isf(self.alpha) / max(self.size, 1e-300)))

    @property
    def squared_size(self) -> float:
        """|change of the mean|^2 beyond what noise alone gives on average; may be negative."""
        return float(self.shift @ self.shift - self.variance.sum())


@dataclass(frozen=True, kw_only=True)
class _Series:
    """Recent windows with rows: when, requests, rows, pairs of rows that are the same, and means in the
    eigenbasis (T, D).
    """

    windows: list[Window]
    times: Times
    requests: Floats
    counts: Floats
    pairs: Floats
    means: Floats


class VectorModel:
    """The reference of an embedding under one feature map, learnt."""

    def __init__(
        self, reference: Reference, features: FeatureMap, settings: CheckSettings, rng: np.random.Generator
    ) -> None:
        self.features = features
        self.skew = reference.pool is not None
        used = [w for w in reference.windows if len(w.rows)]
        mapped = [features(w.rows) for w in used]
        pool = None if reference.pool is None else features(reference.pool.astype(np.float32))
        sources = mapped if pool is None else [*mapped, pool]
        centred = centred_rows(sources, rng)
        self.basis, variance = eigen(centred)
        sd = np.sqrt(variance)
        d = self.basis.shape[0]
        means = np.array([m.mean(axis=0, dtype=np.float64) for m in mapped]).reshape(-1, d) @ self.basis
        windows, counts = [w.window for w in used], np.array([float(len(w.rows)) for w in used])
        self.level: Level = learn_level(
            windows=windows,
            counts=counts,
            means=means,
            sd=sd,
            pool=None if pool is None else pool.astype(np.float64) @ self.basis,
        )
        self.moments = row_moments(
            sample_rows([centred], _MOMENT_ROWS, rng).astype(np.float64) @ self.basis,
            1.0 / (variance + RIDGE * variance.mean()),
        )
        self.unrest: dict[int, Unrest] = {}
        if not self.skew:
            self.unrest = measure_unrest(
                self.level, windows, counts, means, self.moments, least_rows=settings.min_rows
            )
        content = sample_rows(sources if pool is None else [pool], _TOPIC_ROWS, rng)
        self.topic = topic_distance(content)
        self._content, self._variance = content, variance
        self._sameness = usual_sameness([w.rows for w in used])
        self._volume = learn_volume(windows, np.array([float(w.n) for w in used]))
        self._cache = WindowCache()

    @cached_property
    def profile(self) -> Floats:
        """(D,) where a new topic lies (`topic_profile`): a fifth of all the work of learning, and only asked
        for where a monitor says what it would see.
        """
        return topic_profile(self._content, self._variance, ridge=RIDGE)

    def __getstate__(self) -> dict[str, Any]:
        """With the profile in place of the rows that it is made of."""
        state = {**self.__dict__, "profile": self.profile}
        return {name: value for name, value in state.items() if name not in ("_content", "_variance")}

    def tests(
        self, recent: Sequence[WindowSample], settings: CheckSettings, *, alpha: float
    ) -> list[VectorTest]:
        """Every length that has the rows, shortest first."""
        scales = scales_of(recent, settings, skew=self.skew)
        if not scales:
            return []
        series = self._series(recent)
        blocks: dict[int, tuple[Prediction, Floats]] = {}

        def block(size: int) -> tuple[Prediction, Floats]:
            """Of the last `size` windows: the last eighth of one length is another length."""
            if size not in blocks:
                blocks[size] = self._shift(series, slice(-size, None))
            return blocks[size]

        predictions, shifts = zip(*(block(len(scale.samples)) for scale in scales), strict=True)
        unrests = [self._unrest_of(scale) for scale in scales]
        forms = quadratics(self.level, predictions, shifts, self.moments, unrests)
        return [
            self._test(scale, form, block, alpha, len(scales))
            for scale, form in zip(scales, forms, strict=True)
        ]

    def _series(self, recent: Sequence[WindowSample]) -> _Series:
        used = [s for s in recent if len(s.rows)]
        told = np.array([self._cache.get(s, self._told) for s in used])
        return _Series(
            windows=[s.window for s in used],
            times=Times.of([s.window for s in used]),
            requests=np.array([float(s.n) for s in used]),
            counts=np.array([float(len(s.rows)) for s in used]),
            pairs=told[:, 0],
            means=told[:, 1:],
        )

    def _told(self, sample: WindowSample) -> Floats:
        """(1 + D,) pairs of rows that are the same, and the mean feature of a window in the eigenbasis."""
        mean: Floats = self.features(sample.rows).mean(axis=0, dtype=np.float64) @ self.basis
        return np.concatenate([same_pairs([sample.rows]), mean])

    def _unrest_of(self, scale: Scale) -> Unrest:
        """That of the longest length that is no longer."""
        length = max((k for k in self.unrest if k <= scale.windows), default=None)
        return Unrest() if length is None else self.unrest[length]

    def _test(
        self,
        scale: Scale,
        form: Quadratic,
        block: Callable[[int], tuple[Prediction, Floats]],
        alpha: float,
        lengths: int,
    ) -> VectorTest:
        prediction, shift = block(len(scale.samples))
        late, now = block(latest(scale))
        tail = form.tail
        return VectorTest(
            scale=scale,
            shift=shift,
            expected=prediction.mean,
            variance=form.variance,
            late_variance=self.level.variance(late.unit),
            weights=form.weights,
            p=min(1.0, tail.sf(form.size) * lengths),
            tail=tail,
            size=form.size,
            alpha=alpha / lengths,
            ongoing=bool((form.weights * shift) @ now >= STILL_THERE * form.size),
        )

    def _shift(self, series: _Series, part: slice) -> tuple[Prediction, Floats]:
        repeats = excess_repeats(series.counts[part], series.pairs[part], self._sameness)
        prediction = self.level.predict(series.times, series.counts, part, repeats=repeats)
        leaning = LEANING * self._volume.excess(series.times.design[part], series.requests[part])
        # Of a topic that is known, which lies where rows vary.
        burst = (leaning * self.topic) ** 2 / float(self.level.sd @ self.level.sd)
        prediction = replace(prediction, unit=prediction.unit + burst)
        share = series.counts[part] / series.counts[part].sum()
        return prediction, share @ series.means[part] - prediction.mean

    def chance(self, test: VectorTest, margin: float) -> Callable[[Floats], Floats]:
        """The chances that a test like this finds shares (...,) of a topic that the reference does not have.

        A breach needs the statistic above its limit, the share above the margin, and the last eighth to
        agree; the least likely of them counts.
        """
        noise, late, w, profile = test.variance, test.late_variance, test.weights, self.profile
        limit, level = test.tail.isf(test.alpha), float(w @ noise)
        # Of the statistic, the squared length, and the agreement: variance without a change, and by it.
        plain = 2.0 * float(w**2 @ noise**2), 2.0 * float(noise @ noise), float(w**2 @ (noise * late))
        added = (
            4.0 * float(profile @ (w**2 * noise)),
            4.0 * float(profile @ noise),
            float(profile @ (w**2 * late)),
        )

        def chance(shares: Floats) -> Floats:
            moved = (shares * self.topic) ** 2  # squared length of the shift
            sds = [np.sqrt(p + a * moved) for p, a in zip(plain, added, strict=True)]
            statistic = level + moved * float(profile @ w)
            found: Floats = np.minimum.reduce(
                [
                    exceeds(statistic, sds[0], limit),
                    exceeds(moved, sds[1], (margin * self.topic) ** 2),
                    exceeds((1.0 - STILL_THERE) * statistic, sds[2], 0.0),
                ]
            )
            return found

        return chance

    def change_point(self, recent: Sequence[WindowSample], test: VectorTest) -> ChangePoint:
        """When the shift of this test began, within `recent`."""
        series = self._series(recent)
        direction = test.weights * test.shift
        residuals, variances = np.empty(len(series.windows)), np.empty(len(series.windows))
        for i in range(len(series.windows)):
            prediction, shift = self._shift(series, slice(i, i + 1))
            residuals[i] = direction @ shift
            variances[i] = direction**2 @ self.level.variance(prediction.unit)
        return locate(series.windows, residuals, variances)

    def novelty(self, test: VectorTest) -> Floats:
        """(rows of the test,) how far each row lies in the direction of the change, in topic distances."""
        direction = self.basis @ (test.weights * test.shift)
        direction /= max(float(np.linalg.norm(direction)), 1e-300)
        centre = float(direction @ (self.basis @ test.expected))
        rows = np.concatenate([s.rows for s in test.scale.samples])
        scores: Floats = (self.features(rows).astype(np.float64) @ direction - centre) / self.topic
        return scores
