"""What is kept of the embeddings of a window: integer sums, so that merging is exact.

Merging adds. Integers add in any order to the same bits, so sketches of the same rows are equal, in whatever
pieces, order and process they were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitors.sketches.fourier import FEATURES, ROW_UNIT, UNIT, fourier, projections, whole
from monitors.sketches.packing import pack_ints, unpack_ints

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FORMAT = 1
PARTS = 8  # parts of the rows, by trace: what a permutation test permutes
DIRECTIONS = 24
_MOMENTS = DIRECTIONS * (DIRECTIONS + 1) // 2
# Projections are of the order of one row's length: 2^7 of these units in a row of length 1.
_PROJECTION_SHIFT = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class TextSketch:
    """Sums over the rows of one stream and stretch of time; d the encoder's dimensions.

    Attributes:
        n, n_missing: spans with and without a text; `rows` of the n were embedded.
        rows: (PARTS,) rows in each part.
        total: (d,) sum of the rows, in units of 1 / ROW_UNIT.
        features: (PARTS, FEATURES) sums of their Fourier features, in units of 1 / UNIT.
        moments: (DIRECTIONS (DIRECTIONS + 1) / 2,) upper triangle of the sums of products of projections.
    """

    n: int
    n_missing: int
    rows: Ints
    total: Ints
    features: Ints
    moments: Ints

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextSketch) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @classmethod
    def empty(cls, dimension: int) -> TextSketch:
        """Of no rows: merging it changes nothing."""
        return cls(
            n=0,
            n_missing=0,
            rows=np.zeros(PARTS, dtype=np.int64),
            total=np.zeros(dimension, dtype=np.int64),
            features=np.zeros((PARTS, FEATURES), dtype=np.int64),
            moments=np.zeros(_MOMENTS, dtype=np.int64),
        )

    @classmethod
    def of(cls, rows: NDArray[np.floating], keys: Sequence[str], *, n: int, n_missing: int) -> TextSketch:
        """Of (k, d) rows of length about 1 and their keys "trace_id/span_id", a sample of n rows."""
        made = cls.empty(rows.shape[1])
        if len(rows) == 0:
            return replace(made, n=n, n_missing=n_missing)
        integers = whole(rows)
        parts = np.array([part_of(key) for key in keys])
        told = fourier(integers)
        # All of these are integers below 2^53: products of float64 matrices are exact, and fast.
        features = np.eye(PARTS)[parts].T @ told.astype(np.float64)
        across = integers.astype(np.float64) @ projections(rows.shape[1], DIRECTIONS)
        projected = np.floor(across / 2**_PROJECTION_SHIFT)
        products = projected.T @ projected
        return cls(
            n=n,
            n_missing=n_missing,
            rows=np.bincount(parts, minlength=PARTS).astype(np.int64),
            total=integers.sum(axis=0),
            features=features.astype(np.int64),
            moments=products[np.triu_indices(DIRECTIONS)].astype(np.int64),
        )

    def merge(self, other: TextSketch) -> TextSketch:
        """Of the rows of both; ValueError when they are of different dimensions."""
        return merged([self, other])

    @property
    def count(self) -> int:
        """Rows that it was made of."""
        return int(self.rows.sum())

    def mean(self) -> Floats:
        """(d,) mean embedding; nan where there is no row."""
        if self.count == 0:
            return np.full(len(self.total), np.nan)
        mean: Floats = self.total / (ROW_UNIT * self.count)
        return mean

    def covariance(self) -> Floats:
        """(DIRECTIONS, DIRECTIONS) covariance of the rows in random directions, in units of a row.

        The sum of its squares estimates that of the covariance in all dimensions. (The variance of all
        dimensions together is 1 - |mean|^2, as rows have length 1.)
        """
        unit = ROW_UNIT / 2**_PROJECTION_SHIFT
        square = np.zeros((DIRECTIONS, DIRECTIONS))
        square[np.triu_indices(DIRECTIONS)] = self.moments / (unit**2 * max(self.count, 1))
        square = square + np.triu(square, 1).T
        mean = self.mean() @ projections(len(self.total), DIRECTIONS)
        covariance: Floats = square - np.outer(mean, mean)
        return covariance

    def feature_sums(self) -> Floats:
        """(PARTS, FEATURES) sums of features, a cosine of 1 being 1."""
        sums: Floats = self.features / UNIT
        return sums

    def to_bytes(self) -> bytes:
        """As it is stored: the format, then each array in the smallest integers that hold it."""
        head = np.array([self.n, self.n_missing], dtype=np.int64)
        arrays = (head, self.rows, self.total, self.features.ravel(), self.moments)
        return bytes([FORMAT]) + b"".join(pack_ints(a) for a in arrays)

    @classmethod
    def from_bytes(cls, blob: bytes) -> TextSketch:
        """What `to_bytes` made; ValueError for anything else."""
        if not blob or blob[0] != FORMAT:
            raise ValueError(f"a text sketch of format {blob[:1]!r}; this version reads {FORMAT}")
        arrays, at = [], 1
        for _ in range(5):
            array, at = unpack_ints(blob, at)
            arrays.append(array)
        head, rows, total, features, moments = arrays
        if at != len(blob) or (len(head), len(rows), len(features), len(moments)) != (
            2,
            PARTS,
            PARTS * FEATURES,
            _MOMENTS,
        ):
            raise ValueError("a text sketch whose arrays have other lengths")
        return cls(
            n=int(head[0]),
            n_missing=int(head[1]),
            rows=rows,
            total=total,
            features=features.reshape(PARTS, FEATURES),
            moments=moments,
        )


def part_of(key: str) -> int:
    """The part of a row: by trace, so that spans of one trace, which repeat each other, stay together.

    >>> part_of("0af7651916cd43dd8448eb211c80319c/a") == part_of("0af7651916cd43dd8448eb211c80319c/b")
    True
    """
    trace = key.rpartition("/")[0]
    return hashlib.blake2b(trace.encode(), digest_size=1).digest()[0] % PARTS


def merged(sketches: Iterable[TextSketch]) -> TextSketch:
    """Of all of them; ValueError when there is none, or when they are of different dimensions."""
    some = list(sketches)
    if not some:
        raise ValueError("no sketch to merge")
    if len({len(s.total) for s in some}) > 1:
        found = " and of ".join(str(len(s.total)) for s in some)
        raise ValueError(f"sketches of {found} dimensions")
    return TextSketch(
        n=sum(s.n for s in some),
        n_missing=sum(s.n_missing for s in some),
        rows=_sum([s.rows for s in some]),
        total=_sum([s.total for s in some]),
        features=_sum([s.features for s in some]),
        moments=_sum([s.moments for s in some]),
    )


def _sum(arrays: Sequence[Ints]) -> Ints:
    """One after the other into one place: a stack of a quarter's sketches is some megabytes."""
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total
