"""Records that could not be taken: why, how many, where they stand, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from dashboard.data import records, select

MOST_REASONS = 50
MOST_RECORDS = 20


@dataclass(frozen=True, kw_only=True)
class ReasonRow:
    """One reason in one format. `reason_id` fits into an address; `last_day`: in the last 24 hours."""

    reason_id: str
    source: str
    reason: str
    records: int
    files: int
    last_day: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class RawRecord:
    """One record as it came, its text cut where `is_cut` says so. `line` is None where lines do not exist."""

    file: str
    line: int | None
    source: str
    reason: str
    raw: str
    is_cut: bool
    quarantined_at: datetime


@dataclass(frozen=True, kw_only=True)
class QuarantineView:
    """The quarantine section: the most frequent reasons of `reasons_in_all`, and the newest records."""

    reasons: tuple[ReasonRow, ...]
    reasons_in_all: int
    records_in_all: int
    records: tuple[RawRecord, ...]


def quarantine_view(
    warehouse: Warehouse, now: datetime, chosen: str | None, reason_id: str | None
) -> QuarantineView:
    """Reasons of the format `chosen` or all, and the newest records of the reason `reason_id` or all."""
    asked = {"now": now, "format": chosen, "reason_id": reason_id}
    with warehouse.read() as con:
        reasons = select(con, "quarantine_reasons", {**asked, "limit": MOST_REASONS})
        found = select(con, "quarantine_records", {**asked, "limit": MOST_RECORDS})
    return QuarantineView(
        reasons=records(ReasonRow, reasons),
        reasons_in_all=reasons[0]["reasons_in_all"] if reasons else 0,
        records_in_all=reasons[0]["records_in_all"] if reasons else 0,
        records=records(RawRecord, found),
    )
