"""The figures of a rule, read from the spans: one row a series and window.

They are read anew in every run, for the windows that the rule looks at: nothing that is stored can be out of
date when spans come late, and a replay reads what the run read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from collectors.warehouse.store import fetch
from monitors.alerting.labels import ATTRIBUTES, SPAN_LABELS
from monitors.alerting.rules.config import QUALITY, SeriesRule
from monitors.result import Window

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

OTHER = "(other)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STATISTICS: Mapping[str, str] = {
    "mean": "avg(value)",
    "max": "max(value)",
    "sum": "sum(value)",
    "count": "count(*)::DOUBLE",
    **{f"p{share}": f"quantile_cont(value, 0.{share})" for share in (50, 90, 95, 99)},
}
_VALUES: Mapping[str, str] = {"status": "(status = 'error')::INTEGER::DOUBLE"}


@dataclass(frozen=True, kw_only=True, order=True)
class Series:
    """A component of a chain, and the values of the labels that a rule counts by."""

    chain: str
    component: str
    by: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One series in one window.

    Attributes:
        n: requests that have a value; bad: how many of them are bad. value: of the statistic.
        folded: values of the labels that are in it; more than one in the series `(other)`.
    """

    series: Series
    window: Window
    n: int
    bad: int
    value: float
    folded: int


def read_series(
    con: Connection,
    rule: SeriesRule,
    field: str,
    period: Window,
    length: timedelta,
    *,
    statistic: str = "mean",
    bad_above: float = math.inf,
    bad_below: float = -math.inf,
) -> list[Figures]:
    """The figures of every series that `rule` matches, in the windows of `length` within `period`."""
    bound: dict[str, Any] = {
        "start": period.start,
        "end": period.end,
        "length_us": length // _MICROSECOND,
        "max_series": rule.max_series,
        "other": OTHER,
        "bad_above": bad_above,
        "bad_below": bad_below,
    }
    sql = _sql(rule, field, statistic, bound)
    return [
        Figures(
            series=Series(
                chain=row["chain"],
                component=row["component"],
                by=tuple(zip(rule.by, row["series"], strict=True)),
            ),
            window=_window(row["bucket"], length),
            n=row["n"],
            bad=row["bad"],
            value=row["value"],
            folded=row["series_in_it"],
        )
        for row in fetch(con, sql, bound)
    ]


def _sql(rule: SeriesRule, field: str, statistic: str, bound: dict[str, Any]) -> str:
    """The query with the columns of this rule: names of ours, and parameters for all that people wrote."""
    by = ", ".join(_label(label, bound) for label in rule.by)
    matches = ["true"]
    for label, pattern in rule.match.items():
        name = f"match_{len(bound)}"
        bound[name] = pattern
        matches.append(f"{_label(label, bound)} GLOB ${name}")
    template = (resources.files("monitors.alerting.rules") / "span_counts.sql").read_text("utf-8")
    is_grade = field.startswith(QUALITY)
    if is_grade:
        bound["criterion"], _, judge = field.removeprefix(QUALITY).partition("@")
        bound["judge"] = judge
    for place, text in {
        "{series}": f"[{by}]::VARCHAR[]",
        "{value}": _VALUES.get(field, "score" if is_grade else field),
        "{source}": _GRADED if is_grade else "spans",
        "{matches}": " AND ".join(matches),
        "{statistic}": _STATISTICS[statistic],
    }.items():
        template = template.replace(place, text)
    return template


# A grade beside the span that it is of; a field that names no judge is the local scorer's.
_GRADED = """(
    SELECT spans.*, grades.score
    FROM grades
    JOIN spans USING (trace_id, span_id)
    WHERE grades.criterion = $criterion AND grades.status = 'graded'
        AND if($judge = '', grades.judge_kind = 'local', grades.judge = $judge)
        AND grades.span_started_at >= $start AND grades.span_started_at < $end
        AND spans.started_at >= $start AND spans.started_at < $end
    QUALIFY row_number() OVER (PARTITION BY trace_id, span_id, grades.judge ORDER BY graded_at DESC) = 1
)"""


def _label(label: str, bound: dict[str, Any]) -> str:
    """The SQL of a label; empty where a span has none."""
    if label in SPAN_LABELS:
        return f"coalesce({SPAN_LABELS[label]}, '')"
    if label.startswith(ATTRIBUTES):
        name = f"label_{len(bound)}"
        # A JSON pointer: keys of attributes are full of dots.
        bound[name] = "/" + label.removeprefix(ATTRIBUTES).replace("~", "~0").replace("/", "~1")
        return f"coalesce(attributes ->> ${name}, '')"
    return label


def _window(bucket: int, length: timedelta) -> Window:
    start = _EPOCH + bucket * length
    return Window(start=start, end=start + length)
