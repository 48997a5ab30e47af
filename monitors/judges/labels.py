"""People's labels: checked, joined to their spans, stored once, and every change of one written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from collectors.model import content_hash
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row, fetch, insert
from monitors.judges.rubric import Criterion
from monitors.judges.spans import read_sql

SOURCE = "label"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One person's grade of one criterion of one span. `where`: file and line, for errors."""

    where: str
    trace_id: str
    span_id: str | None
    criterion: str
    score: float
    author: str
    comment: str | None

    def identity(self, span_id: str) -> str:
        """The same person labels a span's criterion once; a second time replaces the first."""
        return content_hash("label", self.trace_id, span_id, self.criterion, self.author)


@dataclass(kw_only=True)
class LabelReport:
    """What became of the lines of a file.

    Attributes:
        new, changed, unchanged: labels. empty: lines that nobody has filled in yet.
        rejected: file, line and reason.
        not_drawn: of the labels, those of answers that were not drawn: they count for agreement only.
        days: whose estimates change.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    empty: int = 0
    not_drawn: int = 0
    rejected: list[str] = field(default_factory=list)
    days: set[date] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {**vars(self), "days": sorted(day.isoformat() for day in self.days)}


def parse_labels(
    lines: Iterable[tuple[str, dict[str, Any] | str]],
    report: LabelReport,
    *,
    criterion: str | None,
    author: str,
    criteria: Sequence[Criterion],
) -> list[Label]:
    """Labels of the filled-in lines; the others are counted in the report.

    criterion, author: for lines that name none. criteria: of the rubric, whose scales the scores must keep;
    criteria of other names may have any number.
    """
    scales = {c.name: c for c in criteria}
    found = []
    for where, record in lines:
        if isinstance(record, str):
            report.rejected.append(f"{where}: {record}")
            continue
        text = {
            name: _text(record.get(name))
            for name in ("trace_id", "span_id", "criterion", "author", "comment")
        }
        raw = record.get("score")
        if _text(raw) is None:
            report.empty += 1
            continue
        name = text["criterion"] or criterion
        score = _number(raw)
        scale = scales.get(name or "")
        problem = (
            "no trace_id" if text["trace_id"] is None
            else "no criterion; name it in the line or by --criterion" if name is None
            else f"score {str(raw)[:40]!r} is no number" if score is None
            else f"score {score:g} of {name} is not one of {', '.join(map(str, scale.grades))}"
            if scale is not None and score not in scale.grades
            else None
        )  # fmt: skip
        if problem is not None or score is None or name is None or text["trace_id"] is None:
            report.rejected.append(f"{where}: {problem}")
            continue
        found.append(
            Label(
                where=where,
                trace_id=text["trace_id"],
                span_id=text["span_id"],
                criterion=name,
                score=score,
                author=text["author"] or author,
                comment=text["comment"],
            )
        )
    return found


def store_labels(warehouse: Warehouse, labels: Sequence[Label], report: LabelReport, *, at: datetime) -> None:
    """Join labels to their spans and store them in one transaction; a second time changes nothing."""
    with warehouse.write() as con:
        spans = {
            (row["trace_id"], row["wanted"]): row
            for row in fetch(
                con,
                read_sql("label_spans.sql"),
                {"traces": [x.trace_id for x in labels], "spans": [x.span_id for x in labels]},
            )
        }
        latest: dict[str, Row] = {}
        drawn: set[str] = set()
        for label in labels:
            span = spans.get((label.trace_id, label.span_id))
            if span is None:
                report.rejected.append(f"{label.where}: no such span: {label.trace_id}/{label.span_id or ''}")
                continue
            row = _row(label, span["span_id"], at)
            latest[row["annotation_id"]] = row
            report.days.add(span["started_at"].astimezone(UTC).date())
            if label.criterion in (span["drawn_for"] or ()):
                drawn.add(row["annotation_id"])
        stored = {
            row["annotation_id"]: row
            for row in fetch(
                con,
                "SELECT annotation_id, score, comment FROM annotations "
                "WHERE annotation_id IN (SELECT unnest($ids))",
                {"ids": list(latest)},
            )
        }
        wanted = {i: row for i, row in latest.items() if not _same(stored.get(i), row)}
        report.new += sum(i not in stored for i in wanted)
        report.changed += sum(i in stored for i in wanted)
        report.unchanged += len(latest) - len(wanted)
        report.not_drawn += len(latest) - len(drawn)
        if not wanted:
            return
        con.execute("DELETE FROM annotations WHERE annotation_id IN (SELECT unnest(?))", [list(wanted)])
        insert(con, "annotations", list(wanted.values()))
        insert(con, "audit", [_audit(row, stored.get(i), at) for i, row in wanted.items()])


def _row(label: Label, span_id: str, at: datetime) -> Row:
    return {
        "annotation_id": label.identity(span_id),
        "trace_id": label.trace_id,
        "span_id": span_id,
        "author": label.author,
        "author_kind": "human",
        "name": label.criterion,
        "score": label.score,
        "comment": label.comment,
        "created_at": at,
        "source": SOURCE,
        "ingested_at": at,
    }


def _audit(row: Row, before: Row | None, at: datetime) -> Row:
    """Who labelled what; texts stay out of the log."""
    detail = {"criterion": row["name"], "score": row["score"]}
    if before is not None:
        detail["before"] = before["score"]
    return {
        "occurred_at": at,
        "actor": row["author"],
        "action": "label",
        "subject": f"{row['trace_id']}/{row['span_id']}",
        "detail": json.dumps(detail),
    }


def _same(before: Row | None, row: Row) -> bool:
    return before is not None and all(before[name] == row[name] for name in ("score", "comment"))


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(str(value).strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None
