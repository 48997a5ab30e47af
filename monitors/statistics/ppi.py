"""The mean of what people would say, from a few of their labels and many cheaper scores.

Prediction-powered inference: cheap scores (a judge's, the local scorer's) are known for many answers, labels
for few. The labels say how wrong the scores are, so a judge that is biased costs width and never truth.
Each cheap score gives controls: differences of its mean over two samples of the same answers, which are zero
but for chance. The labelled mean is corrected by those, with the coefficients that make the variance least.
With one score and plain random labels this is PPI++; with unequal chances, active statistical inference.

References: Angelopoulos, Duchi, Zrnic (2023), PPI++, arXiv:2311.01453. Zrnic, Candes (2024), Active
Statistical Inference, arXiv:2403.03208. Fisch et al. (2024), Stratified PPI, arXiv:2406.04291. The interval
for every look: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Annals of Statistics 52(6), asymptotic
confidence sequences. The shift for skew: Johnson (1978), Modified t tests and confidence intervals for
asymmetrical populations, JASA 73(363).

When not to use it: with labels that were picked by hand. Who was not drawn by chance speaks for nobody else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MIN_LABELS = 10
# Labels at which the confidence sequence is tightest: the usual size of a week's labelling.
_TIGHTEST_AT = 100.0
# One coefficient more has to be paid by so many labels.
_LABELS_PER_CONTROL = 5


class TooFewLabelsError(ValueError):
    """Fewer labels than an interval can be made of; the message says how many there are."""


@dataclass(frozen=True)
class Drawn:
    """Which of N answers a sample holds, and with what chance each came in.

    Attributes:
        included: (N,) flags.
        probability: (N,) in (0, 1]; only those of included answers are read. None: everybody had the same.
    """

    included: Flags
    probability: Floats | None = None

    def weights(self) -> Floats:
        """(N,) shares that sum to one, 0 for those not included: inverse probabilities (Hajek)."""
        chance = np.ones(len(self.included)) if self.probability is None else self.probability
        inside = chance[self.included]
        if len(inside) and not (np.all(inside > 0) and np.all(inside <= 1)):
            raise ValueError("probabilities of included answers must be above 0 and at most 1")
        raw = np.zeros(len(self.included))
        raw[self.included] = 1.0 / inside
        total = raw.sum()
        return raw / total if total > 0 else raw


@dataclass(frozen=True)
class Control:
    """One score seen by two samples of the same answers, of which the narrow one is labelled (or judged).

    Attributes:
        scores: (N,); only those of included answers are read.
    """

    scores: Floats
    wide: Drawn
    narrow: Drawn


@dataclass(frozen=True, kw_only=True)
class MeanEstimate:
    """A mean with two intervals.

    Attributes:
        low, high: for one look, with the confidence asked for.
        always_low, always_high: hold at every look together, however often one looks.
        skewness: of the estimate's error. A wrong answer in twenty pulls the mean far to one side and seldom:
            the intervals reach further to that side, and less far to the other.
        labels: how many; effective_labels: as many with equal chances would say as much (Kish).
        coefficients: of the controls, in their order; 0 for one that was left out.
    """

    value: float
    low: float
    high: float
    always_low: float
    always_high: float
    standard_error: float
    degrees_of_freedom: float
    skewness: float
    labels: int
    effective_labels: float
    coefficients: tuple[float, ...]


def estimate_mean(
    labels: Floats,
    drawn: Drawn,
    controls: Sequence[Control] = (),
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
    step: float | None = None,
) -> MeanEstimate:
    """The mean label over all N answers, with its intervals.

    Args:
        labels: (N,) on any scale; read where `drawn.included`.
        controls: what the cheaper scores know; none gives the labels alone.
        bounds: the ends of the scale; intervals do not reach beyond them.
        step: by how much a label can be wrong at least: 1 for whole grades. None takes the smallest gap
            between the labels seen (of equal labels: the whole scale, or 1). An error that is rare may have
            missed the sample: the standard error never goes below that of z^2 such errors (for 95 %, four).

    Raises TooFewLabelsError below MIN_LABELS labels.

    >>> one_to_ten = np.arange(1.0, 11.0)
    >>> found = estimate_mean(one_to_ten, Drawn(np.ones(10, dtype=bool)))
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (5.5, 3.33, 7.67)
    """
    from scipy.special import ndtri, stdtrit

    count = int(drawn.included.sum())
    if count < MIN_LABELS:
        raise TooFewLabelsError(f"{count} labels; an interval needs {MIN_LABELS}")
    size = len(labels)
    weights = drawn.weights()
    seen = np.where(drawn.included, labels, 0.0)
    mean = float(weights @ seen)
    influence = size * weights * (seen - mean)
    effective = float(1.0 / np.sum(weights**2))
    made = [_control(c) for c in controls]
    used = _worth_it(made, effective)
    coefficients = np.zeros(len(controls))
    if used:
        columns = np.column_stack([made[i][1] for i in used])
        found = np.linalg.lstsq(columns, -influence, rcond=1e-8)[0]
        coefficients[used] = found
        mean += float(found @ np.array([made[i][0] for i in used]))
        influence = influence + columns @ found
    freedom = max(1.0, effective - 1.0 - len(used))
    # Coefficients that were learnt of the same labels look better than they are, and wander themselves.
    variance = float(np.sum(influence**2)) / size**2 * (effective + len(used)) / freedom
    z = float(ndtri(0.5 + confidence / 2))
    floor = z * (_gap(seen[drawn.included], bounds) if step is None else step) / effective
    error = max(math.sqrt(variance), floor if count < size else 0.0)
    square = float(np.sum(influence**2))
    skewness = float(np.sum(influence**3)) / square**1.5 if square > 0 else 0.0
    return _interval(
        value=mean,
        error=error,
        freedom=freedom,
        skewness=skewness,
        quantile=float(stdtrit(freedom, 0.5 + confidence / 2)),
        confidence=confidence,
        bounds=bounds,
        labels=count,
        effective=effective,
        coefficients=tuple(float(c) for c in coefficients),
    )


def combine(
    parts: Sequence[MeanEstimate],
    shares: Sequence[float],
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> MeanEstimate:
    """The mean over strata, each estimated by itself: stratified PPI.

    shares: of all answers, by stratum; they sum to one. Degrees of freedom by Welch and Satterthwaite.

    >>> ten = Drawn(np.ones(10, dtype=bool))
    >>> low = estimate_mean(np.arange(10.0), ten)
    >>> high = estimate_mean(np.arange(10.0) + 10, ten)
    >>> round(combine([low, high], [0.25, 0.75]).value, 2)
    12.0
    """
    from scipy.special import stdtrit

    if not parts or len(parts) != len(shares) or not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise ValueError(f"{len(parts)} strata need as many shares that sum to one, not {list(shares)}")
    variances = [(s * p.standard_error) ** 2 for p, s in zip(parts, shares, strict=True)]
    total = sum(variances)
    spread = sum(v**2 / p.degrees_of_freedom for v, p in zip(variances, parts, strict=True))
    freedom = total**2 / spread if spread > 0 else min(p.degrees_of_freedom for p in parts)
    thirds = sum(p.skewness * v**1.5 for p, v in zip(parts, variances, strict=True))
    return _interval(
        value=sum(s * p.value for p, s in zip(parts, shares, strict=True)),
        error=math.sqrt(total),
        freedom=freedom,
        skewness=thirds / total**1.5 if total > 0 else 0.0,
        quantile=float(stdtrit(freedom, 0.5 + confidence / 2)),
        confidence=confidence,
        bounds=bounds,
        labels=sum(p.labels for p in parts),
        effective=sum(p.effective_labels for p in parts),
        coefficients=(),
    )


def always_factor(labels: float, confidence: float = 0.95) -> float:
    """How many standard errors the confidence sequence is wide, to one side, at so many labels.

    Always more than the 1.96 of one look: about 3.04 at 100 labels, growing slowly to both sides.

    >>> round(always_factor(100), 2), round(always_factor(1000), 2)
    (3.04, 3.24)
    """
    alpha = 1.0 - confidence
    tuned = (-2.0 * math.log(alpha) + math.log(-2.0 * math.log(alpha) + 1.0)) / _TIGHTEST_AT
    grown = labels * tuned + 1.0
    return math.sqrt(2.0 * grown / (labels * tuned) * math.log(math.sqrt(grown) / alpha))


def _interval(
    *,
    value: float,
    error: float,
    freedom: float,
    skewness: float,
    quantile: float,
    confidence: float,
    bounds: tuple[float, float] | None,
    labels: int,
    effective: float,
    coefficients: tuple[float, ...],
) -> MeanEstimate:
    from scipy.special import ndtri

    # The sequence's theory is of large samples; few labels pay here what they pay in the t interval.
    always = always_factor(effective, confidence) * quantile / float(ndtri(0.5 + confidence / 2))
    # Johnson's shift; where few labels make the skew itself a guess, no further than one standard error.
    shift = error * min(1.0, max(-1.0, skewness * (1.0 + 2.0 * quantile**2) / 6.0))
    lowest, highest = (-math.inf, math.inf) if bounds is None else bounds

    def within(x: float) -> float:
        return min(max(x, lowest), highest)

    return MeanEstimate(
        value=within(value),
        low=within(value + shift - quantile * error),
        high=within(value + shift + quantile * error),
        always_low=within(value + shift - always * error),
        always_high=within(value + shift + always * error),
        standard_error=error,
        degrees_of_freedom=freedom,
        skewness=skewness,
        labels=labels,
        effective_labels=effective,
        coefficients=coefficients,
    )


def _control(control: Control) -> tuple[float, Floats]:
    """How far the two means lie apart, and what each answer has to do with it, (N,).

    Nothing where one sample is too small to know its own spread: it would look more certain than it is.
    """
    size = len(control.scores)
    if min(control.wide.included.sum(), control.narrow.included.sum()) < MIN_LABELS:
        return 0.0, np.zeros(size)
    wide, narrow = control.wide.weights(), control.narrow.weights()
    scores = np.where(control.wide.included | control.narrow.included, control.scores, 0.0)
    wide_mean, narrow_mean = float(wide @ scores), float(narrow @ scores)
    influence = size * (wide * (scores - wide_mean) - narrow * (scores - narrow_mean))
    return wide_mean - narrow_mean, influence


def _worth_it(made: Sequence[tuple[float, Floats]], effective: float) -> list[int]:
    """Places of the controls that say something, as many as the labels can pay for."""
    telling = [
        i for i, (_, influence) in enumerate(made) if float(np.abs(influence).max(initial=0.0)) > 1e-12
    ]
    return telling[: max(0, int(effective) // _LABELS_PER_CONTROL - 1)]


def _gap(labels: Floats, bounds: tuple[float, float] | None) -> float:
    """The smallest step between different labels; where all are the same, the whole scale, or one."""
    distinct = np.unique(labels)
    if len(distinct) > 1:
        return float(np.diff(distinct).min())
    return 1.0 if bounds is None else bounds[1] - bounds[0]
