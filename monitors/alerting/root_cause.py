"""The component to blame: the most upstream one that changed while what it was given did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from collectors.deploy_markers import WHOLE_CHAIN
from collectors.model import Deploy
from monitors.alerting.alert import Alert
from monitors.alerting.config import AlertsConfig
from monitors.alerting.explain_graph import TEXT, ExplainGraph, onset, passes_on
from monitors.alerting.flow import Flow
from monitors.alerting.onset import Onset
from monitors.result import Concern

# A deploy speaks for a component as much as half an alert does: it decides between equals and no more.
_DEPLOY_WEIGHT = 0.5


@dataclass(frozen=True, kw_only=True)
class Blame:
    """What is to blame for the alerts of one incident.

    Attributes:
        lead: the alert that the incident is told with.
        explained_by: alert id -> id of the alert that explains it, None for what stands for itself.
        deploy: the version change of the component nearest before the change, if there was one.
        why: one sentence.
    """

    component: str
    cause: Concern
    onset: Onset
    lead: Alert
    explained_by: Mapping[str, str | None]
    deploy: Deploy | None
    why: str


def blame(alerts: Sequence[Alert], flow: Flow, settings: AlertsConfig, deploys: Sequence[Deploy]) -> Blame:
    """Blame one component for `alerts` (at least one, all of one chain)."""
    graph = ExplainGraph(alerts, flow, settings, deploys)
    covered: dict[str, list[Alert]] = {}
    roots: dict[str, list[Alert]] = {}
    for alert in graph.alerts.values():
        owner = graph.alerts[min(graph.root(alert.alert_id))].component
        covered.setdefault(owner, []).append(alert)
        if graph.is_root(alert.alert_id):
            roots.setdefault(owner, []).append(alert)

    def order(component: str) -> tuple[float, int, str]:
        began = _began(roots[component], covered[component])
        fresh = nearest_deploy(deploys, alerts[0].chain, component, began, settings.join_gap)
        return (
            -(len(covered[component]) + (_DEPLOY_WEIGHT if fresh else 0.0)),
            min(flow.rank(a)[0] for a in roots[component]),
            component,
        )

    component = min(roots, key=order)
    began = _began(roots[component], covered[component])
    component, cause, why = _owner(
        component, roots[component], began, graph=graph, flow=flow, settings=settings, deploys=deploys
    )
    return Blame(
        component=component,
        cause=cause,
        onset=began,
        lead=_lead(component, cause, graph),
        explained_by={name: graph.explainer(name) for name in graph.alerts},
        deploy=nearest_deploy(deploys, alerts[0].chain, component, began, settings.deploy_lookback)
        or nearest_deploy(deploys, alerts[0].chain, None, began, settings.deploy_lookback),
        why=why,
    )


def nearest_deploy(
    deploys: Sequence[Deploy], chain: str, component: str | None, began: Onset, lookback: timedelta
) -> Deploy | None:
    """The version change of a component nearest before `began`, at most `lookback` before it; else None.

    `component` None: of the chain as a whole.
    """
    before = [
        d
        for d in deploys
        if d.chain == chain
        and (d.field == WHOLE_CHAIN if component is None else d.component == component)
        and began.at - lookback <= d.deployed_at <= max(began.at, began.high)
    ]
    return max(before, key=lambda d: (d.deployed_at, d.deploy_id), default=None)


def _began(roots: Sequence[Alert], covered: Sequence[Alert]) -> Onset:
    """Since when: the narrowest of what the roots say, but no later than they and what they explain began."""
    own = min((onset(a) for a in roots), key=lambda o: (o.high - o.low, o.at))
    first = min((onset(a) for a in covered), key=lambda o: (o.high, o.high - o.low))
    # A cause that is seen late, such as a text among few, has begun when its effects were seen.
    return first if first.high <= own.low else own


def _owner(
    component: str,
    roots: Sequence[Alert],
    began: Onset,
    *,
    graph: ExplainGraph,
    flow: Flow,
    settings: AlertsConfig,
    deploys: Sequence[Deploy],
) -> tuple[str, Concern, str]:
    """Component, cause and why; an input that changed by itself is followed to where it came from."""
    place = flow.place(component)
    # What it says may only be what it was given: then it is no change of its own.
    hands_on = any(passes_on(a) for a in roots)
    own = cause_of([a for a in roots if a.concern != "input" and not (hands_on and a.concern in TEXT)])
    if own:
        return component, own, f"{component} changed while what it was given did not"
    own = cause_of([a for a in graph.alerts.values() if a.component == component and a.concern != "input"])
    if place.is_application:
        return component, "input", "what users send changed; the components pass it on"
    chain = roots[0].chain

    def fresh(name: str) -> Deploy | None:
        return nearest_deploy(deploys, chain, name, began, settings.join_gap)

    if own and fresh(component):
        return component, own, f"{component} was deployed just before, and its prompt is part of its input"
    kept = f"{component} answers what it was sent before as it did; " if hands_on else ""
    before = [name for name in flow.components() if flow.place(name).leave < place.enter]
    for name in reversed(before):
        if fresh(name):
            return name, "output", f"{kept}{name} was deployed just before the input of {component} changed"
    above = [name for name in flow.components() if flow.calls(name, component)]
    if above and place.enter == flow.place(above[-1]).enter + 1 and flow.place(above[-1]).is_application:
        return above[-1], "input", f"{kept}the input of {component}, the first step, is what users send"
    return (
        component,
        "input",
        f"{kept}the input of {component} changed and nothing watched before it shows why",
    )


def cause_of(alerts: Sequence[Alert]) -> Concern | None:
    """What changed first about a component, given its own alerts; None without any.

    Changed output explains quality, cost and time; failing and waiting explain cost. Between errors and
    latency the one that more fields show decides, then the earlier one.
    """
    fields: dict[Concern, set[str]] = {}
    for alert in alerts:
        fields.setdefault(alert.concern, set()).add(alert.field)
    if "output" in fields:
        return "output"
    running: list[Concern] = [c for c in ("errors", "latency") if c in fields]
    if running:
        first = {c: min(a.onset_low for a in alerts if a.concern == c) for c in running}
        return min(running, key=lambda c: (-len(fields[c]), first[c]))
    for concern in ("no_data", "quality", "cost", "monitoring"):
        if concern in fields:
            return concern
    return None


def _lead(component: str, cause: Concern, graph: ExplainGraph) -> Alert:
    """The alert to tell the incident with: of the cause, on the component, the strongest."""

    def order(alert: Alert) -> tuple[bool, bool, bool, float, str]:
        return (
            alert.component != component,
            alert.concern != cause,
            not graph.is_root(alert.alert_id),
            -alert.strength,
            alert.alert_id,
        )

    return min(graph.alerts.values(), key=order)
