"""The quality page's reads of what users said and did: shares of bad signs by day, with intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from collectors.warehouse.connection import Warehouse
from dashboard.data import TimeRange, select
from monitors.statistics.agreement import Figure, share
from monitors.streams import FEEDBACK_FIELDS, UNHAPPY


@dataclass(frozen=True, kw_only=True)
class SignDay:
    """One series on one UTC day: rows, how many of them were bad signs, and their share with its interval."""

    field: str
    day: date
    bad: int
    n: int

    @property
    def share(self) -> Figure:
        """With Wilson's 95 % interval."""
        return share(self.bad, self.n)


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Everything that users said and did of one component. requests: of the component, in the same days."""

    days: tuple[SignDay, ...]
    requests: int

    def of(self, field: str) -> tuple[SignDay, ...]:
        """The days of one series, in order; empty where nobody gave such a sign."""
        return tuple(d for d in self.days if d.field == field)

    @property
    def spoken(self) -> float | None:
        """Answers with feedback, of all answers; None without feedback."""
        said = sum(d.n for d in self.of(UNHAPPY))
        return said / self.requests if said and self.requests else None


def together(days: Iterable[SignDay]) -> Figure:
    """The share over several days."""
    known = list(days)
    return share(sum(d.bad for d in known), sum(d.n for d in known))


def signs(warehouse: Warehouse, chain: str, component: str, span: TimeRange) -> Signs:
    """What users said and did, by whole UTC days of the range."""
    with warehouse.read() as con:
        rows = select(con, "signs", {"chain": chain, "component": component, **whole_days(span)})
    return Signs(
        days=tuple(
            SignDay(field=row["field"], day=row["day"], bad=round(row["bad"]), n=row["n"])
            for row in rows
            if row["field"] in FEEDBACK_FIELDS and row["n"]
        ),
        requests=sum(row["n"] for row in rows if row["field"] == "status"),
    )


def whole_days(span: TimeRange) -> dict[str, datetime]:
    """The first and last UTC day of the range, as SQL parameters."""
    last = (span.end - timedelta(microseconds=1)).astimezone(UTC).date()
    return {"first": _midnight(span.start.astimezone(UTC).date()), "last": _midnight(last)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
