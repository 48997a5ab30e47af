"""The ledger of the LLM judge: what each run did, what it spent, and what is left of the day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from collectors.errors import RunInProgressError
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import fetch, replace
from monitors.judges.budget import Spent
from monitors.judges.draws import Draw, DrawOutcome, write_draw
from monitors.judges.grade import Grade
from monitors.judges.journal import Journal

if TYPE_CHECKING:
    from monitors.judges.llm_run import LlmRun

_SPENT = """
SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(input_tokens + output_tokens), 0) AS tokens,
    coalesce(sum(cost_usd), 0.0) AS cost_usd
FROM judge_runs WHERE list_contains(?, judge) AND updated_at >= ? AND started_at < ?
"""


# What a run took that was killed before it could say so itself.
_ADD_LEFT = """
UPDATE judge_runs SET calls = calls + $calls, input_tokens = input_tokens + $input_tokens,
    output_tokens = output_tokens + $output_tokens, cost_usd = cost_usd + coalesce($cost_usd, 0.0),
    stopped = coalesce(stopped, 'killed'), updated_at = greatest(updated_at, $at)
WHERE judge_run_id = $judge_run_id
"""


@contextmanager
def alone(warehouse: Warehouse, clock: Callable[[], datetime]) -> Iterator[Journal]:
    """Hold the judge's lock, beside the warehouse: two at work could not keep the caps of a day.

    Yields the journal of what is spent, after what a killed judge left in it is in the ledger.
    RunInProgressError while another judge is at work.
    """
    lock = FileLock(warehouse.path.with_name("judge.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunInProgressError("another judge is at work; what it leaves is for the next") from error
    try:
        journal = Journal(warehouse.path.with_name("judge.spent"), clock)
        left = journal.left()
        if left:
            with warehouse.write() as con:
                for run, (taken, at) in left.items():
                    con.execute(_ADD_LEFT, {"judge_run_id": run, **taken._asdict(), "at": at})
            journal.clear()
        yield journal
    finally:
        lock.release()


def spent_today(con: Connection, judges: Sequence[str], now: datetime) -> Spent:
    """What these judges' runs that were at work in the UTC day of `now` took together.

    A run that midnight fell into counts in full on both days: what it took on which is not written down, and
    so neither day's cap is exceeded.
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    (row,) = fetch(con, _SPENT, [list(judges), day, day + timedelta(days=1)])
    return Spent(calls=int(row["calls"]), tokens=int(row["tokens"]), cost_usd=float(row["cost_usd"]))


def write_run(con: Connection, run: LlmRun, *, at: datetime) -> None:
    """Store a run as far as it has come, and its members'; the same run's earlier state is replaced."""
    for member in run.members:
        write_run(con, member, at=at)
    _write(con, run.row(), at)


def write_pair_run(con: Connection, row: Mapping[str, Any], *, at: datetime) -> None:
    """Store a run that compared pairs."""
    _write(con, row, at)


def _write(con: Connection, told: Mapping[str, Any], at: datetime) -> None:
    row = {**told, "updated_at": at} | {name: json.dumps(told[name]) for name in ("unscored", "skipped")}
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
