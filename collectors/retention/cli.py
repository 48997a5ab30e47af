"""`chainwatch prune`: apply the age limits of [retention]."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from collectors.context import Context
from collectors.options import command

if TYPE_CHECKING:
    from collectors.retention.enforce import PruneReport, Reports

_MB = 1e6


@command(
    "prune",
    examples=(
        "chainwatch prune --dry-run",
        "chainwatch prune",
        "chainwatch prune --compact --json",
    ),
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option(
    "--compact/--no-compact",
    "compacting",
    default=None,
    help="Write the file anew, or do not  [default: when a quarter of it is empty]",
)
def prune(context: Context, *, dry_run: bool, compacting: bool | None) -> None:
    """Delete what is older than the limits of [retention], and give the space back.

    Without limits nothing is deleted. It works in short transactions, so that everything else goes on
    meanwhile; stopped at any point, the next call goes on from there. `chainwatch run` prunes at its end too.
    """
    from collectors.retention.enforce import prune as apply

    with _bars() as reports:
        report = apply(context, now=context.clock(), dry_run=dry_run, compacting=compacting, reports=reports)
    context.answer(report.as_json(), told(report))


def told(report: PruneReport) -> str:
    """The report in a few lines."""
    lines = [
        f"{kind} before {report.cutoffs[kind]:%Y-%m-%d}: "
        + ", ".join(f"{n:,} of {table}" for table, n in sorted(tables.items()))
        for kind, tables in report.removed.items()
    ]
    if not report.cutoffs:
        lines.append("no limit is set in [retention]: everything is kept")
    elif not report.removed:
        lines.append("nothing is past its limit")
    elif report.dry_run:
        lines.append("nothing was changed (--dry-run)")
    size = f"warehouse {report.bytes_after / _MB:,.1f} MB"
    if report.compacted:
        size += f", was {report.bytes_before / _MB:,.1f} MB"
    lines.append(f"{size}; {report.bytes_free / _MB:,.1f} MB of it empty, for new data")
    lines += [f"note: {warning}" for warning in report.warnings]
    return "\n".join(lines)


@contextmanager
def _bars() -> Iterator[Reports]:
    """Progress bars on a terminal, and nothing in cron's mail."""
    from collectors.retention.enforce import Reports

    if not sys.stderr.isatty():
        yield Reports()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        pruning = bar.add_task("pruning", total=None)
        copying = bar.add_task("compacting", total=None, visible=False)
        yield Reports(
            pruning=lambda kind, done, total: bar.update(
                pruning, description=f"pruning {kind}", completed=done, total=total
            ),
            compacting=lambda done, total: bar.update(copying, completed=done, total=total, visible=True),
        )
