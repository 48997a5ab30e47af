"""The contract of a check: what it is given, what it answers, and what people may set.

A check is fitted once to a reference (`fit`, once a day of event time) and then asked about each
window (`evaluate`, a few milliseconds). Both are pure: no clock, no network, no warehouse; randomness
comes from `seed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.result import Concern, ReferenceKind, ResultStatus, Window
from monitors.sketches.text_sketch import TextSketch

Floats = NDArray[np.float64]
DataKind = Literal["embedding", "number", "text", "category"]


@dataclass(frozen=True, kw_only=True)
class WindowSample:
    """One stream in one window.

    Attributes:
        window: the interval of time.
        n: rows in the window, not only the sampled ones; 0 for an empty window.
        rows: (k, d) float32 embeddings with unit rows, (k, 1) float64 numbers, or (k, 1) objects: str texts
            or names of categories; k <= cap.
        keys: k keys "trace_id/span_id", for evidence.
        stored_sketch: gives the sketch of the same rows, where it need not be made of them.
    """

    window: Window
    n: int
    rows: NDArray[Any]
    keys: tuple[str, ...]
    stored_sketch: Callable[[], TextSketch] | None = field(default=None, repr=False, compare=False)

    @property
    def sketch(self) -> TextSketch:
        """Of embeddings: their mergeable sums, as they are stored, or made of the rows."""
        if self.stored_sketch is not None:
            return self.stored_sketch()
        return TextSketch.of(self.rows, self.keys, n=self.n, n_missing=0)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a window is compared with.

    Attributes:
        kind: 'drift' is earlier production; 'skew' is an evaluation set.
        name: for people, such as "production 2026-03-01 .. 2026-03-08" or the evaluation set's name.
        windows: drift: quiet production windows in time order; skew: production windows, for the noise only.
        pool: skew: (m, d) rows of the evaluation set; None for drift.
    """

    kind: ReferenceKind
    name: str
    windows: tuple[WindowSample, ...]
    pool: NDArray[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a check says of one window; field names and rules as in `monitors.result.Result`.

    detectable: works out the evidence of that name, which is a good part of the work and only wanted of the
    last window of a run; None where the evidence has it already, or there is none.
    """

    status: ResultStatus
    value: float | None = None
    threshold: float | None = None
    unit: str | None = None
    p_value: float | None = None
    effect: float | None = None
    effect_unit: str | None = None
    n_current: int | None = None
    n_reference: int | None = None
    n_sampled: int | None = None
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    detectable: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class NotReady:
    """The reference is too short for this check; `reason` says what is missing and when it will be there."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """What people may set; the defaults are those of the package.

    Attributes:
        scales: how many of the last windows are taken together; each is one test (divided for in the check).
        min_rows: a scale with fewer sampled rows is not tested.
        min_reference_windows, min_reference_rows: a shorter drift reference is not ready.
        min_pool_rows: a smaller evaluation set is not ready.
        margin, skew_margin: the smallest change that matters, in the check's own unit (see its page);
            None takes the check's default. A change below it is never a breach, however certain.
        skew_span: skew looks at the last windows that cover this much time (at most scales[-1] windows).
    """

    scales: tuple[int, ...] = (1, 2, 4, 8, 24)
    min_rows: int = 20
    min_reference_windows: int = 24
    min_reference_rows: int = 200
    min_pool_rows: int = 50
    margin: float | None = None
    skew_margin: float | None = None
    skew_span: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if (
            not self.scales
            or any(s < 1 for s in self.scales)
            or list(self.scales) != sorted(set(self.scales))
        ):
            raise ValueError(f"scales must be positive and increasing, not {self.scales}")
        for name in ("min_rows", "min_reference_windows", "min_reference_rows", "min_pool_rows"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be at least 2, not {getattr(self, name)}")


class Fitted(Protocol):
    """A check that has learnt its reference."""

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window of `recent`.

        recent: up to scales[-1] consecutive windows, oldest first, the last one is in question; empty
        windows have n = 0. alpha: the chance of a false breach in this window that may be spent; the check
        divides it further by its own number of scales.
        """
        ...


class Check(Protocol):
    """One kind of comparison. Every file of this package has one as `CHECK`.

    Attributes:
        name: the file's name.
        title: for people.
        fields: patterns (fnmatch) of the fields it applies to, such as "output_text" or "quality.*".
        kinds: the references it can be fitted to.
        data: what `WindowSample.rows` must hold.
        default_on: whether it runs without being asked for.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def fields(self) -> frozenset[str]: ...
    @property
    def kinds(self) -> tuple[ReferenceKind, ...]: ...
    @property
    def data(self) -> DataKind: ...
    @property
    def default_on(self) -> bool: ...

    def concern(self, field: str) -> Concern:
        """What a breach on `field` is about."""
        ...

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> Fitted | NotReady:
        """Learn the reference, or say what is missing."""
        ...


def applies(check: Check, field_name: str) -> bool:
    """Whether `check` watches the field.

    >>> from monitors.checks import CHECKS
    >>> applies(CHECKS.get("quality"), "quality.groundedness")
    True
    """
    return any(fnmatchcase(field_name, pattern) for pattern in check.fields)


def text_concern(field_name: str) -> Concern:
    """`input` for what goes into a component, `output` for what comes out of it.

    >>> text_concern("input_tokens"), text_concern("output_text")
    ('input', 'output')
    """
    return "input" if field_name.startswith("input") else "output"
