"""[[alerts.threshold]]: a figure of a window against a number."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.alerting.rules.config import Statistic, ThresholdRule
from monitors.alerting.rules.made import concern_of, made
from monitors.alerting.rules.series import Figures
from monitors.result import Result, ResultStatus, Window

_UNITS = {
    "duration_s": "s",
    "time_to_first_token_s": "s",
    "cost_usd": "USD",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
}


def threshold_results(rule: ThresholdRule, figures: Iterable[Figures], window: Window) -> list[Result]:
    """The results of `rule` for one window, a series at a time.

    A series without any request in the window has no result; one with fewer than `min_requests` has no data.
    """
    limit = rule.above if rule.above is not None else rule.below
    assert limit is not None
    side = "above" if rule.above is not None else "below"
    unit = unit_of(rule.field, rule.statistic)
    results = []
    for found in figures:
        if found.window != window:
            continue
        name = f"{rule.statistic} of {rule.field}" if rule.field != "status" else "error rate"
        status: ResultStatus
        if found.n < rule.min_requests:
            status, reason = "no_data", f"{found.n} requests; the rule needs {rule.min_requests}"
        else:
            beyond = found.value > limit if rule.above is not None else found.value < limit
            status = "breach" if beyond else "ok"
            is_beyond = side if beyond else f"not {side}"
            reason = f"{name} is {found.value:.4g}, {is_beyond} {limit:g} (rule {rule.name})"
        results.append(
            made(
                "threshold",
                rule.name,
                found.series,
                rule.field,
                window,
                concern=concern_of(rule.field),
                status=status,
                reason=reason,
                value=found.value,
                threshold=limit,
                unit=unit,
                n=found.n,
                evidence=_folded(found),
            )
        )
    return results


def unit_of(field: str, statistic: Statistic) -> str | None:
    """The unit of a statistic of a field; None where it has none."""
    if statistic == "count":
        return "requests"
    if field == "status":
        return "errors" if statistic == "sum" else "share"
    return _UNITS.get(field)


def _folded(found: Figures) -> dict[str, object]:
    return {"folded_series": found.folded} if found.folded > 1 else {}
