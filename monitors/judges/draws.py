"""Samples drawn by chance, with the chance that each answer had: for the judge, and for people's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from collectors.model import PRODUCTION, content_hash
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch, insert
from monitors.judges.grade import ENDPOINT_REASON
from monitors.judges.spans import read_sql

Purpose = Literal["judge", "label"]
DrawOutcome = Literal["waiting", "graded", "unscored", "skipped"]
Outcomes = Mapping[str, tuple[DrawOutcome, str | None]]


@dataclass(frozen=True, kw_only=True)
class DrawnSpan:
    """One answer that was drawn.

    Attributes:
        place: where it stands in the order of its stratum; cut: the first place that was not drawn, None
            when all were.
    """

    trace_id: str
    span_id: str
    span_started_at: datetime
    chain: str
    component: str
    version: str
    dataset: str
    weight: float
    place: float
    cut: float | None

    @property
    def key(self) -> str:
        """`trace_id/span_id`."""
        return f"{self.trace_id}/{self.span_id}"

    @property
    def stratum(self) -> tuple[str, str, str]:
        """What it was drawn among."""
        return self.chain, self.component, self.version


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A whole draw, in the order of its turns.

    Attributes:
        eligible: how many answers it was drawn out of, those drawn before not counted.
        drawn_for: names what it is for, so that draws for other ends do not mix with it.
    """

    purpose: Purpose
    drawn_for: str
    start: datetime
    end: datetime
    spans: tuple[DrawnSpan, ...]
    eligible: int


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Which grades count as done already."""

    judge: str
    judge_version: str
    rubric: str
    rubric_version: str

    @property
    def name(self) -> str:
        """One name for all four."""
        return f"{self.judge}/{self.judge_version}/{self.rubric}/{self.rubric_version}"


def draw(
    con: Connection,
    what: Judgement | str,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    seed: int,
    components: Sequence[str] = (),
    chain: str | None = None,
    dataset: str = PRODUCTION,
) -> Draw:
    """At most `limit` answers of [start, end) that were not judged (or not drawn for labels) before.

    what: the judgement that is to be made, or the name of a set of labels. No components: the
    application's answers. No chain: of all chains. The same seed draws the same, and people's sample lies
    within the judge's.
    """
    judgement = what if isinstance(what, Judgement) else None
    purpose: Purpose = "label" if judgement is None else "judge"
    drawn_for = what if isinstance(what, str) else what.name
    rows = fetch(
        con,
        read_sql("draw.sql"),
        {
            "purpose": purpose,
            "drawn_for": drawn_for,
            "judge": judgement.judge if judgement else None,
            "judge_version": judgement.judge_version if judgement else None,
            "rubric": judgement.rubric if judgement else None,
            "rubric_version": judgement.rubric_version if judgement else None,
            "again": ENDPOINT_REASON,
            "start": start,
            "end": end,
            "limit": limit,
            "seed": seed,
            "components": list(components) or None,
            "chain": chain,
            "dataset": dataset,
        },
    )
    names = DrawnSpan.__dataclass_fields__
    return Draw(
        purpose=purpose,
        drawn_for=drawn_for,
        start=start,
        end=end,
        spans=tuple(DrawnSpan(**{name: row[name] for name in names}) for row in rows),
        eligible=int(rows[0]["eligible"]) if rows else 0,
    )


def chances(drawn: Draw, outcomes: Outcomes) -> dict[str, float | None]:
    """With what chance each span of the draw was answered for, by key; None for those out of turn.

    A cap that stopped the draw in the middle makes a smaller draw of it: in each stratum the first place that
    was skipped is the cut, and what was judged behind it says nothing of the others.
    """
    found: dict[str, float | None] = {}
    for stratum in {span.stratum for span in drawn.spans}:
        cut = _cut(drawn, stratum, outcomes)
        for span in (s for s in drawn.spans if s.stratum == stratum):
            in_turn = cut is None or span.place < cut
            found[span.key] = None if not in_turn else 1.0 if cut is None else min(1.0, span.weight * cut)
    return found


def write_draw(
    con: Connection,
    drawn: Draw,
    outcomes: Outcomes,
    *,
    at: datetime,
    run_id: str | None,
) -> int:
    """Store a draw with what became of each span; returns how many. Spans without an outcome were skipped.

    Spans that were drawn before out of the same stratum and time would have been drawn by this draw too, if
    its cut is the larger: their chance grows to its.
    """
    if not drawn.spans:
        return 0
    chance = chances(drawn, outcomes)
    rows: list[dict[str, Any]] = []
    for span in drawn.spans:
        outcome, reason = _outcome(span, outcomes)
        rows.append(
            {name: value for name, value in vars(span).items() if name != "cut"}
            | {
                "drawn_id": content_hash(drawn.purpose, drawn.drawn_for, span.trace_id, span.span_id),
                "purpose": drawn.purpose,
                "drawn_for": drawn.drawn_for,
                "probability": chance[span.key],
                "outcome": outcome,
                "reason": reason,
                "drawn_at": at,
                "run_id": run_id,
            }
        )
    times = [span.span_started_at for span in drawn.spans]
    con.execute(
        "DELETE FROM drawn_spans WHERE span_started_at BETWEEN ? AND ? AND drawn_id IN (SELECT unnest(?))",
        [min(times), max(times), [row["drawn_id"] for row in rows]],
    )
    for stratum in {span.stratum for span in drawn.spans}:
        _raise_earlier(con, drawn, stratum, _cut(drawn, stratum, outcomes))
    return insert(con, "drawn_spans", rows)


def _raise_earlier(con: Connection, drawn: Draw, stratum: tuple[str, str, str], cut: float | None) -> None:
    con.execute(
        read_sql("raise_drawn.sql"),
        {
            "cut": cut,
            "purpose": drawn.purpose,
            "drawn_for": drawn.drawn_for,
            "start": drawn.start,
            "end": drawn.end,
            "chain": stratum[0],
            "component": stratum[1],
            "version": stratum[2],
        },
    )


def _cut(drawn: Draw, stratum: tuple[str, str, str], outcomes: Outcomes) -> float | None:
    """The first place of a stratum that is not answered for; None when all of it is."""
    inside = [s for s in drawn.spans if s.stratum == stratum]
    skipped = [s.place for s in inside if _outcome(s, outcomes)[0] == "skipped"]
    return min([s.cut for s in inside[:1] if s.cut is not None] + skipped, default=None)


def _outcome(span: DrawnSpan, outcomes: Outcomes) -> tuple[DrawOutcome, str | None]:
    return outcomes.get(span.key, ("skipped", "not reached"))
