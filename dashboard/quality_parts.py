"""The quality page's scores: estimates with intervals, the local scorer, versions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

import streamlit as st

from dashboard import formats, theme, ui
from dashboard.chart_data import Query
from dashboard.charts_quality import DayPoint, DaySeries, Level, day_chart
from dashboard.data_quality import ALL_VERSIONS, OWN_SCALES, PEOPLE, DayRow, EstimateRow, Scores, SetRow
from dashboard.frame import Frame
from dashboard.layout import side_by_side
from dashboard.text import to_csv
from monitors.judges.estimates import rubric_of
from monitors.judges.rubric import Rubric
from monitors.judges.scales import Scale, cut

_NEEDED = 10
_COLUMNS = (
    "day", "criterion", "version", "target", "value", "low", "high", "always_low", "always_high",
    "alone_low", "alone_high", "labels", "judged", "scored", "answers", "judge", "judge_version",
)  # fmt: skip


def days_shown(frame: Frame) -> tuple[date, date]:
    """The first and last UTC day of the range."""
    last = (frame.span.end - timedelta(microseconds=1)).astimezone(UTC).date()
    return frame.span.start.astimezone(UTC).date(), last


def estimates(view: Scores, frame: Frame, rubric: Rubric, *, version: str, always: bool) -> None:
    """One chart a criterion: what people would say, and what the judge would."""
    rows = [e for e in view.estimates if e.version == version]
    labelled = [d for d in view.days if d.who == PEOPLE]
    ui.heading(
        "Judge and people",
        "What all answers of a day (UTC) are worth, by people's labels, the judge's grades and local scores. "
        + ("The intervals hold at every look together." if always else "The intervals hold for one look."),
    )
    if not rows:
        no_estimates(view)
        return
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        for criterion in sorted({e.criterion for e in rows}, key=lambda c: _rank(c, rubric)):
            mine = [_reading(e, always=always) for e in rows if e.criterion == criterion]
            raw = [d for d in labelled if d.criterion == criterion] if version == ALL_VERSIONS else []
            with grid.cell(), st.container(border=True, height="stretch"):
                ui.chart(
                    _finding(criterion, mine),
                    day_chart(
                        [*_targets(mine), *_labels(raw)],
                        within=days_shown(frame),
                        unit="grade",
                        scale=view.scales.get(criterion),
                        level=_level(_judged_set(view, criterion, mine)),
                    ),
                    key=f"estimate_{criterion}",
                    query=Query(name="quality_estimates", parameters=frame.scope),
                )


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One estimate with the interval that is looked at."""

    row: EstimateRow
    low: float
    high: float

    @property
    def said(self) -> str:
        return f"{self.row.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def _reading(row: EstimateRow, *, always: bool) -> _Reading:
    low, high = (row.always_low, row.always_high) if always else (row.low, row.high)
    return _Reading(row=row, low=low, high=high)


def _judged_set(view: Scores, criterion: str, readings: Sequence[_Reading]) -> SetRow | None:
    """The evaluation set by people, for whom estimates speak; else by the judge of a chart."""
    judges = dict.fromkeys(r.row.judge for r in readings if r.row.judge is not None)
    found = (view.in_set(criterion, judge, local=False) for judge in judges)
    by_people = view.in_set(criterion, PEOPLE, local=True)
    return by_people or next((row for row in found if row is not None), None)


def _level(row: SetRow | None) -> Level | None:
    """Development beside production."""
    if row is None:
        return None
    answers = "answer" if row.n == 1 else "answers"
    return Level(
        value=row.mean,
        name=f"evaluation set {row.dataset}: {row.mean:.2f} ({formats.count(row.n)} {answers})",
    )


def _finding(criterion: str, readings: Sequence[_Reading]) -> str:
    """The newest estimate in words; people's before the judge's own."""
    newest = max(readings, key=lambda r: (r.row.target == PEOPLE, r.row.day))
    row = newest.row
    who, rubric = _whose(newest)
    others = {_whose(r)[1] for r in readings if _whose(r)[0] == who}
    by = f" by {rubric}" if len(others) > 1 else ""
    return f"{_word(criterion)}: {who} would give {newest.said}{by} on {row.day.day} {row.day:%b}"


def _whose(reading: _Reading) -> tuple[str, str | None]:
    """Whose grade is estimated, and of a judge by which rubric: two may share the name of a criterion."""
    row = reading.row
    return row.target, None if row.target == PEOPLE else rubric_of(row.judge_version)


def _targets(readings: Sequence[_Reading]) -> list[DaySeries]:
    """People's first, then each judge's own, in lighter colours; by rubric where there are several."""
    of = sorted({_whose(r) for r in readings}, key=lambda one: (one[0] != PEOPLE, one[0], one[1] or ""))
    several = len({rubric for target, rubric in of if target != PEOPLE}) > 1
    found = []
    for place, (target, rubric) in enumerate(of, start=of[:1] != [(PEOPLE, None)]):
        people = target == PEOPLE
        by = f" by {rubric}" if several and rubric else ""
        found.append(
            DaySeries(
                name="what people would say" if people else f"what {target} would say{by}",
                points=[_point(r) for r in readings if _whose(r) == (target, rubric)],
                colour=theme.CURRENT if people else (theme.CURRENT_3, theme.CURRENT_2)[place % 2],
                symbol="circle" if people else "diamond",
            )
        )
    return found


def _point(reading: _Reading) -> DayPoint:
    row = reading.row
    of = "labels" if row.target == PEOPLE else "grades"
    return DayPoint(
        day=row.day,
        value=row.value,
        low=reading.low,
        high=reading.high,
        made_of=f"{reading.said}, {formats.count(row.labels)} {of}, "
        f"{formats.count(row.judged)} judged and {formats.count(row.scored)} scored "
        f"of {formats.count(row.answers)} answers",
    )


