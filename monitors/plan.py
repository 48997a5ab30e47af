"""Which monitors there are: every check on every stream that it can watch, as the configuration has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from monitors.beside import fields_beside
from monitors.checks.base import Check, CheckSettings, applies
from monitors.config import MonitorsConfig
from monitors.result import ReferenceKind, monitor_name
from monitors.streams import OPTIONAL_FIELDS, Stream
from monitors.topology import Topology

MONTH = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """One check on one stream against one kind of reference."""

    check: Check
    stream: Stream
    kind: ReferenceKind

    @cached_property
    def name(self) -> str:
        """check/chain/component/field/reference_kind."""
        s = self.stream
        return monitor_name(self.check.name, s.chain, s.component, s.field, self.kind)


def plan(
    streams: Iterable[Stream],
    *,
    checks: Sequence[Check],
    config: MonitorsConfig,
    topology: Topology,
    pools: Collection[Stream],
) -> list[Monitor]:
    """Every monitor of these streams, in the order of evaluation: the application first, then the chain.

    checks: those to be used, see `wanted`. pools: the streams that an evaluation set has rows of; the
    others have nothing to be skewed against.
    """
    places = {(c.chain, c.component): (not c.is_application, c.position) for c in topology}
    ordered = sorted(streams, key=lambda s: (s.chain, places.get((s.chain, s.component), (True, 1 << 30)), s))
    return [
        Monitor(check=check, stream=stream, kind=kind)
        for stream in ordered
        for check in checks
        if check.data == stream.data
        and applies(check, stream.field)
        and config.of(check.name).watches(stream.chain, stream.component, stream.field)
        for kind in check.kinds
        if kind != "skew" or stream in pools
    ]


def wanted(checks: Iterable[Check], config: MonitorsConfig) -> list[Check]:
    """The checks that run: those that are on unless switched off, and those that are switched on."""
    return [
        check
        for check in checks
        if (check.default_on if config.of(check.name).enabled is None else config.of(check.name).enabled)
    ]


def asked_for(checks: Iterable[Check], config: MonitorsConfig) -> frozenset[str]:
    """The optional fields that some of these checks watch or take context from; the others are not even read.

    >>> asked_for([], MonitorsConfig())
    frozenset()
    """
    chosen = list(checks)
    watched = {
        field
        for check in chosen
        for field in OPTIONAL_FIELDS
        if check.data == Stream("", "", field).data
        and applies(check, field)
        and config.of(check.name).watches_field(field)
    }
    context = {field for check in chosen for field in fields_beside(check)}
    return frozenset(watched | (context & set(OPTIONAL_FIELDS)))


def settings_of(check: Check, config: MonitorsConfig) -> CheckSettings:
    """The check's settings with what chainwatch.toml overrides."""
    own = config.of(check.name)
    return CheckSettings(margin=own.margin, skew_margin=own.skew_margin)


def alpha_of(config: MonitorsConfig, monitors: int, length: timedelta) -> float:
    """The chance of a false breach that one monitor may spend in one window.

    The promise is for the whole installation, so it is divided by everything that is asked in a month.

    >>> alpha_of(MonitorsConfig(), 100, timedelta(hours=1)) == 1 / (100 * 720)
    True
    """
    return min(0.05, config.false_alerts_per_month / (max(monitors, 1) * (MONTH / length)))
