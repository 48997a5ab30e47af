"""The ledger of the LLM judge: what each run did, what it spent, and what is left of the day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch, replace
from monitors.judges.budget import Spent
from monitors.judges.draws import Draw, DrawOutcome, write_draw
from monitors.judges.grade import Grade

if TYPE_CHECKING:
    from monitors.judges.llm_run import LlmRun

_SPENT = """
SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(input_tokens + output_tokens), 0) AS tokens,
    coalesce(sum(cost_usd), 0.0) AS cost_usd
FROM judge_runs WHERE list_contains(?, judge) AND started_at >= ? AND started_at < ?
"""


def spent_today(con: Connection, judges: Sequence[str], now: datetime) -> Spent:
    """What these judges' runs of the UTC day of `now` took together."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    (row,) = fetch(con, _SPENT, [list(judges), day, day + timedelta(days=1)])
    return Spent(calls=int(row["calls"]), tokens=int(row["tokens"]), cost_usd=float(row["cost_usd"]))


def write_run(con: Connection, run: LlmRun, *, at: datetime) -> None:
    """Store a run as far as it has come, and its members'; the same run's earlier state is replaced."""
    for member in run.members:
        write_run(con, member, at=at)
    told = run.row()
    row = told | {"updated_at": at} | {name: json.dumps(told[name]) for name in ("unscored", "skipped")}
    replace(con, "judge_runs", "judge_run_id", [row])


def write_drawn(
    con: Connection,
    drawn: Draw,
    grades: Sequence[Grade],
    left_out: Mapping[str, str],
    run: LlmRun,
    *,
    at: datetime,
) -> None:
    """Store what became of every span of a run's sample."""
    outcomes: dict[str, tuple[DrawOutcome, str | None]] = {}
    for grade in (g for g in grades if g.judge == run.judge):
        key = f"{grade.trace_id}/{grade.span_id}"
        if grade.status == "unscored":
            outcomes[key] = ("unscored", grade.reason)
        else:
            outcomes.setdefault(key, ("graded", None))
    outcomes |= {key: ("skipped", reason) for key, reason in left_out.items()}
    write_draw(con, drawn, outcomes, at=at, run_id=run.run_id)
