"""Deletes what is stored of one user: whole traces, everything said of them, and every quote of them.

One transaction: either nothing of the user is left, or nothing was changed. Most spans of a trace do not name
the user, so a trace goes as a whole as soon as one of its spans does.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.context import Context
from collectors.retention.enforce import audit
from collectors.retention.quotes import QUOTING, without_quotes
from collectors.retention.sampled import without_sketches, without_vectors
from collectors.retention.targets import sql
from collectors.retention.tombstones import bury, user_digest
from collectors.retention.users import UserForms
from collectors.rollups.refresh import roll_up
from collectors.warehouse.compact import Told, compact
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch

_OF_TRACES = "trace_id IN (SELECT trace_id FROM gone)"
_OF_USER = f"{_OF_TRACES} OR list_contains($users, user_id)"
_WHOLE: tuple[tuple[str, str], ...] = (
    ("feedback", _OF_USER),
    ("annotations", _OF_TRACES),
    ("grades", _OF_TRACES),
    ("drawn_spans", _OF_TRACES),
    (
        "pairwise_verdicts",
        "trace_id IN (SELECT trace_id FROM gone) OR other_trace_id IN (SELECT trace_id FROM gone)",
    ),
    ("span_contents", _OF_TRACES),
    ("quarantine", sql("quarantine_of")),
    ("spans", _OF_TRACES),
)
_HOURS = (
    "SELECT DISTINCT date_trunc('hour', started_at) AS hour FROM spans "
    "WHERE trace_id IN (SELECT trace_id FROM gone) ORDER BY hour"
)
# An id this short is part of much that has nothing to do with users.
_SHORT = 4
_WORD = "A-Za-z0-9_.@-"


@dataclass(frozen=True, kw_only=True)
class ForgetReport:
    """What was deleted, or would be.

    Attributes:
        traces: of the user. rows: deleted or changed, by table; of tables that quote, the rows that did.
        subject: what the audit log calls the user: the beginning of a hash.
        spooled: spans that were waiting in the spool and were stored first, to be found.
    """

    subject: str
    dry_run: bool
    traces: int
    rows: dict[str, int] = field(default_factory=dict)
    spooled: int = 0
    compacted: bool = False
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {**vars(self), "warnings": list(self.warnings)}


def forget(
    context: Context,
    user: UserForms,
    *,
    now: datetime,
    dry_run: bool = False,
    compacting: bool = True,
    told: Told | None = None,
) -> ForgetReport:
    """Delete everything of the user whom spans know by any form of `user`.

    compacting: write the file anew at the end, because deleted rows are still in it until new ones take their
    place. Raises WarehouseBusyError when the warehouse stays busy; nothing was deleted then.
    """
    warehouse = context.migrated()
    users, subject = user.stored, user_digest(user.remembered[0])[:12]
    warnings: list[str] = []
    if dry_run:
        with warehouse.read() as con:
            traces = _gather(con, users)
            rows = _each(con, users, count=True)
        return ForgetReport(subject=subject, dry_run=True, traces=traces, rows=rows)
    spooled = _drain(context, warnings)
    with warehouse.write() as con:
        traces = _gather(con, users)
        hours = [row["hour"] for row in fetch(con, _HOURS)]
        rows = _each(con, users, count=False)
        # The sums of an hour with a single request are that request's numbers.
        roll_up(con, hours)
        bury(con, user.remembered, at=now)
        audit(con, "forget", f"user {subject}", {"traces": traces, "rows": rows}, at=now)
    # What checks learnt of everybody's vectors is learnt again without these.
    shutil.rmtree(context.home.fits, ignore_errors=True)
    # Also when this call found nothing: an earlier one may have been killed before it came to this.
    if compacting:
        compact(warehouse, progress=told)
    else:
        warnings.append(
            "deleted texts are in the file until new data takes their place: `chainwatch prune --compact`"
        )
    return ForgetReport(
        subject=subject,
        dry_run=False,
        traces=traces,
        rows=rows,
        spooled=spooled,
        compacted=compacting,
        warnings=tuple(warnings),
    )


def _drain(context: Context, warnings: list[str]) -> int:
    """Store what the spool holds, so that it is found."""
    from collectors.ingest_rules import rules_spec
    from collectors.spool_ingest import drain

    if not context.home.spool.exists():
        return 0
    spec = rules_spec(context)
    done = drain(context.home, context.warehouse, clock=context.clock, wait_s=10.0, spec=spec)
    if done.busy:
        warnings.append(
            "another process is storing the spool; records of the user in it are refused as it comes to them"
        )
    return done.spans


def _gather(con: Connection, users: Sequence[str]) -> int:
    """The user's traces into the temporary table `gone`, and how their texts begin into `gone_texts`."""
    con.execute("CREATE OR REPLACE TEMP TABLE gone (trace_id VARCHAR)")
    con.execute(
        "INSERT INTO gone SELECT DISTINCT trace_id FROM spans WHERE list_contains($users, user_id)",
        {"users": list(users)},
    )
    con.execute(sql("gone_texts"))
    return int(fetch(con, "SELECT count(*) AS n FROM gone")[0]["n"])


def _each(con: Connection, users: Sequence[str], *, count: bool) -> dict[str, int]:
    """Count or delete, table by table; the spans last, since the others are found by them."""
    bounds = {"users": list(users), "patterns": _patterns(users)}
    found = {
        "samples": without_vectors(con, count=count),
        "text_sketches": without_sketches(con, count=count),
    }
    for table, key, column in QUOTING:
        found[table] = without_quotes(con, table, key, column, count=count)
    for table, where in _WHOLE:
        used = {name: value for name, value in bounds.items() if f"${name}" in where}
        if count:
            found[table] = int(fetch(con, f"SELECT count(*) AS n FROM {table} WHERE {where}", used)[0]["n"])  # noqa: S608
        else:
            found[table] = int(fetch(con, f"DELETE FROM {table} WHERE {where}", used)[0]["Count"])  # noqa: S608
    return {table: n for table, n in found.items() if n}


def _patterns(users: Sequence[str]) -> list[str]:
    """How a quarantined record may name the user: the id as a word; a short one only as a user's id."""
    return [
        f"(^|[^{_WORD}]){re.escape(user)}($|[^{_WORD}])"
        if len(user) >= _SHORT
        else f"(?i)user[_.a-z]*[\"'\\\\:=, ]+{re.escape(user)}($|[^{_WORD}])"
        for user in users
    ]
