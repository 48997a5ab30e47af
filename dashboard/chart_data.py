"""What a chart was drawn from: to read, to take away as CSV or Parquet, and to ask for again in SQL."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard import data
from dashboard.text import to_csv

_SHOWN = 2_000
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


def as_values(rows: Sequence[Mapping[str, Any]]) -> str:
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


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


@st.fragment
def offer(title: str, rows: Sequence[Mapping[str, Any]], *, key: str, query: Query | None = None) -> None:
    """A button that opens the chart's data. A fragment, so that opening it draws nothing else again."""
    box = st.popover(
        "Show the data", icon=":material/table:", type="tertiary", key=f"data_{key}", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        if not rows:
            st.text("Nothing was drawn.")
            return
        st.dataframe(rows[:_SHOWN], hide_index=True, height=280, alt=f"The data of the chart: {title}")
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


def rows_of(figure: go.Figure) -> list[dict[str, Any]]:
    """One row for each point that the chart shows, named by its axes; areas and marks are left out.

    Gaps are no rows: what was not measured is not there.
    """
    across, up = _title(figure.layout.xaxis, "x"), _title(figure.layout.yaxis, "y")
    rows = []
    for trace in figure.data:
        if trace.hoverinfo == "skip" or trace.type not in ("scatter", "scattergl", "bar") or trace.x is None:
            continue
        starts = trace.base if trace.type == "bar" and trace.base is not None else None
        low, high = _edges(trace)
        for index, (x, y) in enumerate(zip(trace.x, trace.y, strict=True)):
            if x is None or y is None:
                continue
            row = {"Series": trace.name or "", across: _plain(x), up: _plain(y)}
            if starts is not None:
                row["From"] = _plain(starts[index])
            if low and high:
                row["Low"], row["High"] = _plain(y) - low[index], _plain(y) + high[index]
            rows.append(row)
    return rows


def _edges(trace: Any) -> tuple[Sequence[float], Sequence[float]]:
    bars = getattr(trace, "error_y", None)
    if bars is None or bars.array is None:
        return (), ()
    up = [float(v) for v in bars.array]
    return ([float(v) for v in bars.arrayminus] if bars.arrayminus is not None else up), up


def _title(axis: Any, without: str) -> str:
    return str(axis.title.text) if axis.title.text else without


def _plain(value: Any) -> Any:
    """Numpy's numbers and times as Python's own."""
    return value.item() if hasattr(value, "item") else value


def to_parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
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
