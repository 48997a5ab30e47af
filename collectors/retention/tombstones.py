"""What was forgotten stays forgotten: an old file that is loaded again must not bring a user back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from collectors.retention.targets import sql
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch

_ANY = "SELECT 1 FROM forgotten_users LIMIT 1"
# Only what happened before a user was forgotten is refused: who comes back later is a user like any other.
_REFUSED = {
    "spans": "started_at",
    "span_contents": "logged_at",
    "feedback": "created_at",
    "annotations": "created_at",
}


def user_digest(stored_id: str) -> str:
    """The SHA-256 of a user id as spans hold it, in hex; the same as `sha256(user_id)` in SQL."""
    return hashlib.sha256(stored_id.encode("utf-8", "surrogatepass")).hexdigest()


def bury(con: Connection, stored_ids: Iterable[str], *, at: datetime) -> None:
    """Remember users, and the traces in the temporary table `gone`; inside the caller's transaction."""
    for stored_id in stored_ids:
        con.execute("INSERT OR REPLACE INTO forgotten_users VALUES (?, ?)", [user_digest(stored_id), at])
    con.execute("INSERT OR REPLACE INTO forgotten_traces SELECT trace_id, ? FROM gone", [at])


def refuse(con: Connection, *, since: datetime) -> dict[str, int]:
    """Take out what forgotten users' old records brought in; returns how many rows of each table.

    To be called at the end of a transaction that stored records with `ingested_at` >= `since`. Where nobody
    was ever forgotten it is one look at an empty table. A new trace that names a forgotten user is forgotten
    as a whole, with what earlier batches brought of it.
    """
    if not con.execute(_ANY).fetchall():
        return {}
    new = [row["trace_id"] for row in fetch(con, sql("forgotten_arrivals"), {"since": since})]
    removed: dict[str, int] = {}
    for table, time in _REFUSED.items():
        statement = sql("refuse").format(table=table, time=time)
        removed[table] = int(fetch(con, statement, {"since": since, "new": new})[0]["Count"])
    removed["feedback"] += int(fetch(con, sql("refuse_feedback"), {"since": since})[0]["Count"])
    return removed
