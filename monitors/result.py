"""What a check says, and what the warehouse keeps of it.

`ok` and `breach` always carry a value; `no_data` and `error` never do. The reason is a sentence for
people. Nothing is ever a bare boolean, and no data is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import datetime
from typing import Any, Literal

from collectors.model import content_hash

ResultStatus = Literal["ok", "breach", "no_data", "error"]
ReferenceKind = Literal["skew", "drift", "level"]
Concern = Literal["input", "output", "latency", "errors", "cost", "quality", "no_data", "monitoring"]


@dataclass(frozen=True, kw_only=True, order=True)
class Window:
    """A half-open interval of time, [start, end), in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a window must end after it starts: {self.start} .. {self.end}")


@dataclass(frozen=True, kw_only=True)
class Result:
    """One monitor's answer for one window.

    Attributes:
        monitor: check/chain/component/field/reference_kind, unique in an installation.
        concern: what it is about; the dashboard and the root cause group by it (kept in evidence).
        value, threshold, unit: what people see; a breach is always explained by `reason`.
        p_value: chance of this or more under no change, given the noise that was learnt; None without one.
        effect, effect_unit: how much changed, in words people use ("share of new content", "ratio of p95").
        evidence: see docs/reference/evidence.md for the keys.
        labels: what a rule adds to the labels of its alert: its name, and what it counts by.
    """

    monitor: str
    check_name: str
    chain: str
    component: str
    field: str
    reference_kind: ReferenceKind
    concern: Concern
    window: Window
    reference: Window | None = None
    reference_name: str | None = None
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
    evidence: Mapping[str, Any] = _field(default_factory=dict)
    labels: Mapping[str, str] = _field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.status in ("ok", "breach") and self.value is None:
            raise ValueError(f"{self.monitor}: a result that is {self.status} needs a value")
        if self.status in ("no_data", "error") and self.value is not None:
            raise ValueError(f"{self.monitor}: a result that is {self.status} has no value")

    @property
    def result_id(self) -> str:
        """The same monitor and window always give the same row: a second run replaces it."""
        return content_hash(self.monitor, self.window.end.isoformat())


def monitor_name(check_name: str, chain: str, component: str, field_name: str, reference_kind: str) -> str:
    """The unique name of a monitor.

    >>> monitor_name("mmd", "support", "retriever", "output_text", "drift")
    'mmd/support/retriever/output_text/drift'
    """
    return "/".join((check_name, chain, component, field_name, reference_kind))
