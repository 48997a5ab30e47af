"""Any stretch of time against any other, from their sketches: no row is read.

Reading costs some eighty rows of the warehouse (`cover`); comparing costs the units that are permuted, of
which there are 128 at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitors.result import Window
from monitors.sketches.cover import Bucket, merge_buckets
from monitors.sketches.number_sketch import NumberSketch
from monitors.sketches.permute import MOST_UNITS, Units, sketch_test
from monitors.sketches.text_sketch import PARTS, TextSketch, merged
from monitors.statistics.psi import psi_of_shares

Floats = NDArray[np.float64]
Permuted = Literal["parts", "windows"]

QUANTILES = (0.5, 0.9, 0.95, 0.99)
# With five windows on each side there are 252 ways to deal them out; with fewer no p-value would be small.
_LEAST_WINDOWS = 5
# Units are merged no further than leaves so many of a side, where it has as many.
_FEWEST = 8
_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two stretches: what of it is stored. n: spans with a value; rows: of them in the sketch."""

    covered: Window
    buckets: int
    n: int
    n_missing: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class TextComparison:
    """Embeddings of two stretches of time.

    Attributes:
        mmd2: unbiased squared MMD. p, permutations: of the permutation test; nan and 0 when there is too
            little to permute. permuted: whole windows (right where hours and days differ), or parts of them.
        mean_distance: Euclidean distance of the mean embeddings; usual_mean_distance: what independent rows
            would make it. cosine_distance: of the means.
        covariance_distance: Frobenius norm of the difference of the covariances over that of the first.
    """

    before: Side
    after: Side
    mmd2: float
    p: float
    permutations: int
    permuted: Permuted
    mean_distance: float
    usual_mean_distance: float
    cosine_distance: float
    covariance_distance: float


@dataclass(frozen=True, kw_only=True)
class NumberComparison:
    """Numbers of two stretches of time.

    Attributes:
        mean_before, mean_after: exact. quantiles: rank -> (before, after), each within 1 %.
        psi: population stability index over ten bins of the first. ks: largest distance of the distribution
            functions at the edges of bins.
    """

    before: Side
    after: Side
    mean_before: float
    mean_after: float
    quantiles: dict[float, tuple[float, float]]
    psi: float
    ks: float


def compare(
    before: Sequence[Bucket], after: Sequence[Bucket], *, seed: int = 0
) -> TextComparison | NumberComparison:
    """Compare what `read_buckets` gave of two stretches of time of one stream.

    ValueError when one of them has no values, or when they are of different bases (two encoders, or tokens
    and characters): their vectors and numbers must never be compared.
    """
    bases = {b.basis for b in (*before, *after)}
    if len(bases) > 1:
        raise ValueError(f"the two stretches are of different kinds: {', '.join(sorted(bases))}")
    if not before or not after:
        raise ValueError(f"no sketch is stored of the {'first' if not before else 'second'} stretch")
    first, second = ([b.sketch for b in some if isinstance(b.sketch, TextSketch)] for some in (before, after))
    if (len(first), len(second)) == (len(before), len(after)):
        return _texts(before, after, first, second, seed)
    one, two = merge_buckets(before), merge_buckets(after)
    assert isinstance(one, NumberSketch)
    assert isinstance(two, NumberSketch)
    return _numbers(before, after, one, two)


def units_of(sketches: Sequence[TextSketch], permuted: Permuted = "parts") -> Units:
    """What a permutation test permutes: the parts of the sketches, or each sketch as a whole."""
    if not sketches:
        raise ValueError("no sketch to take parts of")
    rows = np.stack([s.rows for s in sketches]).astype(np.float64)
    sums = np.stack([s.feature_sums() for s in sketches])
    if permuted == "windows":
        rows, sums = rows.sum(axis=1, keepdims=True), sums.sum(axis=1, keepdims=True)
    used = rows.ravel() > 0
    return Units(rows=rows.ravel()[used], sums=sums.reshape(-1, sums.shape[2])[used])


def _evened(side: Sequence[Bucket], sketches: Sequence[TextSketch], longest: timedelta) -> list[TextSketch]:
    """Neighbours are merged until they last half as long as the longest bucket, or a sixteenth of the side.

    Hours at the ends of weeks would be dealt out as if a week's mean wandered as much as theirs.
    """
    least = min(longest, sum((_lasts(b) for b in side), timedelta()) / _FEWEST) / 2
    groups: list[list[TextSketch]] = [[]]
    lasted = timedelta()
    for bucket, sketch in zip(side, sketches, strict=True):
        if lasted >= least:
            groups.append([])
            lasted = timedelta()
        groups[-1].append(sketch)
        lasted += _lasts(bucket)
    if lasted < least and len(groups) > 1:
        short = groups.pop()
        groups[-1] += short
    return [group[0] if len(group) == 1 else merged(group) for group in groups]


