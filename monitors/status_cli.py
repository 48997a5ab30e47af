"""`chainwatch status`: what is stored, what ran last, what is wrong."""

from __future__ import annotations

import sys

from collectors.context import Context
from collectors.options import command
from monitors.status import Status, read_status

_EPILOG = """\b
Examples:
  chainwatch status
  chainwatch status --json | jq .problems

\b
Exit codes: 0 healthy, 1 the last run failed or is overdue, a check or judge does not run, or messages
were given up."""


@command("status", epilog=_EPILOG)
def status(context: Context) -> None:
    """Say what is stored, what ran last, and what is wrong."""
    found = read_status(context, now=context.clock())
    context.answer(found.as_json(), told(found))
    if found.problems:
        sys.exit(1)


def told(status: Status) -> str:
    """The status in a few lines, problems last."""
    lines = [
        f"{status.home}: warehouse {status.warehouse_bytes / 1e6:.1f} MB, spool {status.spool_bytes:,} bytes",
        status.storage.told,
    ]
    lines += [
        f"{c.chain}, {c.dataset}: {c.spans:,} spans, {c.first_at:%Y-%m-%d %H:%M} .. "
        f"{c.last_at:%Y-%m-%d %H:%M} UTC, "
        f"last ingested {c.ingested_at:%Y-%m-%d %H:%M} UTC"
        for c in status.chains
    ]
    run = status.last_run
    if run is None:
        lines.append("no run yet; `chainwatch run` evaluates what is stored")
    else:
        until = (
            f", evaluated up to {status.evaluated_until:%Y-%m-%d %H:%M} UTC" if status.evaluated_until else ""
        )
        lines.append(f"last run {run.started_at:%Y-%m-%d %H:%M} UTC: {run.status}{until}")
    lines.append(
        f"{status.open_incidents} open incidents, {status.firing_alerts} firing alerts, "
        f"{status.waiting_messages} messages waiting, {status.quarantined} records in quarantine"
    )
    lines += [f"problem: {problem}" for problem in status.problems]
    return "\n".join(lines)


__all__ = ["status"]
