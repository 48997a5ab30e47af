"""[alerts] and [notify] of chainwatch.toml: when a breach becomes an alert, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from collectors.config import Section
from collectors.durations import duration
from monitors.alerting.routes import GroupBy, Route, is_of_its_own, route_of
from monitors.alerting.rules.base import Rule
from monitors.alerting.rules.config import (
    BUILT_IN,
    DidNotRunRule,
    EvidenceRule,
    Inhibition,
    NoDataRule,
    SloRule,
    ThresholdRule,
)
from monitors.result import Concern

Windows = Annotated[int, Field(ge=1, le=1000)]


class AlertsConfig(Section):
    """From breach to alert to incident.

    Attributes:
        for_windows: windows in breach, one after the other, before an alert fires, by concern; 1 where none
            is named, because the evidence of a check already carries the promise of few false alarms.
        keep_firing_windows: windows that must be ok, one after the other, before an alert resolves.
        expire: an alert whose stream has had no data for this long resolves, with that reason.
        join_gap: an alert may join an incident until this long after the incident last fired; and onsets of a
            cause may seem to lie this long after the onsets of its effects.
        propagation: an effect may begin this long after its cause and still be explained by it.
        cooldown: an alert that fires again this soon after it resolved is the same alert; and an incident
            that changed or came back is not announced again before this much time has passed.
        deploy_lookback: how far before the change point a deploy is looked for.
        page_concerns: what wakes people; everything else is a ticket.
        owners: who owns a component's incidents.
        evidence, threshold, slo, no_data, did_not_run: rules, by kind; see docs/alerts/rules.md.
    """

    for_windows: dict[Concern, Windows] = Field(default_factory=dict)
    keep_firing_windows: Windows = 3
    expire: timedelta = timedelta(days=3)
    join_gap: timedelta = timedelta(hours=6)
    propagation: timedelta = timedelta(hours=24)
    cooldown: timedelta = timedelta(hours=4)
    deploy_lookback: timedelta = timedelta(hours=48)
    page_concerns: tuple[Concern, ...] = ("errors", "latency", "quality")
    owners: dict[str, str] = Field(default_factory=dict)
    evidence: tuple[EvidenceRule, ...] = ()
    threshold: tuple[ThresholdRule, ...] = ()
    slo: tuple[SloRule, ...] = ()
    no_data: tuple[NoDataRule, ...] = ()
    did_not_run: DidNotRunRule = Field(default_factory=DidNotRunRule)

    _durations = field_validator(
        "expire", "join_gap", "propagation", "cooldown", "deploy_lookback", mode="before"
    )(duration)

    @field_validator("expire", "join_gap", "propagation", "cooldown", "deploy_lookback")
    @classmethod
    def _not_negative(cls, value: timedelta) -> timedelta:
        if value < timedelta(0):
            raise ValueError("must not be negative")
        return value

    @model_validator(mode="after")
    def _named_once(self) -> AlertsConfig:
        rules: tuple[Rule, ...] = (*self.evidence, *self.threshold, *self.slo, *self.no_data)
        names = [*(rule.name for rule in rules), *BUILT_IN]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two rules are called {twice[0]!r}; a name says which rule an alert is of")
        return self

    @property
    def no_data_rules(self) -> tuple[NoDataRule, ...]:
        """The rules on silence, the built-in one last."""
        return (*self.no_data, NoDataRule(name=BUILT_IN[0]))


class NotifyConfig(Section):
    """How messages leave. Addresses and secrets come from the environment only.

    Attributes:
        channels: where incidents go that no route takes; None is every channel whose environment is set.
        routes: which incidents go elsewhere; the first that matches decides.
        group_by: labels of incidents that are told together where they are alike; empty: each on its own.
        group_interval: between two messages of what is told together.
        max_messages: of new incidents that a channel gets within `storm_period`; more come together in one.
        inhibit: whose incidents are not told of while another is open.
        max_age: news older than this is recorded and not sent: a catch-up over old history is no storm.
        max_attempts: tries before a message is given up (state dead).
        first_retry: wait after the first failure; it doubles each time, up to `longest_retry`, with jitter.
        patience: how long one delivery pass waits for a retry before it leaves the rest to the next run.
        timeout: of one HTTP call.
    """

    channels: tuple[str, ...] | None = None
    routes: tuple[Route, ...] = ()
    group_by: GroupBy = ()
    group_interval: timedelta = timedelta(minutes=15)
    max_messages: Annotated[int, Field(ge=1, le=1000)] = 10
    storm_period: timedelta = timedelta(hours=1)
    inhibit: tuple[Inhibition, ...] = ()
    max_age: timedelta = timedelta(hours=24)
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    first_retry: timedelta = timedelta(seconds=5)
    longest_retry: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(seconds=20)
    timeout: timedelta = timedelta(seconds=10)

    _durations = field_validator(
        "group_interval",
        "storm_period",
        "max_age",
        "first_retry",
        "longest_retry",
        "patience",
        "timeout",
        mode="before",
    )(duration)

    @field_validator("group_interval", "storm_period", "max_age", "first_retry", "longest_retry", "timeout")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value <= timedelta(0):
            raise ValueError("must be more than nothing")
        return value

    @field_validator("routes")
    @classmethod
    def _named_once(cls, value: tuple[Route, ...]) -> tuple[Route, ...]:
        names = [route.name for route in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two routes are called {twice[0]!r}")
        return value

    def channels_for(self, labels: Mapping[str, str], opened: Sequence[str]) -> list[str]:
        """Which of the `opened` channels an incident with these labels goes to."""
        route = route_of(self.routes, labels)
        if route is not None:
            return [name for name in opened if name in route.channels]
        return self.default_channels(opened)

    def default_channels(self, opened: Sequence[str]) -> list[str]:
        """Which of the `opened` channels get what no route takes."""
        if self.channels is not None:
            return [name for name in opened if name in self.channels]
        return [name for name in opened if not is_of_its_own(name)]
