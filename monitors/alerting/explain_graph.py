"""Who explains whom among the alerts of one chain, times considered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from collectors.model import Deploy
from monitors.alerting.alert import Alert
from monitors.alerting.config import AlertsConfig
from monitors.alerting.flow import Flow
from monitors.alerting.onset import Onset
from monitors.explain_causes import EXPLAINS
from monitors.explain_input import INPUT

OWN = ("output", "quality", "errors", "latency", "cost")
TEXT = ("input", "output", "quality")


def onset(alert: Alert) -> Onset:
    """When the change behind an alert began."""
    return Onset(at=alert.started_at, low=alert.onset_low, high=alert.onset_high)


def passes_on(alert: Alert) -> bool:
    """Whether what a component says changed because of what it was given, as far as its own rows tell."""
    told = alert.evidence.get("explains")
    return alert.concern == "output" and any(
        entry.get("by") == INPUT and entry.get("verdict") == EXPLAINS
        for entry in (told if isinstance(told, list) else ())
        if isinstance(entry, Mapping)
    )


class ExplainGraph:
    """Alerts of one chain, and for each the alerts that can explain it.

    Alerts that explain each other (two fields of one component, say) are one group; a group that nothing
    outside explains is a root.
    """

    def __init__(
        self, alerts: Iterable[Alert], flow: Flow, settings: AlertsConfig, deploys: Sequence[Deploy]
    ) -> None:
        self.alerts = {a.alert_id: a for a in sorted(alerts, key=lambda a: (a.fired_at, a.alert_id))}
        self._flow = flow
        self._settings = settings
        self._deploys = deploys
        direct = {
            effect.alert_id: {
                cause.alert_id
                for cause in self.alerts.values()
                if cause is not effect and flow.explains(cause, effect) and self.in_time(cause, effect)
            }
            for effect in self.alerts.values()
        }
        above = {name: _closure(name, direct) for name in direct}
        self._groups = {
            name: frozenset({name} | {other for other in above[name] if name in above[other]})
            for name in direct
        }
        self._outside = {
            group: {cause for name in group for cause in direct[name]} - group
            for group in set(self._groups.values())
        }

    def group(self, alert_id: str) -> frozenset[str]:
        """The alerts that stand for the same change at the same place, itself included."""
        return self._groups[alert_id]

    def is_root(self, alert_id: str) -> bool:
        """Whether nothing but its own group explains it."""
        return not self._outside[self._groups[alert_id]]

    def explainer(self, alert_id: str) -> str | None:
        """The alert that explains it best: the same kind of change, nearest in time, most upstream."""
        causes = self._outside[self._groups[alert_id]]
        if not causes:
            return None
        effect = self.alerts[alert_id]

        def order(name: str) -> tuple[bool, timedelta, tuple[int, int], str]:
            cause = self.alerts[name]
            other_kind = (cause.concern in TEXT) != (effect.concern in TEXT)
            return other_kind, onset(cause).gap(onset(effect)), self._flow.rank(cause), name

        return min(causes, key=order)

    def root(self, alert_id: str) -> frozenset[str]:
        """The root group that its chain of best explanations ends in."""
        here = alert_id
        while (up := self.explainer(here)) is not None:
            here = up
        return self._groups[here]

    def same_owner(self, one: Alert, other: Alert) -> bool:
        """Whether two roots are one fault: changes of a component's own, begun together."""
        return (
            one.component == other.component
            and one.concern in OWN
            and other.concern in OWN
            and (self.in_time(one, other) or self.in_time(other, one))
        )

    def in_time(self, cause: Alert, effect: Alert) -> bool:
        """Whether the times allow it.

        A cause may be seen later than its effect, by `join_gap`; by `propagation` where the effect is known
        to have come with the input, in which a small change takes long to be seen. An effect may begin up to
        `propagation` later, while the cause still fires; unless its own component was deployed in between,
        which explains it better.
        """
        first, then = onset(cause), onset(effect)
        late = self._settings.propagation if passes_on(effect) else self._settings.join_gap
        if first.low - then.high > late:
            return False
        if then.low - first.high > self._settings.propagation:
            return False
        if then.low - cause.last_breach_at > self._settings.join_gap:
            return False
        return not (
            then.low > first.high
            and cause.component != effect.component
            and effect.concern != "input"
            and any(
                d.chain == effect.chain
                and d.component == effect.component
                and first.high < d.deployed_at <= then.high
                for d in self._deploys
            )
        )


def _closure(start: str, direct: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(direct[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(direct[name] - seen)
    return seen
