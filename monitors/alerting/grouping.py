"""Which incident an alert belongs to: alerts of one cause, in one chain, at one time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from collectors.model import Deploy
from monitors.alerting.alert import Alert
from monitors.alerting.config import AlertsConfig
from monitors.alerting.explain_graph import ExplainGraph, onset
from monitors.alerting.flow import Flow
from monitors.alerting.incident import Incident


def group(
    alerts: Sequence[Alert],
    incidents: Iterable[Incident],
    flow: Flow,
    settings: AlertsConfig,
    deploys: Sequence[Deploy],
) -> list[list[Alert]]:
    """The alerts of one chain as one list a cause.

    What stands in one incident stays together. An alert without an incident joins what explains it, or what
    it explains: of an incident's alerts only those that it was blamed on may find a cause elsewhere, so that
    a stray symptom never moves or joins whole incidents. A stream that comes back joins its open incident.
    """
    incidents = list(incidents)
    blamed = {i.incident_id: i.component for i in incidents}
    graph = ExplainGraph(alerts, flow, settings, deploys)
    sets = _Sets(graph.alerts)
    members: dict[str, list[Alert]] = {}
    for alert in graph.alerts.values():
        if alert.incident_id is not None:
            members.setdefault(alert.incident_id, []).append(alert)
    movable = {a.alert_id for a in graph.alerts.values() if a.incident_id is None}
    for incident_id, inside in members.items():
        for alert in inside:
            sets.join(inside[0].alert_id, alert.alert_id)
        among = ExplainGraph(inside, flow, settings, deploys)
        roots = [a for a in inside if among.is_root(a.alert_id)]
        # The component to blame may have no alert itself: what users send is seen at the first step, say.
        accused = [a for a in roots if a.component == blamed.get(incident_id)] or roots
        movable |= {a.alert_id for a in accused}
    for old, again in _again(graph.alerts.values(), incidents, settings):
        sets.join(old, again)
    for name in graph.alerts:
        if name not in movable:
            continue
        for other in graph.group(name) & movable:
            sets.join(name, other)
        up = graph.explainer(name)
        if up is not None:
            sets.join(name, up)
    free = [graph.alerts[name] for name in graph.alerts if name in movable and graph.is_root(name)]
    for i, one in enumerate(free):
        for earlier in free[:i]:
            if graph.same_owner(one, earlier):
                sets.join(one.alert_id, earlier.alert_id)
    return [[graph.alerts[name] for name in names] for names in sets.all()]


def _again(
    alerts: Collection[Alert], incidents: Iterable[Incident], settings: AlertsConfig
) -> Iterator[tuple[str, str]]:
    """Alerts of open incidents, with the new one of the same stream within `propagation` of its last breach.

    It is the same fault: what users ask rests at night.
    """
    still_open = {i.incident_id for i in incidents if i.is_open}
    new = {a.fingerprint: a for a in alerts if a.incident_id is None}
    for old in alerts:
        again = new.get(old.fingerprint) if old.incident_id in still_open else None
        if again is not None and onset(again).low - old.last_breach_at <= settings.propagation:
            yield old.alert_id, again.alert_id


class _Sets:
    """Disjoint sets of names, in the order in which the names were given."""

    def __init__(self, names: Iterable[str]) -> None:
        self._up = {name: name for name in names}

    def find(self, name: str) -> str:
        while self._up[name] != name:
            self._up[name] = self._up[self._up[name]]
            name = self._up[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._up[self.find(other)] = self.find(one)

    def all(self) -> list[list[str]]:
        sets: dict[str, list[str]] = {}
        for name in self._up:
            sets.setdefault(self.find(name), []).append(name)
        return list(sets.values())
