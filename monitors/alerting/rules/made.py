"""A result that a rule made, beside those of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitors.alerting.rules.config import QUALITY
from monitors.alerting.rules.series import Series
from monitors.checks.base import text_concern
from monitors.result import Concern, Result, ResultStatus, Window, monitor_name

_CONCERNS: Mapping[str, Concern] = {
    "duration_s": "latency",
    "time_to_first_token_s": "latency",
    "status": "errors",
    "cost_usd": "cost",
}


def concern_of(field: str) -> Concern:
    """What a figure of `field` is about.

    >>> concern_of("duration_s"), concern_of("quality.readability"), concern_of("input_tokens")
    ('latency', 'quality', 'input')
    """
    if field.startswith(QUALITY):
        return "quality"
    return _CONCERNS.get(field) or text_concern(field)


def made(
    kind: str,
    rule: str,
    series: Series,
    field: str,
    window: Window,
    *,
    concern: Concern,
    status: ResultStatus,
    reason: str,
    value: float | None = None,
    threshold: float | None = None,
    unit: str | None = None,
    n: int | None = None,
    evidence: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Result:
    """The result of one rule for one series and window; `value` and `threshold` only where there are data."""
    told = {"rule": rule, **dict(series.by), **(labels or {})}
    parts = [rule, *(f"{name}={value}" for name, value in told.items() if name != "rule")]
    has_value = status in ("ok", "breach")
    return Result(
        monitor=monitor_name(f"{kind}({', '.join(parts)})", series.chain, series.component, field, "level"),
        check_name=kind,
        chain=series.chain,
        component=series.component,
        field=field,
        reference_kind="level",
        concern=concern,
        window=window,
        status=status,
        value=value if has_value else None,
        threshold=threshold,
        unit=unit,
        n_current=n,
        reason=reason,
        evidence=evidence or {},
        labels=told,
    )
