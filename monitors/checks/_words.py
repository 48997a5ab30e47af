"""What the checks on words share: texts as the numbers of their words, and how often texts have each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import Reference, WindowSample
from monitors.explain_terms import PRIOR_WEIGHT, words
from monitors.statistics.log_odds import log_odds

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
FIELDS = frozenset({"input_words", "output_words"})
MOST_TERMS = 10
_NONE = np.zeros(0, dtype=np.int64)
_WINDOWS_KEPT = 64


class Vocabulary:
    """Numbers of words: those of the reference, and of what came after it, in the order they came in."""

    def __init__(self, reference: Reference) -> None:
        self._numbers: dict[str, int] = {}
        self._kept: dict[tuple[object, ...], NDArray[Any]] = {}
        used = [w for w in reference.windows if len(w.rows)]
        rows = [self._encoded(text) for w in used for text in w.rows[:, 0]]
        self.rows = _objects(rows)
        self.size = len(self._numbers)
        self._names: list[str] = list(self._numbers)

    def of(self, samples: Sequence[WindowSample]) -> NDArray[Any]:
        """(k,) objects: the numbers of each text's words, each word once."""
        return np.concatenate([self._window(s) for s in samples])

    def names(self, numbers: Sequence[int]) -> list[str]:
        """The words with these numbers."""
        if len(self._names) < len(self._numbers):
            self._names = list(self._numbers)
        return [self._names[i] for i in numbers]

    def _window(self, sample: WindowSample) -> NDArray[Any]:
        key = (sample.window, sample.n, len(sample.rows), sample.keys[:1], sample.keys[-1:])
        if key not in self._kept:
            if len(self._kept) >= _WINDOWS_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _objects([self._encoded(text) for text in sample.rows[:, 0]])
        return self._kept[key]

    def _encoded(self, text: str) -> Numbers:
        numbers = self._numbers
        found = [numbers.setdefault(word, len(numbers)) for word in sorted(words(text))]
        return np.array(found, dtype=np.int64) if found else _NONE


def counts(rows: NDArray[Any], size: int = 0) -> Floats:
    """(V,) in how many of the texts each word stands; V is at least `size`."""
    together = np.concatenate([*rows, _NONE])
    return np.bincount(together, minlength=size).astype(np.float64)


def both(rows: NDArray[Any], prepared: Floats) -> tuple[Floats, Floats]:
    """Counts of the rows and of the reference, of the same words."""
    now = counts(rows, len(prepared))
    return now, np.concatenate([prepared, np.zeros(len(now) - len(prepared))])


def strengths(now: Floats, before: Floats) -> tuple[Floats, Floats]:
    """(V,) log-odds and standard errors of every word, 0 for words that neither side has."""
    odds, z = np.zeros(len(now)), np.zeros(len(now))
    there = np.flatnonzero(now + before)
    odds[there], z[there] = log_odds(now[there], before[there], PRIOR_WEIGHT * (now + before)[there])
    return odds, z


def terms(vocabulary: Vocabulary, now: Floats, before: Floats, *, least: float) -> dict[str, Any]:
    """New and lost words, as explanations have them: those at least `least` standard errors away."""
    odds, z = strengths(now, before)

    def told(order: Numbers) -> list[dict[str, Any]]:
        chosen = [int(i) for i in order[:MOST_TERMS] if abs(z[i]) >= least]
        names = vocabulary.names(chosen)
        return [
            {"term": name, "odds": float(odds[i]), "z": float(z[i])}
            for name, i in zip(names, chosen, strict=True)
        ]

    order = np.argsort(-z, kind="stable")
    return {
        "new": [t for t in told(order) if t["z"] > 0],
        "lost": [t for t in told(order[::-1]) if t["z"] < 0],
    }


def _objects(rows: Sequence[Numbers]) -> NDArray[Any]:
    made = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        made[i] = row
    return made
