"""How many words of a text did the reference never use? See docs/checks/oov_share.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitors.checks._names import groups_of
from monitors.checks._numbers import NumberFitted, Reading
from monitors.checks._words import FIELDS
from monitors.checks.base import (
    CheckSettings,
    DataKind,
    NotReady,
    Outcome,
    Reference,
    WindowSample,
    text_concern,
)
from monitors.explain_terms import words
from monitors.features_numbers import level_feature
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

Floats = NDArray[np.float64]
MARGIN = 0.03


class ShareView:
    """Reads a test as a mean share of unknown words against the expected one."""

    unit = row_unit = "share of words"
    effect_unit = "more of all words"
    worse = 1

    def __init__(self, reference: Floats) -> None:
        self.reference = reference

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        expected, value = float(test.prediction.mean[0]), float(values.mean())
        return Reading(
            value=value,
            expected=expected,
            effect=value - expected,
            relevant=value - expected >= margin,
            said=f"{value:.1%} of a text's words are new, {expected:.1%} expected",
        )

    def threshold(self, reading: Reading, critical: float, margin: float) -> float:
        return reading.expected + max(margin, critical)

    def figures(self, values: Floats) -> dict[str, float]:
        return {"share_of_unknown_words": float(values.mean()), "p95": float(np.quantile(values, 0.95))}

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        return values


class UnknownWordsFitted:
    """Texts as shares of unknown words, and their usual level."""

    def __init__(self, reference: Reference, settings: CheckSettings, margin: float) -> None:
        used = [w for w in reference.windows if len(w.rows)]
        groups = groups_of(used)
        seen: dict[str, int] = {}
        for group, window in zip(groups, used, strict=True):
            for text in window.rows[:, 0]:
                for word in words(text):
                    seen[word] = group if seen.get(word, group) == group else -1
        self._known = frozenset(seen)
        # What a text of the reference brings that no other day has: what a new day may bring.
        history = [
            _numbers(w, [_share(words(t), seen, g) for t in w.rows[:, 0]])
            for g, w in zip(groups, used, strict=True)
        ]
        view = ShareView(np.sort(np.concatenate([w.rows[:, 0] for w in history])))
        self._inner = NumberFitted(
            reference=replace(reference, windows=tuple(history)),
            features=level_feature("up"),
            view=view,
            settings=settings,
            margin=margin,
        )

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        outcome = self._inner.evaluate([self._told(s) for s in recent], alpha=alpha)
        if outcome.threshold is None:
            return outcome
        detectable = {"value": outcome.threshold, "unit": ShareView.unit, "rows": outcome.n_sampled}
        return replace(outcome, evidence={**outcome.evidence, "detectable": detectable})

    def _told(self, sample: WindowSample) -> WindowSample:
        shares = []
        for text in sample.rows[:, 0]:
            found = words(text)
            shares.append(sum(w not in self._known for w in found) / len(found) if found else 0.0)
        return _numbers(sample, shares)


class UnknownWordsCheck:
    """More words than usual that the reference does not have; fewer are no breach."""

    name = "oov_share"
    title = "Share of unknown words"
    fields = FIELDS
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "text"
    default_on = False

    def concern(self, field: str) -> Concern:
        return text_concern(field)

    def fit(
        self, reference: Reference, *, settings: CheckSettings, seed: int
    ) -> UnknownWordsFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        return UnknownWordsFitted(reference, settings, MARGIN if settings.margin is None else settings.margin)


def _share(found: frozenset[str], seen: dict[str, int], group: int) -> float:
    return sum(seen[w] == group for w in found) / len(found) if found else 0.0


def _numbers(sample: WindowSample, values: Sequence[float]) -> WindowSample:
    return replace(sample, rows=np.array(values, dtype=np.float64).reshape(-1, 1))


CHECK = UnknownWordsCheck()
