"""`chainwatch run`: one monitor pass, for cron."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from collectors.context import Context
from collectors.errors import ConfigError, RunInProgressError
from collectors.model import utc
from collectors.options import command
from collectors.retention.config import limits
from collectors.retention.enforce import PruneReport, prune_when_due
from monitors.run_summary import RunSummary
from monitors.runner import Progress, run_pass

ALERT_FIRES = 3

_EPILOG = """\b
Examples:
  chainwatch run
  chainwatch run --fail-on-alert --json
  chainwatch run --now 2026-03-16T00:10:00Z
Every hour, from cron (the paths must be absolute):
  7 * * * * CHAINWATCH_HOME=/srv/chainwatch /srv/venv/bin/chainwatch run

\b
Exit codes: 0 done (also when another run is at work), 1 failed, 2 bad use or config,
3 an incident is open (--fail-on-alert only)."""


class Time(click.ParamType[datetime]):
    """An ISO 8601 time; one without a zone is UTC."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time, aware and in UTC; a usage error when it cannot be read."""
        try:
            return utc(datetime.fromisoformat(value))
        except ValueError:
            self.fail(f"{value!r} is not an ISO 8601 time such as 2026-03-16T00:10:00Z", param, ctx)


@command("run", epilog=_EPILOG)
@click.option("--now", type=Time(), help="Work as if it were this time, in UTC [default: the clock].")
@click.option("--since", type=Time(), help="Evaluate the windows from this time on again.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the samples; keep it the same.")
@click.option("--fail-on-alert", is_flag=True, help="Exit with 3 while an incident is open.")
@click.option("--wait", is_flag=True, help="Wait for another run to end, instead of leaving it to that one.")
def run(
    context: Context,
    *,
    now: datetime | None,
    since: datetime | None,
    seed: int,
    fail_on_alert: bool,
    wait: bool,
) -> None:
    """Evaluate every complete window since the last run, and send what people must hear."""
    from collectors.rollups.afterwards import roll_up_afterwards

    if since is not None and now is not None and since >= now:
        raise ConfigError(f"--since {since.isoformat()} must be before --now {now.isoformat()}")
    # A limit that the monitors cannot work with stops the run before it begins.
    limits(context.config)
    with progress_bar() as progress:
        try:
            summary = run_pass(
                context,
                now=now or context.clock(),
                since=since,
                seed=seed,
                wait=wait,
                progress=progress,
                say=lambda line: click.echo(line, err=True),
            )
        except RunInProgressError as error:
            context.answer({"status": "busy", "message": str(error)}, str(error))
            return
    # After the pass, and never instead of it: what cannot be pruned is said and left to the next run. A run
    # for an earlier time prunes as of then.
    pruned = prune_when_due(
        context, now=min(summary.now, context.clock()), say=lambda line: click.echo(line, err=True)
    )
    roll_up_afterwards(context)
    removed = {"pruned": pruned.as_json() if pruned else None}
    context.answer({"status": "ok", **summary.as_json(), **removed}, told(summary, pruned))
    if fail_on_alert and summary.firing:
        sys.exit(ALERT_FIRES)


def told(summary: RunSummary, pruned: PruneReport | None = None) -> str:
    """The summary in a few lines."""
    lines = []
    if summary.spooled:
        lines.append(f"{summary.spooled:,} spans from the spool")
    if summary.windows:
        lines.append(
            f"{summary.windows:,} windows up to {summary.until:%Y-%m-%d %H:%M} UTC, {summary.spans:,} spans: "
            f"{summary.results:,} results, {summary.breaches:,} in breach, {summary.errors:,} failed checks"
        )
    else:
        lines.append("nothing new: no window was completed since the last run")
    lines.append(
        f"incidents: {summary.opened} new, {summary.resolved} resolved, {summary.firing} open; "
        f"messages: {summary.delivered} sent, {summary.undelivered} failed; {summary.duration_s:.1f} s"
    )
    if pruned is not None and pruned.rows:
        lines.append(f"pruned {pruned.rows:,} rows that were past their limit")
    return "\n".join(lines)


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """A progress bar on a terminal, and nothing in cron's mail."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("evaluating windows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
