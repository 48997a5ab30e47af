"""`chainwatch forget`: delete everything that is stored of one user."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from collectors.context import Context
from collectors.options import command

if TYPE_CHECKING:
    from collectors.retention.forget import ForgetReport


@command(
    "forget",
    examples=(
        "chainwatch forget --user jane@example.com --dry-run",
        "chainwatch forget --user jane@example.com",
        "chainwatch forget --user 5f0c1e... --hashed --yes --json",
    ),
)
@click.option("--user", required=True, metavar="ID", help="The user's id, as the application logs it.")
@click.option("--hashed", is_flag=True, help="ID is the hashed form, as the column user_id holds it.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--compact/--no-compact",
    "compacting",
    default=True,
    show_default=True,
    help="Write the file anew, so that nothing is left in it.",
)
def forget(context: Context, *, user: str, hashed: bool, dry_run: bool, yes: bool, compacting: bool) -> None:
    """Delete the traces of one user and all that was made of them, for good.

    A trace goes as a whole when one of its spans names the user: spans, feedback, annotations, grades, log
    contents, sampled vectors, quotes in results, incidents and messages, and records in quarantine that name
    the user or the trace. Old files that are loaded again do not bring it back. The audit log says when, by
    whom and how much, never who was deleted.
    """
    from collectors.retention.forget import forget as apply
    from collectors.retention.users import forms_of

    users = forms_of(user, hashed=hashed, context=context, environ=os.environ)
    if not dry_run and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here: give --yes, or --dry-run to look first")
        found = apply(context, users, now=context.clock(), dry_run=True)
        click.echo(told(found), err=True)
        click.confirm("Delete this for good?", abort=True, err=True)
    report = apply(context, users, now=context.clock(), dry_run=dry_run, compacting=compacting)
    context.answer(report.as_json(), told(report))


def told(report: ForgetReport) -> str:
    """The report in a few lines."""
    verb = "would go" if report.dry_run else "deleted"
    rows = ", ".join(f"{n:,} of {table}" for table, n in sorted(report.rows.items())) or "nothing is stored"
    lines = [f"user {report.subject}: {report.traces:,} traces {verb}: {rows}"]
    if not report.dry_run:
        lines.append("old records of this user are refused from now on; the audit log has a line of it")
    lines += [f"note: {warning}" for warning in report.warnings]
    return "\n".join(lines)
