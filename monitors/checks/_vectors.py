"""What the checks on embeddings share: from the tests of `noise_vectors` to an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.checks._numbers import chance, consistent, nothing, spanned, split_key
from monitors.checks.base import CheckSettings, Outcome, Reference, WindowSample
from monitors.detectable import Look, hours_of, longest_of, smallest
from monitors.detectable import evidence as detectable
from monitors.features_embedding import sample_rows
from monitors.noise_scales import no_rows
from monitors.noise_vectors import VectorModel, VectorTest

Floats = NDArray[np.float64]
MARGIN, SKEW_MARGIN = 0.05, 0.25  # share of new content
MOST_ALIKE = 0.9  # share of rows that are one and the same text
_EXAMPLES = 10


class View(Protocol):
    """How one check reads a test: its value and words."""

    unit: str
    label: str

    def value(self, test: VectorTest) -> float:
        """The value of the test's windows."""
        ...

    def threshold(self, test: VectorTest, value: float, factor: float) -> float:
        """The value if the shift were `factor` times as large."""
        ...

    def figures(self, test: VectorTest) -> dict[str, float]:
        """More evidence, only worked out for a breach."""
        ...


def reference_sample(reference: Reference, limit: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """At most `limit` rows of what the check compares with, seeded: the evaluation set, else production."""
    groups = [w.rows for w in reference.windows if len(w.rows)]
    return sample_rows(groups if reference.pool is None else [reference.pool.astype(np.float32)], limit, rng)


def too_uniform(reference: Reference) -> str | None:
    """Why embeddings are no evidence here, or None: nearly all texts are the same.

    One text among them that differs is then a jump of the mean without any noise to measure it by. How often
    such texts come is a matter of rates and lengths.
    """
    groups = (
        [w.rows for w in reference.windows if len(w.rows)] if reference.pool is None else [reference.pool]
    )
    firsts = np.concatenate([rows[:, 0] for rows in groups]) if groups else np.empty(0)
    # Texts that are the same have the same first number, and numbers are counted much faster.
    if np.unique(firsts, return_counts=True)[1].max(initial=0) <= MOST_ALIKE * firsts.size:
        return None
    counts = Counter(row.tobytes() for rows in groups for row in np.ascontiguousarray(rows))
    share = max(counts.values(), default=0) / max(1, counts.total())
    if share <= MOST_ALIKE:
        return None
    return (
        f"{share:.0%} of the reference's texts are one and the same: embeddings say nothing of the rest; "
        "their lengths do"
    )


class VectorFitted:
    """A check on embeddings that has learnt its reference."""

    def __init__(
        self, *, reference: Reference, model: VectorModel, view: View, settings: CheckSettings
    ) -> None:
        self.model, self.view, self.settings = model, view, settings
        skew = reference.kind == "skew"
        chosen = settings.skew_margin if skew else settings.margin
        self.margin = (SKEW_MARGIN if skew else MARGIN) if chosen is None else chosen
        rows = reference.pool if reference.pool is not None else None
        self.reference_rows = sum(len(w.rows) for w in reference.windows) if rows is None else len(rows)

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self.reference_rows)
        tests = self.model.tests(recent, self.settings, alpha=alpha)
        if not tests:
            return no_rows(recent, self.settings, self.reference_rows)
        breaches = [t for t in tests if t.p <= alpha and t.ongoing and self.share(t) >= self.margin]
        test = min(breaches or tests, key=lambda t: t.p)
        share, value = self.share(test), self.view.value(test)
        length = float(test.shift @ test.shift)
        relevant = np.sqrt(
            ((self.margin * self.model.topic) ** 2 + test.variance.sum()) / max(length, 1e-300)
        )
        needed = self.view.threshold(test, value, max(test.critical, float(relevant)))
        return Outcome(
            status="breach" if breaches else "ok",
            value=value,
            threshold=consistent(needed, value, 1, breach=bool(breaches)),
            unit=self.view.unit,
            p_value=test.p,
            effect=share,
            effect_unit="share of new content",
            n_current=test.scale.requests,
            n_reference=self.reference_rows,
            n_sampled=test.scale.rows,
            reason=self._reason(test, value, share, alpha, breach=bool(breaches)),
            evidence=self._evidence(recent, test, share, breach=bool(breaches)),
            detectable=partial(self.detectable, tests),
        )

    def detectable(self, tests: Sequence[VectorTest]) -> dict[str, Any]:
        """What share of a new topic is seen, and how soon."""
        used = [tests[i] for i in longest_of([t.scale for t in tests])]
        looks = [Look(hours=hours_of(t.scale), chance=self.model.chance(t, self.margin)) for t in used]
        return detectable(
            smallest(looks, most=1.0),
            tests[-1].scale,
            unit="share of new content",
            rows="texts",
            change="a new topic of {}",
            size="{:.0%}",
        )

    def share(self, test: VectorTest) -> float:
        """The share of new content, as far from the rest as a topic usually is, that moves the mean as
        far.
        """
        return min(1.0, float(np.sqrt(max(test.squared_size, 0.0))) / self.model.topic)

    def _reason(self, test: VectorTest, value: float, share: float, alpha: float, *, breach: bool) -> str:
        span = spanned(test.scale.windows, test.scale.rows)
        words = f"{self.view.label} {value:.3g} in {span}: as if {share:.0%} of the content were new"
        if breach:
            return f"{words}, {chance(test.p)}"
        if test.p <= alpha and not test.ongoing:
            return f"{words}, but the latest requests are back to normal"
        if test.p <= alpha:
            return f"{words}: certain, but less than the {self.margin:.0%} that matter"
        return f"{self.view.label} {value:.3g} in {span}: within the usual noise, {chance(test.p)}"

    def _evidence(
        self, recent: Sequence[WindowSample], test: VectorTest, share: float, *, breach: bool
    ) -> dict[str, Any]:
        noise = self.model.level.noise
        usual = noise.weights.mean(axis=1)
        evidence: dict[str, Any] = {
            "current": {"share_of_new_content": share},
            "reference": {"topic_distance": self.model.topic},
            "scale_windows": test.scale.windows,
            "sampled": {"rows": test.scale.rows, "requests": test.scale.requests},
            "noise": {
                "wander_of_day_sd": float(np.sqrt(usual @ noise.grid.day)),
                "wander_of_window_sd": float(np.sqrt(usual @ noise.grid.white)),
                "repeats": float(usual @ noise.grid.repeats),
            },
        }
        if not breach:
            return evidence
        evidence["current"] |= self.view.figures(test)
        evidence["change_point"] = self.model.change_point(recent, test).evidence()
        novelty = self.model.novelty(test)
        keys = [key for sample in test.scale.samples for key in sample.keys]
        evidence["examples"] = [
            {
                **split_key(keys[i]),
                "why": "furthest in the direction of the change",
                "score": float(novelty[i]),
            }
            for i in np.argsort(-novelty, kind="stable")[:_EXAMPLES]
        ]
        return evidence