def _labels(rows: Sequence[DayRow]) -> list[DaySeries]:
    """The plain mean of the labels: what they say without the rest."""
    points = [_mean(d, "labels", None) for d in rows if d.mean is not None]
    if not points:
        return []
    bare = [DayPoint(day=p.day, value=p.value, low=None, high=None, made_of=p.made_of) for p in points]
    return [DaySeries(name="mean of the labels", points=bare, colour=theme.NO_DATA, symbol="circle-open")]


def _mean(row: DayRow, of: str, scale: Scale | None) -> DayPoint:
    mean, half = row.mean or 0.0, row.half_width
    said = f"{mean:.2f}" if half is None else f"{mean:.2f} ± {half:.2f}"
    return DayPoint(
        day=row.day,
        value=mean,
        low=None if half is None else cut(mean - half, scale),
        high=None if half is None else cut(mean + half, scale),
        made_of=f"{said}, {formats.count(row.scored)} {of}",
    )


def local(view: Scores, frame: Frame) -> None:
    """The daily mean of the local scorer, and of figures against a known truth."""
    _daily(
        view,
        frame,
        "local",
        "Local scorer",
        "The mean of all answers that it scored, 0 to 3, with the 95 % interval of that mean. Its own view, "
        "corrected by nobody: a change is worth a look, the level means little.",
    )
    _daily(
        view,
        frame,
        "reference",
        "Against a known truth",
        "Of the spans that carry one, 0 to 1: documents that are marked as relevant or not, right answers.",
    )


def _daily(view: Scores, frame: Frame, who: str, title: str, note: str) -> None:
    """One chart a criterion of one judge of kind local."""
    scale = OWN_SCALES[who]
    rows = [d for d in view.days if d.who == who and d.mean is not None]
    if not rows:
        return
    ui.heading(title, note)
    criteria = sorted({d.criterion for d in rows})
    with side_by_side(len(criteria)) as grid:
        for criterion in criteria:
            mine = [d for d in rows if d.criterion == criterion]
            total = sum(d.scored for d in mine)
            mean = sum((d.mean or 0.0) * d.scored for d in mine) / total
            held = view.in_set(criterion, who, local=True)
            with grid.cell(), st.container(border=True, height="stretch"):
                ui.chart(
                    f"{_word(criterion)}: {mean:.2f} on average of {formats.count(total)} answers",
                    day_chart(
                        [DaySeries(name=title, points=[_mean(d, "answers", scale) for d in mine])],
                        within=days_shown(frame),
                        unit="grade",
                        scale=scale,
                        height=200 if held is None else 240,
                        level=_level(held),
                    ),
                    key=f"{who}_{criterion}",
                    query=Query(name="quality_days", parameters=frame.scope),
                )


def table(view: Scores, rubric: Rubric, component: str) -> None:
    """Every estimate of the range, the newest day first: the data of the charts, version by version."""
    if not view.estimates:
        return
    ui.heading(
        "Versions side by side",
        "Each version that has 10 labels or grades of its own, and all together. Alone: what the labels say "
        "by themselves.",
    )
    # One version is all versions.
    shown = [e for e in view.estimates if e.version == ALL_VERSIONS or len(view.versions) > 1]
    rows = sorted(
        shown,
        key=lambda e: (
            -e.day.toordinal(),
            _rank(e.criterion, rubric),
            e.target != PEOPLE,
            e.target,
            e.version,
        ),
    )
    st.dataframe(
        [
            {
                "Day (UTC)": f"{e.day:%Y-%m-%d}",
                "Version": "all together" if e.version == ALL_VERSIONS else e.version or "not known",
                "Criterion": e.criterion,
                "Whose grade": e.target,
                "Estimate": f"{e.value:.2f}",
                "95 %, one look": f"{e.low:.2f} to {e.high:.2f}",
                "95 %, every look": f"{e.always_low:.2f} to {e.always_high:.2f}",
                "Alone": formats.UNKNOWN
                if e.alone_low is None or e.alone_high is None
                else f"{e.alone_low:.2f} to {e.alone_high:.2f}",
                "Labels": formats.count(e.labels),
                "Judged": formats.count(e.judged),
                "Scored": formats.count(e.scored),
                "Answers": formats.count(e.answers),
            }
            for e in rows
        ],
        hide_index=True,
        alt="Quality estimates by day, version, criterion and target",
    )
    ui.download(
        "Estimates as CSV",
        to_csv([{name: getattr(e, name) for name in _COLUMNS} for e in rows], _COLUMNS),
        f"quality-{component}.csv",
        key="estimates_csv",
    )


def no_estimates(view: Scores) -> None:
    """What an estimate of all answers lacks, and how to get it."""
    labels = sum(d.scored for d in view.days if d.who == PEOPLE)
    ui.nothing(
        "No estimate in this range",
        f"An estimate of a day needs {_NEEDED} labels of drawn answers, or {_NEEDED} grades of a judge; "
        f"{formats.count(labels)} labels are of this range. Draw some and grade them under Label answers, or "
        "set up a judge.",
        ["chainwatch judge --dry-run"],
    )


def _rank(criterion: str, rubric: Rubric) -> tuple[int, str]:
    """Overall first, then the rubric's order, then the rest."""
    names = ["overall", *(c.name for c in rubric.criteria)]
    return (names.index(criterion) if criterion in names else len(names), criterion)


def _word(criterion: str) -> str:
    return formats.criterion(criterion)