def _lasts(bucket: Bucket) -> timedelta:
    return bucket.window.end - bucket.window.start


def _fewer(sketches: Sequence[TextSketch], most: int) -> Sequence[TextSketch]:
    """At most `most`: neighbours are merged. More would be added up by the test, which costs more."""
    if len(sketches) <= most:
        return sketches
    edges = np.linspace(0, len(sketches), most + 1).astype(int).tolist()
    return [merged(sketches[start:end]) for start, end in pairwise(edges)]


def _texts(
    before: Sequence[Bucket],
    after: Sequence[Bucket],
    first: Sequence[TextSketch],
    second: Sequence[TextSketch],
    seed: int,
) -> TextComparison:
    longest = max(_lasts(b) for b in (*before, *after))
    evened = _evened(before, first, longest), _evened(after, second, longest)
    enough = min(map(len, evened)) >= _LEAST_WINDOWS
    permuted: Permuted = "windows" if enough else "parts"
    if enough:
        first, second = evened
    most = MOST_UNITS if enough else MOST_UNITS // PARTS
    first, second = _fewer(first, most), _fewer(second, most)
    one, two = merged(first), merged(second)
    if not one.count or not two.count:
        raise ValueError("one of the two stretches has no embedded text")
    test = sketch_test(units_of(first, permuted), units_of(second, permuted), rng=np.random.default_rng(seed))
    means = one.mean(), two.mean()
    # Rows have length 1, so their variance in all dimensions together is 1 - |mean|^2.
    variances = [max(0.0, 1.0 - float(m @ m)) for m in means]
    covariances = one.covariance(), two.covariance()
    lengths = float(np.linalg.norm(means[0]) * np.linalg.norm(means[1]))
    return TextComparison(
        before=_side(before, one.n, one.n_missing, one.count),
        after=_side(after, two.n, two.n_missing, two.count),
        mmd2=test.mmd2,
        p=test.p,
        permutations=test.permutations,
        permuted=permuted,
        mean_distance=float(np.linalg.norm(means[0] - means[1])),
        usual_mean_distance=float(np.sqrt(variances[0] / one.count + variances[1] / two.count)),
        cosine_distance=1.0 - float(means[0] @ means[1]) / lengths if lengths > 0 else float("nan"),
        covariance_distance=float(np.linalg.norm(covariances[1] - covariances[0]))
        / max(float(np.linalg.norm(covariances[0])), 1e-12),
    )


def _numbers(
    before: Sequence[Bucket], after: Sequence[Bucket], one: NumberSketch, two: NumberSketch
) -> NumberComparison:
    means = one.mean(), two.mean()
    if means[0] is None or means[1] is None:
        raise ValueError("one of the two stretches has no value")
    quantiles = {q: (one.quantile(q), two.quantile(q)) for q in QUANTILES}
    every = np.array(sorted({*one.codes, *two.codes}), dtype=np.int64)
    cumulated = one.share_up_to(every), two.share_up_to(every)
    # The ends of bins nearest to the deciles of the first; what ties over a decile is one bin.
    places = np.unique(np.searchsorted(cumulated[0], np.arange(1, _BINS) / _BINS, side="left"))
    shares = [np.diff(np.concatenate([[0.0], c[places], [1.0]])) for c in cumulated]
    return NumberComparison(
        before=_side(before, one.n, one.n_missing, one.n),
        after=_side(after, two.n, two.n_missing, two.n),
        mean_before=means[0],
        mean_after=means[1],
        quantiles={q: (a, b) for q, (a, b) in quantiles.items() if a is not None and b is not None},
        psi=psi_of_shares(*shares),
        ks=float(np.abs(cumulated[0] - cumulated[1]).max()),
    )


def _side(buckets: Sequence[Bucket], n: int, n_missing: int, rows: int) -> Side:
    covered = Window(start=min(b.window.start for b in buckets), end=max(b.window.end for b in buckets))
    return Side(covered=covered, buckets=len(buckets), n=n, n_missing=n_missing, rows=rows)
