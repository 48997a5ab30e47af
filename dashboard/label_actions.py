"""What people do on the labelling queue: grade an answer, draw more. Grades are stored with who and when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from collectors.errors import ChainwatchError, WarehouseBusyError
from collectors.warehouse.connection import Warehouse
from dashboard import cached
from monitors.judges.estimates import update_estimates
from monitors.judges.grade import JudgedSpan
from monitors.judges.label_queue import draw_for_people
from monitors.judges.labels import Label, LabelReport, store_labels


def grade(
    warehouse: Path,
    answer: JudgedSpan,
    criterion: str,
    score: int,
    *,
    author: str,
    comment: str,
    at: datetime,
) -> None:
    """Store one person's grade; a second one of the same person replaces the first.

    ChainwatchError when it could not be stored. The estimates of its day follow at once, or with the next
    `chainwatch run` when the warehouse is busy by then.
    """
    store = Warehouse(warehouse, wait_s=cached.WAIT_S)
    report = LabelReport()
    label = Label(
        where="dashboard",
        trace_id=answer.trace_id,
        span_id=answer.span_id,
        criterion=criterion,
        score=float(score),
        author=author,
        comment=comment.strip() or None,
    )
    store_labels(store, [label], report, at=at)
    cached.forget()
    if report.rejected:
        raise ChainwatchError(report.rejected[0])
    try:
        update_estimates(store, report.days, at=at)
    except WarehouseBusyError:
        return


def draw_more(
    warehouse: Path,
    criterion: str,
    *,
    chain: str,
    component: str,
    within: tuple[datetime, datetime],
    count: int,
    seed: int,
    at: datetime,
) -> int:
    """Queue at most `count` answers that were not drawn before; returns how many there were."""
    drawn = draw_for_people(
        Warehouse(warehouse, wait_s=cached.WAIT_S),
        criterion,
        start=within[0],
        end=within[1],
        count=count,
        seed=seed,
        at=at,
        components=(component,),
        chain=chain,
    )
    cached.forget()
    return len(drawn.rows)
