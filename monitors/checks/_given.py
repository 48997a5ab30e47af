"""What the context-aware checks share: rows with their context at the end, and the distance given context."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitors.beside import SampleBeside
from monitors.checks._embeddings import Rows, content_of
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.checks._sampled import Sampled
from monitors.checks.base import WindowSample
from monitors.statistics.context_mmd import context_mmd
from monitors.statistics.kernels import median_bandwidth, squared_distances
from monitors.statistics.two_sample import TwoSample

Floats = NDArray[np.float64]
Contexts = Callable[[Rows], Rows]
ROWS, REFERENCE_ROWS = 194, 250
NAME_WIDTH = 16
TOPICS = 12  # two kinds of question in one would be a change of answers whenever their shares move
_RIDGE = 0.05
_LEAST = 16
_APART = 0.4  # bandwidth for contexts that are the same or not: one unit is a difference, .05 is left of it


def covered(x: Rows, y: Rows, bandwidth: float) -> NDArray[np.bool_]:
    """(k,) which contexts of x (k, c) y has too, of others nothing is known; all, where that leaves few."""
    near: NDArray[np.bool_] = squared_distances(x, y).min(axis=1) <= bandwidth**2
    return near if np.count_nonzero(near) >= _LEAST else np.ones(len(x), dtype=bool)


def given(
    sample: Rows, width: int, *, contexts: Contexts | None = None, bandwidth: float | None = None
) -> Sampled:
    """Content given context, both sides drawn to the mean alike.

    sample: (k, d + width) rows of the reference, their context in the last columns. contexts: what is made of
    these columns. bandwidth: of the contexts; by the median heuristic if None.
    """
    made = (lambda columns: columns) if contexts is None else contexts
    content_width = median_bandwidth(sample[:, :-width])
    context_width = median_bandwidth(made(sample[:, -width:])) if bandwidth is None else bandwidth

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        c, d = made(x[:, -width:]), made(y[:, -width:])
        kept = covered(c, d, context_width)
        return context_mmd(
            x[kept, :-width],
            y[:, :-width],
            c[kept],
            d,
            permutations=permutations,
            ridge=_RIDGE,
            bandwidth=content_width,
            context_bandwidth=context_width,
            alike=True,
        )

    return Sampled(of=of, power=ROOT_OF_SQUARES, rows=ROWS, reference_rows=REFERENCE_ROWS)


def same_or_not(sample: Rows, width: int, contexts: Contexts | None = None) -> Sampled:
    """Content given a context that is one of a few."""
    return given(sample, width, contexts=contexts, bandwidth=_APART)


def with_vectors(field: str) -> Callable[[Sequence[WindowSample]], Rows]:
    """Rows with the embedding of another field of the same request; with zeros where it has none."""

    def rows_of(samples: Sequence[WindowSample]) -> Rows:
        content = content_of(samples)
        context = np.zeros_like(content)
        place = 0
        for sample in samples:
            if isinstance(sample, SampleBeside):
                for i, row in enumerate(sample.matched(field)):
                    if row is not None:
                        context[place + i] = row
            place += len(sample.rows)
        return np.concatenate([content, context], axis=1)

    return rows_of


def with_names(fields: Sequence[str]) -> Callable[[Sequence[WindowSample]], Rows]:
    """Rows with the names that some fields of the same request have, each as a direction of its own."""

    def context_of(sample: WindowSample) -> Rows:
        context = np.zeros((len(sample.rows), len(fields), NAME_WIDTH), dtype=np.float32)
        if isinstance(sample, SampleBeside):
            for f, field in enumerate(fields):
                for i, row in enumerate(sample.matched(field)):
                    if row is not None:
                        context[i, f] = direction(str(row[0]))
        return context.reshape(len(sample.rows), -1)

    def rows_of(samples: Sequence[WindowSample]) -> Rows:
        contexts = np.concatenate([context_of(sample) for sample in samples])
        return np.concatenate([content_of(samples), contexts], axis=1)

    return rows_of


@lru_cache(maxsize=10_000)
def direction(name: str) -> NDArray[np.float32]:
    """(NAME_WIDTH,) a unit vector that is always the same for a name, and about at right angles to others.

    >>> a, b = direction("v1"), direction("v2")
    >>> bool(np.isclose(a @ a, 1.0)), bool(abs(a @ b) < 0.9)
    (True, True)
    """
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
    drawn = np.random.default_rng(int.from_bytes(digest, "big")).standard_normal(NAME_WIDTH)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


class NearestTopic:
    """Which topic of some rows each row is nearest to, as a unit vector; rows of zeros are of none."""

    def __init__(self, rows: Rows) -> None:
        from sklearn.cluster import KMeans

        told = np.unique(rows[np.any(rows != 0.0, axis=1)], axis=0)
        count = min(TOPICS, len(told))
        self._centres = np.zeros((0, rows.shape[1]))
        if count:
            self._centres = KMeans(n_clusters=count, n_init=10, random_state=0).fit(told).cluster_centers_

    def __call__(self, rows: Rows) -> Rows:
        made = np.zeros((len(rows), max(1, len(self._centres))), dtype=np.float32)
        told = np.flatnonzero(np.any(rows != 0.0, axis=1))
        if len(told) and len(self._centres):
            made[told, squared_distances(rows[told], self._centres).argmin(axis=1)] = 1.0
        return made
