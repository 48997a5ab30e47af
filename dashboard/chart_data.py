"""What a chart was drawn from: to read, to take away as CSV or Parquet, and to ask for again in SQL."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any, Literal

import streamlit as st

from dashboard import data
from dashboard.figures import Figure, Trace
from dashboard.text import to_csv

Rows = Sequence[Mapping[str, Any]]

_SHOWN = 2_000
# So few rows need no scrolling.
_FEW = 7
_PARAMETER = re.compile(r"\$(\w+)")


@dataclass(frozen=True, kw_only=True)
class Query:
    """The query that a chart's data came from: `sql/NAME.sql` and its parameters.

    sides: the parameters of each side where two are compared, by its name; the rows then say their `side`.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def text(self) -> str:
        """SQL that `chainwatch query` runs as it stands: with the values in place of the parameters."""
        if not self.sides:
            return self._filled(self.parameters)
        return "\nUNION ALL\n".join(
            f"SELECT {literal(side)} AS side, * FROM (\n{self._filled(parameters)}\n)"  # noqa: S608 - ours
            for side, parameters in self.sides.items()
        )

    def _filled(self, parameters: Mapping[str, Any]) -> str:
        return _PARAMETER.sub(
            lambda m: literal(parameters[m[1]]) if m[1] in parameters else m[0], data.sql(self.name)
        ).strip()


def as_values(rows: Rows) -> str:
    """SQL for what is reckoned and stored nowhere: the rows themselves, to be joined with what is stored.

    >>> print(as_values([{"Day": "1 Mar", "Share": 0.5}]))
    SELECT * FROM (VALUES
        ('1 Mar', 0.5)
    ) AS chart("Day", "Share")
    """
    columns = _columns(rows)
    lines = ",\n".join(f"    ({', '.join(literal(row.get(name)) for name in columns)})" for row in rows)
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    return f"SELECT * FROM (VALUES\n{lines}\n) AS chart({names})"  # noqa: S608 - quoted above


def _columns(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


@st.fragment
def offer(title: str, drawn: Rows | Figure, *, key: str, query: Query | None = None) -> None:
    """A button that opens the chart's data. A fragment, so that opening it draws nothing else again.

    drawn: the rows, or the figure whose points they are.
    """
    box = st.popover(
        "Show the data", icon=":material/table:", type="tertiary", key=f"data_{key}", on_change="rerun"
    )
    if not box.open:
        return
    rows = rows_of(drawn) if isinstance(drawn, Figure) else drawn
    with box:
        if not rows:
            st.text("Nothing was drawn.")
            return
        height: int | Literal["content"] = "content" if len(rows) <= _FEW else 280
        st.dataframe(rows[:_SHOWN], hide_index=True, height=height, alt=f"The data of the chart: {title}")
        if len(rows) > _SHOWN:
            st.caption(f"The first {_SHOWN:,} of {len(rows):,} rows; the files have all.")
        columns = _columns(rows)
        with st.container(horizontal=True):
            for word, kind, made in (
                ("CSV", "text/csv", lambda: to_csv(rows, columns)),
                ("Parquet", "application/vnd.apache.parquet", lambda: to_parquet(rows)),
            ):
                st.download_button(
                    word,
                    made,
                    file_name=f"{key}.{word.lower()}",
                    mime=kind,
                    key=f"{word}_{key}",
                    icon=":material/download:",
                    on_click="ignore",
                )
        if query is not None:
            st.caption("The query behind it, for `chainwatch query`:")
        else:
            st.caption("Reckoned for this page and not stored; as a table for `chainwatch query`:")
        st.code(
            query.text() if query is not None else as_values(rows[:_SHOWN]), language="sql", wrap_lines=True
        )


def rows_of(figure: Figure) -> list[dict[str, Any]]:
    """One row for each point that the chart shows, named by its axes; areas and marks are left out.

    Gaps are no rows: what was not measured is not there.
    """
    across, up = _title(figure, "x"), _title(figure, "y")
    rows = []
    for trace in figure.data:
        if trace.get("hoverinfo") == "skip" or trace["type"] not in ("scatter", "bar"):
            continue
        starts = trace.get("base")
        low, high = _edges(trace)
        for index, (x, y) in enumerate(zip(trace["x"], trace["y"], strict=True)):
            if x is None or y is None:
                continue
            row = {"Series": trace.get("name", ""), across: x, up: y}
            if starts is not None:
                row["From"] = starts[index]
            if low and high:
                row["Low"], row["High"] = y - low[index], y + high[index]
            rows.append(row)
    return rows


def _edges(trace: Trace) -> tuple[Sequence[float], Sequence[float]]:
    bars = trace.get("error_y")
    return ((), ()) if bars is None else (bars["arrayminus"], bars["array"])


def _title(figure: Figure, axis: Literal["x", "y"]) -> str:
    title = figure.layout.get(f"{axis}axis", {}).get("title", {})
    return str(title.get("text") or axis)


def to_parquet(rows: Rows) -> bytes:
    """Rows of equal columns as a Parquet file; a column of several kinds becomes text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name in _columns(rows):
        values = [row.get(name) for row in rows]
        kinds = {type(v) for v in values if v is not None}
        mixed = len(kinds) > 1 and not kinds <= {int, float}
        columns[name] = [str(v) for v in values] if mixed else values
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def literal(value: Any) -> str:
    """A value as DuckDB reads it.

    >>> literal(None), literal("it's"), literal(2.5), literal(True)
    ('NULL', "'it''s'", '2.5', 'true')
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value) if isfinite(value) else f"'{value!r}'::DOUBLE"
    if isinstance(value, date):
        kind = "DATE"
        if isinstance(value, datetime):
            kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
        return f"{kind} '{value.isoformat()}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return "'" + str(value).replace("'", "''") + "'"
