"""Are other words used, or the same words at other rates? See docs/checks/vocabulary.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._distances import Reading
from monitors.checks._past_blocks import ROOT, Usual
from monitors.checks._word_check import WordCheck
from monitors.checks._words import Vocabulary, both, counts, strengths, terms
from monitors.checks.base import WindowSample
from monitors.noise_scales import STILL_THERE
from monitors.statistics.number_distances import jensen_shannon

Floats = NDArray[np.float64]
MARGIN = 0.05
_LEAST_Z = 2.0
# A share s of words that the reference does not have is a divergence of s / 2 bits, and little more.
_BITS_A_SHARE = 0.5


class WordShares:
    """The Jensen-Shannon divergence of how often texts have each word."""

    power = ROOT

    def prepare(self, rows: NDArray[Any]) -> Floats:
        return counts(rows)

    def between(self, rows: NDArray[Any], prepared: Floats) -> float:
        return jensen_shannon(*both(rows, prepared)) if any(len(r) for r in rows) else 0.0


class VocabularyView:
    """The divergence as the share of new words that would be as far."""

    unit = "bits"
    effect_unit = "share of new words"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._before = counts(vocabulary.rows)

    def rows(self, samples: Sequence[WindowSample]) -> NDArray[Any]:
        return self._vocabulary.of(samples)

    def effect(self, reading: Reading) -> float:
        return min(1.0, reading.excess / _BITS_A_SHARE)

    def size(self, reading: Reading) -> float:
        return self.effect(reading)

    def edge(self, usual: Usual, margin: float) -> float:
        return usual.level + margin * _BITS_A_SHARE

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        return late_excess >= STILL_THERE * reading.excess

    def said(self, reading: Reading) -> str:
        share = self.effect(reading)
        return f"divergence of words {reading.value:.3g} bits, as if {share:.1%} of the words were new,"

    def figures(self, rows: NDArray[Any]) -> dict[str, float]:
        sizes = [len(r) for r in rows]
        return {"different words a text": float(np.mean(sizes)), "texts": float(len(sizes))}

    def extremity(self, rows: NDArray[Any]) -> Floats:
        """(k,) standard errors of a text's words, on average: how typical its words are of the change."""
        z = strengths(*both(rows, self._before))[1]
        return np.array([float(z[r].mean()) if len(r) else 0.0 for r in rows])

    def more(self, reading: Reading) -> dict[str, Any]:
        now, before = both(reading.rows, self._before)
        return {"terms": terms(self._vocabulary, now, before, least=_LEAST_Z)}


# Any change of the words that are used.
CHECK = WordCheck(
    name="vocabulary",
    title="Vocabulary change",
    distance=WordShares(),
    view=VocabularyView,
    margin=MARGIN,
)
