"""Quality by day: what people would say of all answers, from few labels, the judge and the local scorer.

Without labels the target is the judge's own grade: what it would give to all answers, from the few that it
graded and the local scores of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.model import PRODUCTION, content_hash
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import Row, fetch, insert
from monitors.judges.spans import read_sql
from monitors.statistics.ppi import (
    Control,
    Drawn,
    MeanEstimate,
    TooFewLabelsError,
    combine,
    estimate_mean,
)

PEOPLE = "people"
ALL_VERSIONS = "*"
_CRITERIA = """
SELECT DISTINCT criterion FROM grades
WHERE span_started_at >= $start AND span_started_at < $end AND dataset = $dataset AND judge_kind <> 'local'
UNION
SELECT DISTINCT drawn_for FROM drawn_spans
WHERE span_started_at >= $start AND span_started_at < $end AND dataset = $dataset AND purpose = 'label'
ORDER BY 1
"""
_PLACE = ("chain", "component")
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class QualityEstimate:
    """One row of `quality_estimates`, without when it was made.

    Attributes:
        target: `people`, or the judge whose grade is estimated.
        judge_version: with the rubric that it graded by, and the version of that.
        alone: the interval of the target's own labels without the cheaper scores.
    """

    chain: str
    component: str
    version: str
    criterion: str
    dataset: str
    day: date
    target: str
    mean: MeanEstimate
    alone: MeanEstimate
    judged: int
    scored: int
    answers: int
    judge: str | None
    judge_version: str | None

    def as_row(self, at: datetime) -> Row:
        """For the warehouse."""
        names = ("chain", "component", "version", "criterion", "dataset", "day", "target")
        parts = ("value", "low", "high", "always_low", "always_high", "standard_error", "labels")
        counts = ("judged", "scored", "answers", "judge", "judge_version")
        return (
            {name: getattr(self, name) for name in (*names, *counts)}
            | {name: getattr(self.mean, name) for name in parts}
            | {
                "alone_low": self.alone.low,
                "alone_high": self.alone.high,
                "estimate_id": content_hash(*(str(getattr(self, name)) for name in names)),
                "computed_at": at,
            }
        )


def rubric_of(judge_version: str | None) -> str | None:
    """The rubric in the version of an estimate's judge; None where it had none.

    >>> rubric_of("org/model@a1/answer_quality/9f3c"), rubric_of(None)
    ('answer_quality', None)
    """
    parts = (judge_version or "").rsplit("/", 2)
    return parts[1] if len(parts) == 3 else None


def days_due(con: Connection, start: datetime, end: datetime, *, dataset: str = PRODUCTION) -> list[date]:
    """The UTC days whose estimates a monitor pass over [start, end) makes anew, in order.

    Days of the stretch that have a judge's grades or a draw for labels; and days of labels that came since
    the last good pass began. Days that have neither have no estimates and cost nothing.
    """
    rows = fetch(con, read_sql("estimate_days.sql"), {"start": start, "end": end, "dataset": dataset})
    return [row["day"] for row in rows]


def update_estimates(
    warehouse: Warehouse, days: Iterable[date], *, at: datetime, dataset: str = PRODUCTION
) -> int:
    """Compute the estimates of these UTC days anew and store them; returns how many there are.

    One short connection reads, one writes, and none is held between.
    """
    wanted = sorted(set(days))
    read: list[tuple[date, str, list[Row]]] = []
    with warehouse.read() as con:
        for day in wanted:
            read += [(day, criterion, rows) for criterion, rows in _read(con, day, dataset)]
    found = [e for day, criterion, rows in read for e in estimates(rows, criterion, day, dataset)]
    with warehouse.write() as con:
        con.execute(
            "DELETE FROM quality_estimates WHERE dataset = ? AND day IN (SELECT unnest(?))", [dataset, wanted]
        )
        return insert(con, "quality_estimates", [e.as_row(at) for e in found])


def estimates(rows: Sequence[Row], criterion: str, day: date, dataset: str) -> list[QualityEstimate]:
    """By component and version, and of all its versions, for each target that has enough labels."""
    found = []
    for place, of_component in groupby(rows, key=lambda r: tuple(r[name] for name in _PLACE)):
        together = list(of_component)
        versions = {
            version: list(of_version)
            for version, of_version in groupby(together, key=lambda r: str(r["version"]))
        }
        for target in (PEOPLE, _judge(together)):
            if target is None:
                continue
            same: dict[str, Any] = {
                **dict(zip(_PLACE, place, strict=True)),
                "criterion": criterion,
                "dataset": dataset,
                "day": day,
                "target": target,
            }
            parts = [_one(of_version, same | {"version": v}) for v, of_version in versions.items()]
            found += [part for part in parts if part is not None]
            whole = _whole([p for p in parts if p is not None], together, same, len(versions))
            found += [whole] if whole is not None else []
    return found


def _whole(
    parts: Sequence[QualityEstimate], rows: Sequence[Row], same: dict[str, Any], versions: int
) -> QualityEstimate | None:
    """All versions: by strata where each has an estimate of its own, else all answers in one."""
    if not parts or len(parts) < versions:
        return _one(rows, same | {"version": ALL_VERSIONS})
    total = sum(p.answers for p in parts)
    shares = [p.answers / total for p in parts]
    first = parts[0]
    return QualityEstimate(
        **same | {"version": ALL_VERSIONS},
        mean=combine([p.mean for p in parts], shares),
        alone=combine([p.alone for p in parts], shares),
        judged=sum(p.judged for p in parts),
        scored=sum(p.scored for p in parts),
        answers=total,
        judge=first.judge,
        judge_version=first.judge_version,
    )


def _one(rows: Sequence[Row], same: dict[str, Any]) -> QualityEstimate | None:
    """The estimate of one group of answers; None with too few labels."""
    local, judged, label = (_column(rows, name) for name in ("local", "judged", "label"))
    scored = _drawn(local, _column(rows, "local_probability"))
    by_judge = _drawn(judged, _column(rows, "judged_probability"))
    by_people = _drawn(label, _column(rows, "label_probability"))
    if same["target"] == PEOPLE:
        target, drawn = label, by_people
        controls = [
            # People's and the judge's samples come of the same luck, so one lies within the other.
            Control(judged, by_judge, _both(by_judge, by_people, nested=True)),
            Control(local, scored, _both(scored, by_people, nested=False)),
            Control(local, scored, _both(scored, by_judge, nested=False)),
        ]
    else:
        target, drawn = judged, by_judge
        controls = [Control(local, scored, _both(scored, by_judge, nested=False))]
    try:
        mean = estimate_mean(target, drawn, controls)
        alone = estimate_mean(target, drawn)
    except TooFewLabelsError:
        return None
    counted = {row["version"]: int(row["answers"]) for row in rows}
    name = _judge(rows)
    return QualityEstimate(
        **same,
        mean=mean,
        alone=alone,
        judged=int(by_judge.included.sum()),
        scored=int(scored.included.sum()),
        answers=sum(counted.values()),
        judge=name,
        judge_version=next((r["judge_version"] for r in rows if r["judge"] == name and name), None),
    )


def _drawn(values: Floats, probability: Floats) -> Drawn:
    return Drawn(~np.isnan(values), np.where(np.isnan(probability), 1.0, probability))


def _both(a: Drawn, b: Drawn, *, nested: bool) -> Drawn:
    """Answers in both samples, and the chance of that: the smaller of the two, or their product."""
    assert a.probability is not None
    assert b.probability is not None
    chance = np.minimum(a.probability, b.probability) if nested else a.probability * b.probability
    return Drawn(a.included & b.included, chance)


def _column(rows: Sequence[Row], name: str) -> Floats:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)


def _judge(rows: Sequence[Row]) -> str | None:
    return next((str(row["judge"]) for row in rows if row["judge"] is not None), None)


def _read(con: Connection, day: date, dataset: str) -> Iterable[tuple[str, list[Row]]]:
    start = datetime.combine(day, time(), UTC)
    bounds = {"start": start, "end": start + timedelta(days=1), "dataset": dataset}
    for row in fetch(con, _CRITERIA, bounds):
        criterion = str(row["criterion"])
        yield criterion, fetch(con, read_sql("estimate_rows.sql"), bounds | {"criterion": criterion})
