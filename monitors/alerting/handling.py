"""How a breach is handled: by which rule, for how long it must last, how bad it is, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitors.alerting.alert import Severity, labels_of
from monitors.alerting.config import AlertsConfig
from monitors.alerting.rules.base import Rule
from monitors.result import Result


@dataclass(frozen=True, kw_only=True)
class Handling:
    """What the rules say of one stream.

    Attributes:
        rule: the rule that decided; None where `[alerts]` itself did.
        for_windows, keep_firing_windows: windows in breach before an alert fires, windows that are ok before
            it resolves.
        owner, runbook: None where no rule names one.
    """

    rule: str | None
    for_windows: int
    keep_firing_windows: int
    severity: Severity
    owner: str | None
    runbook: str | None

    @property
    def told(self) -> Mapping[str, Any]:
        """What an alert keeps of it, as evidence."""
        found = {"rule": self.rule, "owner": self.owner, "runbook": self.runbook}
        kept = {key: value for key, value in found.items() if value is not None}
        return {"handling": kept} if kept else {}


def handling_of(settings: AlertsConfig, result: Result) -> Handling:
    """The handling of the stream that `result` belongs to: of its rule, else of `[alerts]`."""
    rule = rule_of(settings, result)
    length = result.window.end - result.window.start
    severity = result.labels.get("severity")
    default: Severity = "page" if result.concern in settings.page_concerns else "ticket"
    given: Severity | None = "page" if severity == "page" else "ticket" if severity == "ticket" else None
    for_windows = settings.for_windows.get(result.concern, 1)
    keep = settings.keep_firing_windows
    if rule is None:
        return Handling(
            rule=None,
            for_windows=for_windows,
            keep_firing_windows=keep,
            severity=default,
            owner=None,
            runbook=None,
        )
    # How long silence must last is part of the figure that a rule on silence judges.
    lasting = None if result.concern == "no_data" else rule.lasting
    return Handling(
        rule=rule.name,
        for_windows=windows_in(lasting, length) if lasting is not None else for_windows,
        keep_firing_windows=(
            windows_in(rule.keep_firing_for, length) if rule.keep_firing_for is not None else keep
        ),
        severity=rule.severity or given or default,
        owner=rule.owner,
        runbook=rule.runbook,
    )


def rule_of(settings: AlertsConfig, result: Result) -> Rule | None:
    """The rule whose result it is; of a check's result the first [[alerts.evidence]] that matches."""
    name = result.labels.get("rule")
    if name is not None:
        rules = (*settings.threshold, *settings.slo, *settings.no_data_rules, settings.did_not_run)
        return next((rule for rule in rules if rule.name == name), None)
    labels = labels_of(result)
    return next((rule for rule in settings.evidence if rule.takes(labels)), None)


def windows_in(time: timedelta, length: timedelta) -> int:
    """Windows that must be alike, one after the other, for something to have lasted `time`; at least one.

    >>> hour = timedelta(hours=1)
    >>> windows_in(timedelta(0), hour), windows_in(hour, hour), windows_in(timedelta(minutes=90), hour)
    (1, 1, 2)
    """
    return max(1, -(-time // length))
