"""Rolling up at the end of a command: where it fails pages are right, and slower."""

from __future__ import annotations

from datetime import datetime

import click

from collectors.context import Context
from collectors.errors import ChainwatchError
from collectors.rollups.refresh import refresh


def roll_up_afterwards(context: Context, *, most: int | None = None, since: datetime | None = None) -> None:
    """`refresh` of what the command stored; a failure is said and fails nothing."""
    try:
        refresh(context.warehouse, now=context.clock(), most=most, since=since)
    except ChainwatchError as error:
        click.echo(f"rollups: {error}", err=True)
