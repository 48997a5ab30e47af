"""What the checks on the distance of two samples of embeddings share; each of them is one distance.

Their null is that of past blocks (`_past_blocks`): windows of quiet traffic against the other days of it, so
rows of one hour, one day or one session need not be independent.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._distances import DistanceFitted, Reading
from monitors.checks._new_topic import NewTopic
from monitors.checks._numbers import reference_rows
from monitors.checks._past_blocks import PastBlocks, Usual
from monitors.checks._sampled import GRID, Sampled, evenly
from monitors.checks._vectors import MARGIN, SKEW_MARGIN, too_uniform
from monitors.checks.base import (
    CheckSettings,
    DataKind,
    NotReady,
    Outcome,
    Reference,
    WindowSample,
    text_concern,
)
from monitors.noise_scales import STILL_THERE, missing
from monitors.result import Concern, ReferenceKind
from monitors.statistics.kernels import median_bandwidth, squared_distances

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
BLOCKS = 32  # past blocks for one number of rows: each costs one evaluation
_SAMPLE = 600
_WITNESS_ROWS = 300
_PERMUTATIONS = 199


class EmbeddingView:
    """A distance as a share of new content; examples by the witness function of a Gaussian kernel."""

    effect_unit = "share of new content"

    def __init__(
        self, check: EmbeddingCheck, distance: Sampled, sample: Rows, dimension: int, seed: int
    ) -> None:
        self.unit, self._check, self._distance = check.unit, check, distance
        self._sample, self._dimension, self._seed = sample, dimension, seed

    @cached_property
    def topic(self) -> NewTopic:
        """Learnt when it is first asked for."""
        return NewTopic(
            self._sample,
            self._distance,
            dimension=self._dimension,
            size=self._distance.rows,
            seed=self._seed,
            square=self._check.square,
        )

    def rows(self, samples: Sequence[WindowSample]) -> Rows:
        """(k, d) rows, with context where the check wants it."""
        return self._check.rows_of(samples)

    def effect(self, reading: Reading) -> float:
        return self.topic.share(reading.value, reading.usual.level)

    def size(self, reading: Reading) -> float:
        return self.effect(reading)

    def edge(self, usual: Usual, margin: float) -> float:
        return self.topic.value(margin, usual.level)

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        usual = reading.usual.level
        return self.topic.share(usual + late_excess, usual) >= STILL_THERE * self.effect(reading)

    def said(self, reading: Reading) -> str:
        return f"{self._check.title} {reading.value:.3g}, as if {self.effect(reading):.0%} were new,"

    def figures(self, rows: Any) -> dict[str, float]:
        return self._check.figures(rows[:, : self._dimension], self._sample[:, : self._dimension])

    def extremity(self, rows: Any) -> Floats:
        """(k,) the witness function: how much denser present rows lie around each than old ones."""
        content = rows[:, : self._dimension]
        now = evenly(content, _WITNESS_ROWS)
        before = evenly(self._sample[:, : self._dimension], _WITNESS_ROWS)
        gamma = 0.5 / median_bandwidth(before) ** 2
        near = [np.exp(-gamma * squared_distances(content, side)).mean(axis=1) for side in (now, before)]
        return np.asarray(near[0] - near[1], dtype=np.float64)

    def more(self, reading: Reading) -> dict[str, Any]:
        test = self._distance.test(reading.rows, self._sample, permutations=_PERMUTATIONS)
        return {"permutation": {"p_if_independent": test.p, "permutations": _PERMUTATIONS}}


class EmbeddingFitted(DistanceFitted):
    """A distance of embeddings that has learnt its reference; says what it can detect as a share."""

    view: EmbeddingView

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        outcome = super().evaluate(recent, alpha=alpha)
        if "detectable" not in outcome.evidence:
            return outcome
        told = outcome.evidence["detectable"]
        share = self.view.topic.share(told["value"], outcome.evidence["noise"]["usual_distance"])
        detectable = {**told, "share_of_new_content": share}
        current = {**outcome.evidence["current"], "share_of_new_content": outcome.effect}
        evidence = {**outcome.evidence, "detectable": detectable, "current": current}
        return dataclasses.replace(outcome, evidence=evidence)


def _no_figures(now: Rows, before: Rows) -> dict[str, float]:
    return {}


def content_of(samples: Sequence[WindowSample]) -> Rows:
    """(k, d) the embeddings of some windows."""
    return np.concatenate([s.rows for s in samples])


def set_apart(
    reference: Reference, rows_of: Callable[[Sequence[WindowSample]], Rows]
) -> tuple[Reference, Rows]:
    """The reference without some rows, and these: what a distance learns (directions, places, widths) must
    not come from rows that it then compares, which would look more usual than they are.
    """
    used = [w for w in reference.windows if len(w.rows)]
    total = sum(len(w.rows) for w in used)
    if reference.pool is not None and total < len(reference.pool):
        step = max(3, -(-len(reference.pool) // _SAMPLE))
        apart = np.arange(len(reference.pool)) % step == 0
        pool = reference.pool.astype(np.float32)
        return dataclasses.replace(reference, pool=pool[~apart]), pool[apart]
    step = max(3, -(-total // _SAMPLE))
    left: list[WindowSample] = []
    taken: list[WindowSample] = []
    place = 0
    for window in used:
        apart = (np.arange(len(window.rows)) + place) % step == 0
        place += len(window.rows)
        for chosen, side in ((~apart, left), (apart, taken)):
            keys = tuple(itertools.compress(window.keys, chosen.tolist()))
            side.append(dataclasses.replace(window, rows=window.rows[chosen], keys=keys))
    whole = None if reference.pool is None else reference.pool.astype(np.float32)
    return dataclasses.replace(reference, windows=tuple(left), pool=whole), rows_of(taken)


@dataclass(frozen=True, kw_only=True)
class EmbeddingCheck:
    """The distribution of embeddings by one distance; see the page of each check.

    Attributes:
        unit: of the value.
        make: the distance, given a sample of the reference (k, d). rows_of: rows of windows, content first.
        square: whether the distance's square grows as a squared distance does. figures: more evidence of the
        present and the reference's rows. beside: other fields of the component that `rows_of` reads.
    """

    name: str
    title: str
    unit: str
    make: Callable[[Rows], Sampled]
    rows_of: Callable[[Sequence[WindowSample]], Rows] = content_of
    square: bool = False
    figures: Callable[[Rows, Rows], dict[str, float]] = _no_figures
    blocks: int = BLOCKS
    fields: frozenset[str] = frozenset({"input_text", "output_text"})
    kinds: tuple[ReferenceKind, ...] = ("drift", "skew")
    data: DataKind = "embedding"
    default_on: bool = False
    beside: frozenset[str] = frozenset()

    def concern(self, field: str) -> Concern:
        """`input` or `output`."""
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> EmbeddingFitted | NotReady:
        """Learn how far quiet blocks lay from the others."""
        why = missing(reference, settings) or too_uniform(reference)
        if why is not None:
            return NotReady(reason=why)
        skew = reference.pool is not None
        left, sample = set_apart(reference, self.rows_of)
        used = [w for w in left.windows if len(w.rows)]
        history = self.rows_of(used) if used else np.empty((0, 0), dtype=np.float32)
        rows = history if left.pool is None else left.pool
        dimension = (left.pool if left.pool is not None else used[0].rows).shape[1]
        distance = self.make(sample)
        view = EmbeddingView(self, distance, sample, dimension, seed)
        chosen = settings.skew_margin if skew else settings.margin
        fitted = EmbeddingFitted(
            distance=distance,
            pool=None if left.pool is None else rows,
            reference_rows=reference_rows(reference),
            reference_figures={},
            blocks=PastBlocks(
                left,
                history,
                distance,
                seed=seed,
                pool_rows=len(rows) if skew else None,
                most=self.blocks,
                grid=GRID,
            ),
            view=view,
            settings=settings,
            margin=(SKEW_MARGIN if skew else MARGIN) if chosen is None else chosen,
        )
        fitted.view = view
        return fitted
