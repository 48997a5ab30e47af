"""`python -m sample_logs --out DIR`: write the sample as files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sample_logs.generate import START, generate
from sample_logs.incidents import ALL
from sample_logs.write import write


@click.command()
@click.option(
    "--seed", default=7, show_default=True, help="Another seed, other texts and other times of the faults."
)
@click.option(
    "--start", default=START.isoformat(), show_default=True, help="ISO time of the first hour (UTC)."
)
@click.option("--days", default=14, show_default=True, type=click.IntRange(1))
@click.option(
    "--requests-per-day", default=700, show_default=True, type=click.IntRange(1), help="On a weekday."
)
@click.option(
    "--incidents", default=",".join(ALL), show_default=True, help="Comma-separated; empty for none."
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def main(seed: int, start: str, days: int, requests_per_day: int, incidents: str, out: Path) -> None:
    """Generate the traffic of a support assistant, with known faults, as JSON lines and truth.json."""
    begin = datetime.fromisoformat(start)
    begin = begin.replace(tzinfo=UTC) if begin.tzinfo is None else begin.astimezone(UTC)
    kinds = tuple(name.strip() for name in incidents.split(",") if name.strip())
    try:
        logs = generate(seed=seed, start=begin, days=days, requests_per_day=requests_per_day, incidents=kinds)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for path in write(logs, out):
        click.echo(path)


if __name__ == "__main__":
    main()
