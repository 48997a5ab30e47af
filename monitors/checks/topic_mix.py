"""Do the topics of the reference have other shares than before? See docs/checks/topic_mix.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitors.checks._categories import CategoriesFitted
from monitors.checks._topic_check import TopicCheck
from monitors.checks._topics import rows_of, topic_evidence
from monitors.checks.base import (
    CheckSettings,
    Outcome,
    Reference,
    WindowSample,
)
from monitors.noise_cache import WindowCache
from monitors.statistics.topics import find_topics

MARGIN = 0.05  # of all rows
COUNTS = (2, 3, 4, 5, 6, 8, 10, 12)  # each topic has a test of its own


class TopicMixFitted:
    """Topics of the reference, their usual shares and how these wander."""

    def __init__(self, reference: Reference, settings: CheckSettings) -> None:
        used = [w for w in reference.windows if len(w.rows)]
        rows = rows_of(used)
        self._topics = find_topics(rows, counts=COUNTS)
        self._of_reference = self._topics.of(rows)
        self._cache = WindowCache()
        named = replace(reference, windows=tuple(self._named(w) for w in used))
        margin = MARGIN if settings.margin is None else settings.margin
        self._shares = CategoriesFitted(named, settings, margin=margin, up_only=None)

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        outcome = self._shares.evaluate([self._named(s) for s in recent], alpha=alpha)
        if "scale_windows" not in outcome.evidence:
            return outcome
        found = {"topics": len(self._topics.centres), "silhouette": self._topics.silhouette}
        evidence = {**outcome.evidence, "found": found}
        name = str(evidence["name"])
        if outcome.status == "breach" and name in (known := self._names()):
            number = known.index(name)
            samples = [s for s in recent[-int(evidence["scale_windows"]) :] if len(s.rows)]
            labels = np.concatenate([self._labels(s) for s in samples]).astype(np.int64)
            evidence["topic"] = topic_evidence(
                number + 1,
                labels == number,
                samples,
                usual=float(evidence["reference"]["share"]),
                reference_rows=np.flatnonzero(self._of_reference == number),
            )
        return replace(outcome, evidence=evidence)

    def _names(self) -> list[str]:
        return [f"topic {i + 1}" for i in range(len(self._topics.centres))]

    def _labels(self, sample: WindowSample) -> NDArray[np.float64]:
        return self._cache.get(sample, lambda s: self._topics.of(s.rows).astype(np.float64))

    def _named(self, sample: WindowSample) -> WindowSample:
        """The window with the name of its topic for each row."""
        if not len(sample.rows):
            return sample
        names = np.array(self._names(), dtype=object)[self._labels(sample).astype(np.int64)]
        return WindowSample(window=sample.window, n=sample.n, rows=names[:, None], keys=sample.keys)


CHECK = TopicCheck(name="topic_mix", title="Mix of topics", learn=TopicMixFitted)
