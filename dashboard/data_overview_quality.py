"""What stands for quality on the overview: an estimate of all answers, else a mean of grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from collectors.warehouse.store import Row
from dashboard.data import TimeRange, half_width
from monitors.judges.estimates import PEOPLE, rubric_of
from monitors.judges.scales import LOCAL_SCALE, Scale, cut

# The one criterion that stands for quality on the overview: the first of these that was graded.
_CRITERIA = ("overall", "groundedness", "correctness", "relevance", "retrieval_relevance")


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What the answers are worth by one criterion, with the 95 % interval (None with fewer than two grades).

    Attributes:
        judge_kind: whose mean grade it is; None for an estimate.
        target: of an estimate, whose grade is estimated: `people`, or a judge. day: of which day, the newest.
        scored: grades in the mean, or labels of the target in the estimate.
    """

    criterion: str
    judge_kind: str | None
    mean: float
    low: float | None
    high: float | None
    scored: int
    previous_mean: float | None
    target: str | None = None
    day: date | None = None


def within_scale(estimates: Sequence[Row], scales: Mapping[str, Scale]) -> list[Row]:
    """Estimates and their intervals, cut to the scale of their criterion where it is known."""
    return [
        row | {name: cut(row[name], scales.get(row["criterion"])) for name in ("value", "low", "high")}
        for row in estimates
    ]


def chosen_quality(component: str, estimates: Sequence[Row], totals: Sequence[Row]) -> Quality | None:
    """The newest estimate of the component, else the mean of its grades; None when it has neither."""
    return _estimate(estimates) or _mean_grade(component, totals)


def quality_course(
    component: str,
    estimates: Sequence[Row],
    series: Sequence[Row],
    span: TimeRange,
    chosen: Quality | None,
) -> Mapping[datetime, float]:
    """The chosen figure over time, by the start of the bucket."""
    if chosen is None:
        return {}
    return _days(estimates, span) if chosen.target else _means(component, series, chosen)


def _newest(mine: Sequence[Row]) -> Row | None:
    """The newest day's estimate: of people's grade if there is one, by the criterion that ranks first."""
    return min(
        (e for e in mine if e["is_current"]),
        key=lambda e: (e["target"] != PEOPLE, _rank(e["criterion"]), e["criterion"], -e["day"].toordinal()),
        default=None,
    )


def _estimate(mine: Sequence[Row]) -> Quality | None:
    row = _newest(mine)
    if row is None:
        return None
    before = [e["value"] for e in mine if not e["is_current"] and _same(e, row)]
    return Quality(
        criterion=row["criterion"],
        judge_kind=None,
        mean=row["value"],
        low=row["low"],
        high=row["high"],
        scored=row["labels"],
        previous_mean=before[-1] if before else None,
        target=row["target"],
        day=row["day"],
    )


def _same(one: Row, other: Row) -> bool:
    """Whether two estimates are of one thing: two rubrics of a judge may share the name of a criterion."""
    named = (one["criterion"], one["target"]) == (other["criterion"], other["target"])
    of_people = one["target"] == PEOPLE
    return named and (of_people or rubric_of(one["judge_version"]) == rubric_of(other["judge_version"]))


def _days(mine: Sequence[Row], span: TimeRange) -> dict[datetime, float]:
    """What the newest estimate tells of over time, each in the bucket of its day's noon."""
    step, newest = timedelta(seconds=span.bucket_s), _newest(mine)
    found: dict[datetime, float] = {}
    if newest is None:
        return found
    for row in (e for e in mine if e["is_current"] and _same(e, newest)):
        noon = datetime.combine(row["day"], time(12), UTC)
        place = max(timedelta(0), min(noon, span.end - step) - span.start) // step
        found[span.start + step * place] = float(row["value"])
    return found


def _means(component: str, series: Sequence[Row], chosen: Quality) -> dict[datetime, float]:
    """The mean grades of the chosen criterion over time."""
    return {
        row["bucket"]: row["mean"]
        for row in series
        if (row["component"], row["criterion"], row["judge_kind"])
        == (component, chosen.criterion, chosen.judge_kind)
    }


def _mean_grade(component: str, totals: Sequence[Row]) -> Quality | None:
    mine = [r for r in totals if r["component"] == component]
    graded = [r for r in mine if r["is_current"] and r["mean"] is not None]
    if not graded:
        return None
    graded.sort(
        key=lambda r: (_rank(r["criterion"]), r["judge_kind"] != "ensemble", -r["scored"], r["judge_kind"])
    )
    row = graded[0]
    half = half_width(row["spread"], row["scored"])
    scale = LOCAL_SCALE if row["judge_kind"] == "local" else None
    before = [
        r["mean"]
        for r in mine
        if not r["is_current"] and (r["criterion"], r["judge_kind"]) == (row["criterion"], row["judge_kind"])
    ]
    return Quality(
        criterion=row["criterion"],
        judge_kind=row["judge_kind"],
        mean=row["mean"],
        low=None if half is None else cut(row["mean"] - half, scale),
        high=None if half is None else cut(row["mean"] + half, scale),
        scored=row["scored"],
        previous_mean=before[0] if before else None,
    )


def _rank(criterion: str) -> int:
    return _CRITERIA.index(criterion) if criterion in _CRITERIA else len(_CRITERIA)
