"""The quality page's reads: estimates with intervals, raw grades by day, agreement, rubrics, the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from collectors.warehouse.connection import Warehouse
from dashboard.data import TimeRange, half_width, records, select
from monitors.judges.agreement import AgreementReport, agreement_report, read_agreement
from monitors.judges.label_queue import Waiting, next_answer
from monitors.judges.scales import LOCAL_SCALE, UNIT_SCALE, Scale, cut, scales_of
from monitors.streams import quality_field

ALL_VERSIONS = "*"
PEOPLE = "people"
# Judges of kind local that grade on a scale of their own, whichever rubric is configured.
OWN_SCALES: Mapping[str, Scale] = {"local": LOCAL_SCALE, "reference": UNIT_SCALE}
_RUNS = 50


@dataclass(frozen=True, kw_only=True)
class EstimateRow:
    """What all answers of one day are worth by one criterion, with its intervals.

    Attributes:
        target: `people`, or the judge whose grade is estimated. version: `*` for all together.
        low, high: 95 %, for one look. always_low, always_high: 95 %, at every look together.
        alone_low, alone_high: what the target's own labels say without the cheaper scores.
        labels: of the target. judged, scored: graded by the judge, by the local scorer. answers: of the day.
    """

    criterion: str
    target: str
    version: str
    day: date
    value: float
    low: float
    high: float
    always_low: float
    always_high: float
    alone_low: float | None
    alone_high: float | None
    labels: int
    judged: int
    scored: int
    answers: int
    judge: str | None
    judge_version: str | None
    computed_at: datetime

    def within(self, scale: Scale | None) -> EstimateRow:
        """The same with estimate and intervals cut to the scale of the grades; None: no scale is known."""
        return replace(
            self,
            value=cut(self.value, scale),
            low=cut(self.low, scale),
            high=cut(self.high, scale),
            always_low=cut(self.always_low, scale),
            always_high=cut(self.always_high, scale),
            alone_low=None if self.alone_low is None else cut(self.alone_low, scale),
            alone_high=None if self.alone_high is None else cut(self.alone_high, scale),
        )


@dataclass(frozen=True, kw_only=True)
class DayRow:
    """The mean of what the local scorer, a known truth (`reference`) or people said on a day, uncorrected."""

    who: str
    criterion: str
    day: date
    mean: float | None
    spread: float | None
    scored: int
    unscored: int

    @property
    def half_width(self) -> float | None:
        """Half of the 95 % interval of the mean; None with fewer than two grades."""
        return half_width(self.spread, self.scored)


@dataclass(frozen=True, kw_only=True)
class SetRow:
    """The mean grade of one series of one judge in the newest evaluation set. n: answers graded."""

    dataset: str
    field: str
    who: str
    mean: float
    n: int


@dataclass(frozen=True, kw_only=True)
class RubricRow:
    """One judge with one rubric, each in one version. overall: mean of the weighted grade, if any."""

    rubric: str
    rubric_version: str
    judge: str
    judge_version: str
    first_at: datetime
    last_at: datetime
    answers: int
    overall: float | None
    unscored: int


@dataclass(frozen=True, kw_only=True)
class JudgeRunRow:
    """One run of a judge. unscored, skipped: answers by reason."""

    started_at: datetime
    judge: str
    judge_version: str
    rubric: str
    rubric_version: str
    eligible: int
    sampled: int
    graded: int
    unscored: Mapping[str, int]
    skipped: Mapping[str, int]
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    stopped: str | None


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What the judges took in the 30 days up to their newest run; without_prices: runs of unknown cost."""

    runs: int
    graded: int
    calls: int
    tokens: int
    cost_usd: float | None
    without_prices: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Everything about one component's quality over time.

    Attributes:
        scales: of the criteria that have a known one. of_set: the same judges on the evaluation set.
    """

    estimates: tuple[EstimateRow, ...]
    days: tuple[DayRow, ...]
    scales: Mapping[str, Scale]
    of_set: tuple[SetRow, ...]

    def in_set(self, criterion: str, judge: str, *, local: bool) -> SetRow | None:
        """What one judge said of the evaluation set; None where it graded nothing there."""
        field = quality_field(criterion, judge, local=local)
        return next((row for row in self.of_set if (row.field, row.who) == (field, judge)), None)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that have an estimate of their own."""
        return tuple(sorted({e.version for e in self.estimates} - {ALL_VERSIONS}))


@dataclass(frozen=True, kw_only=True)
class Judges:
    """How far judges can be trusted, what they were asked, what they did and spent. spent None: no run."""

    agreement: AgreementReport
    rubrics: tuple[RubricRow, ...]
    runs: tuple[JudgeRunRow, ...]
    spent: Spent | None


def scores(warehouse: Warehouse, chain: str, component: str, span: TimeRange, rubric: str) -> Scores:
    """Estimates and raw means of one component, by day. rubric: the configured one, which has the scale."""
    scope = {"chain": chain, "component": component, **span.parameters}
    with warehouse.read() as con:
        estimates = select(con, "quality_estimates", scope)
        by_day = select(con, "quality_days", scope)
        of_set = select(con, "quality_set", {"chain": chain, "component": component})
    scales = scales_of(rubric)
    return Scores(
        estimates=tuple(e.within(scales.get(e.criterion)) for e in records(EstimateRow, estimates)),
        days=records(DayRow, by_day),
        scales=scales,
        of_set=records(SetRow, of_set),
    )


def judges(warehouse: Warehouse, chain: str) -> Judges:
    """Agreement and rubrics of one chain; the ledger is of all chains, for a run of the judge is."""
    with warehouse.read() as con:
        rows = read_agreement(con, chain)
        rubrics = select(con, "rubric_versions", {"chain": chain})
        runs = select(con, "judge_runs", {"limit": _RUNS})
        spent = select(con, "judge_spent")
    return Judges(
        agreement=agreement_report(rows),
        rubrics=records(RubricRow, rubrics),
        runs=records(JudgeRunRow, [{**row, **_reasons(row)} for row in runs]),
        spent=records(Spent, spent)[0] if spent[0]["runs"] else None,
    )


def waiting(
    warehouse: Warehouse,
    chain: str,
    component: str,
    criterion: str,
    author: str,
    later: tuple[str, ...],
    again: str | None,
) -> Waiting:
    """What `author` grades next of one component; see `monitors.judges.label_queue`."""
    with warehouse.read() as con:
        return next_answer(con, criterion, author, chain=chain, component=component, later=later, again=again)


def _reasons(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(row[name]) for name in ("unscored", "skipped")}
