"""[alerts.did_not_run]: a check that fails, or a judge that stops, raises an alert by itself.

They are no part of any chain: their alerts stand under the chain `chainwatch`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from monitors.alerting.rules.config import DidNotRunRule
from monitors.alerting.rules.made import made
from monitors.alerting.rules.series import Series
from monitors.result import Result, Window

OURSELVES = "chainwatch"
RUNS = "runs"


@dataclass(frozen=True, kw_only=True)
class JudgeRan:
    """How a judge's part of a run ended; `stopped` says why it ended early."""

    judge: str
    stopped: str | None


def did_not_run_results(
    rule: DidNotRunRule,
    results: Sequence[Result],
    judges: Sequence[JudgeRan],
    window: Window,
    *,
    watched: Collection[str],
) -> list[Result]:
    """One result for each check with monitors that failed in `window` and each judge that stopped.

    Args:
        results: of every monitor in the window.
        watched: components of alerts that may still fire, such as `check mmd`: told of when they are well.
    """
    if not rule.enabled:
        return []
    by_check: dict[str, list[Result]] = {}
    for result in results:
        by_check.setdefault(result.check_name, []).append(result)
    found = []
    for check, mine in sorted(by_check.items()):
        failed = [r for r in mine if r.status == "error"]
        reason = f"{len(failed)} of {len(mine)} monitors failed: {failed[0].reason}" if failed else "it ran"
        found.append((f"check {check}", len(failed), "monitors that failed", reason))
    for ran in judges:
        reason = f"it {ran.stopped}" if ran.stopped else "it ran"
        found.append((f"judge {ran.judge}", int(ran.stopped is not None), "runs that stopped", reason))
    return [
        made(
            "did_not_run",
            rule.name,
            Series(chain=OURSELVES, component=component),
            RUNS,
            window,
            concern="monitoring",
            status="breach" if failures else "ok",
            reason=reason,
            value=float(failures),
            threshold=0.0,
            unit=unit,
        )
        for component, failures, unit, reason in found
        if (failures or component in watched) and rule.takes({"component": component})
    ]
