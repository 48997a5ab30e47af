"""What the checks on users' signs share: the share of answers, requests or sessions with a bad sign.

The tail is that of `_categories`: beta-binomial, with the rate and its wander as windows and days show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from monitors.checks._categories import CategoriesFitted
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, WindowSample
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind, Window

# Users say little: a week with one sign in three hours is enough to learn a share from, and its wander is
# then taken for large.
_LEAST_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class SignCheck:
    """One kind of sign, 1 for a bad one; only more of them is a breach.

    Attributes:
        sign: what a bad one is called. margin: the smallest change that matters, in shares.
    """

    name: str
    title: str
    field: str
    sign: str
    margin: float
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "number"
    default_on: bool = True

    @property
    def fields(self) -> frozenset[str]:
        """The one that it watches."""
        return frozenset({self.field})

    def concern(self, field: str) -> Concern:
        """Users judge quality."""
        return "quality"

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> CategoriesFitted | NotReady:
        """Learn the usual share and how it wanders."""
        least = min(settings.min_reference_rows, _LEAST_ROWS)
        why = missing(reference, replace(settings, min_reference_rows=least))
        if why is not None:
            return NotReady(reason=why)
        margin = self.margin if settings.margin is None else settings.margin
        reference = replace(reference, windows=tuple(pooled(reference.windows, settings.min_rows)))
        return CategoriesFitted(reference, settings, margin=margin, up_only=self.sign, told=self._told)

    @property
    def _told(self) -> Callable[[float], str]:
        return partial(_name, self.sign)


def pooled(windows: Iterable[WindowSample], least: int) -> list[WindowSample]:
    """Neighbouring windows of one UTC day taken together until they have `least` rows.

    The last of a day may have less. Windows with a few rows each cannot say that the share does not wander,
    however many they are.
    """
    made: list[list[WindowSample]] = []
    for window in windows:
        if not len(window.rows):
            continue
        last = made[-1] if made else []
        if last and last[0].window.start.date() == window.window.start.date() and _rows(last) < least:
            last.append(window)
        else:
            made.append([window])
    return [_together(parts) for parts in made]


def _rows(windows: Sequence[WindowSample]) -> int:
    return sum(len(w.rows) for w in windows)


def _together(parts: Sequence[WindowSample]) -> WindowSample:
    if len(parts) == 1:
        return parts[0]
    return WindowSample(
        window=Window(start=parts[0].window.start, end=parts[-1].window.end),
        n=sum(p.n for p in parts),
        rows=np.concatenate([p.rows for p in parts]),
        keys=tuple(key for p in parts for key in p.keys),
    )


def _name(sign: str, value: float) -> str:
    """The name of one row."""
    return sign if value > 0.5 else f"not {sign}"
