"""The faults: when each happens, and what it does to the chain at a given moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from monitors.result import Concern, Window
from sample_logs.truth import APPLICATION, TruthIncident

ALL: tuple[str, ...] = ("index_rebuild", "prompt_version", "provider_slowdown", "new_topic")
SHORTEST_DAYS = 7
_AFTERMATH = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A fault's place in a fortnight: day, hour of the day and length, each with its jitter."""

    day: int
    hour: tuple[float, float]
    length_h: tuple[float, float] | None
    component: str
    concern: Concern
    deploy: tuple[str, str] | None
    description: str


_PLANS: dict[str, _Plan] = {
    "index_rebuild": _Plan(
        day=6,
        hour=(8, 14),
        length_h=(20, 30),
        component="retriever",
        concern="output",
        deploy=("index_version", "kb-2"),
        description="a rebuilt index returns outdated and off-topic chunks for about half of the queries",
    ),
    "prompt_version": _Plan(
        day=9,
        hour=(8, 14),
        length_h=(20, 28),
        component="generator",
        concern="output",
        deploy=("prompt_version", "v13"),
        description="a new prompt makes answers half as long again, with claims the documents do not hold",
    ),
    "provider_slowdown": _Plan(
        day=11,
        hour=(9, 12),
        length_h=(6, 10),
        component="generator",
        concern="latency",
        deploy=None,
        description="the model provider answers at less than half its speed, and some calls time out",
    ),
    "new_topic": _Plan(
        day=12,
        hour=(14, 20),
        length_h=None,
        component=APPLICATION,
        concern="input",
        deploy=None,
        description="people ask about something that neither the knowledge base nor the evaluation set holds",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is wrong at one moment. Shares are probabilities per request; factors multiply."""

    bad_index: float = 0.0
    padded: bool = False
    slow: float = 1.0
    timeouts: float = 0.0
    new_topic: float = 0.0


def schedule(
    rng: np.random.Generator, *, start: datetime, days: int, kinds: Sequence[str]
) -> tuple[TruthIncident, ...]:
    """When each fault happens. Raises ValueError for an unknown kind or too few days."""
    unknown = sorted(set(kinds) - set(ALL))
    if unknown:
        raise ValueError(f"unknown incident {unknown[0]!r}; choose from: {', '.join(ALL)}")
    if kinds and days < SHORTEST_DAYS:
        raise ValueError(f"incidents need at least {SHORTEST_DAYS} days, not {days}")
    found = []
    for kind, plan in _PLANS.items():
        # Drawn for every kind, so that leaving one out does not move the others.
        hour, length = rng.uniform(*plan.hour), rng.uniform(*(plan.length_h or (0, 0)))
        if kind not in kinds:
            continue
        day = (start + timedelta(days=plan.day * days / 14)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        begin = max(start, day + timedelta(minutes=round(hour * 60)))
        found.append(
            TruthIncident(
                id=kind,
                kind=kind,
                component=plan.component,
                concern=plan.concern,
                started_at=begin,
                ended_at=None if plan.length_h is None else begin + timedelta(minutes=round(length * 60)),
                deploy_field=plan.deploy[0] if plan.deploy else None,
                deploy_value=plan.deploy[1] if plan.deploy else None,
                description=plan.description,
            )
        )
    return tuple(found)


def conditions(truth: Sequence[TruthIncident], at: datetime) -> Conditions:
    """What the faults of `truth` do at the moment `at`."""
    active = {t.kind: t for t in truth if t.started_at <= at and (t.ended_at is None or at < t.ended_at)}
    topic = active.get("new_topic")
    # People hear of it little by little: from nothing to 18 % of the requests within six hours.
    rise = 0.0 if topic is None else min(1.0, (at - topic.started_at) / timedelta(hours=6))
    slow = "provider_slowdown" in active
    return Conditions(
        bad_index=0.5 if "index_rebuild" in active else 0.0,
        padded="prompt_version" in active,
        slow=2.3 if slow else 1.0,
        timeouts=0.05 if slow else 0.0,
        new_topic=0.18 * rise,
    )


def quiet_periods(truth: Sequence[TruthIncident], *, start: datetime, end: datetime) -> tuple[Window, ...]:
    """The periods without a fault, leaving out six hours after each."""
    found, at = [], start
    for incident in sorted(truth, key=lambda t: t.started_at):
        if incident.started_at > at:
            found.append(Window(start=at, end=incident.started_at))
        at = end if incident.ended_at is None else max(at, incident.ended_at + _AFTERMATH)
    if at < end:
        found.append(Window(start=at, end=end))
    return tuple(found)
