"""The commands `ingest`, `query` and `migrate`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command

# Of the hours that others left to be rolled up; a load must not take longer with the history.
_MOST_HOURS = 24


@command(
    "ingest",
    examples=(
        "chainwatch ingest calls.jsonl",
        "chainwatch ingest 'logs/*.jsonl.gz' traces/",
        "chainwatch ingest --map calls export.csv",
    ),
)
@click.argument("paths", nargs=-1)
@click.option("--format", "format_name", metavar="NAME", help="Format of the files, instead of detecting it.")
@click.option("--map", "map_name", metavar="NAME", help="Field map of chainwatch.toml to use for all files.")
def ingest(context: Context, paths: tuple[str, ...], format_name: str | None, map_name: str | None) -> None:
    """Load log files into the warehouse; without PATHS, load what the spool holds.

    PATHS are files, folders, patterns such as 'logs/*.jsonl.gz', or - for standard input. Formats are
    detected: JSON lines, CSV, Parquet, OTLP, exports of Langfuse, LangSmith and Jaeger, request and response
    logs of the OpenAI and Anthropic APIs. The same record is stored once, however often it is loaded.
    Records that cannot be taken are set aside in the table `quarantine` with file, line and reason.

    Exit code 0 when something was taken, 1 when nothing could be read.
    """
    if not paths:
        _drain(context)
        return
    from collectors import files
    from collectors.ingest import FileReport, Ingest
    from collectors.ingest_report import as_data, as_text, progress
    from collectors.ingest_rules import rules_spec
    from collectors.rollups.afterwards import roll_up_afterwards

    rules, began = rules_spec(context), context.clock()
    reports: list[FileReport] = []
    passed_over: list[str] = []
    with ExitStack() as stack:
        named = files.expand([path for path in paths if path != "-"])
        show = stack.enter_context(progress(sys.stderr))
        run = Ingest(context.migrated(), rules, context.clock, show, passed_over)
        reports.extend(run.files(named, format_name=format_name, map_name=map_name))
        if "-" in paths:
            copy = stack.enter_context(files.standard_input(sys.stdin.buffer))
            reports.append(run.file(copy, format_name=format_name, map_name=map_name, shown="stdin"))
    if not reports:
        raise ConfigError(f"none of the files in {', '.join(paths)} has a format that is known")
    context.answer(as_data(reports, passed_over), as_text(reports, passed_over))
    if not any(report.taken for report in reports):
        raise SystemExit(1)
    roll_up_afterwards(context, most=_MOST_HOURS, since=began)


def _drain(context: Context) -> None:
    from dataclasses import asdict

    from collectors.ingest_rules import rules_spec
    from collectors.rollups.afterwards import roll_up_afterwards
    from collectors.spool_ingest import drain

    began = context.clock()
    summary = asdict(drain(context.home, context.migrated(), clock=context.clock, spec=rules_spec(context)))
    counts = ", ".join(
        f"{value:,} {key.replace('_', ' ')}" for key, value in summary.items() if key != "busy"
    )
    context.answer(
        summary,
        "another process is loading the spool" if summary.get("busy") else f"from the spool: {counts}",
    )
    if not summary["busy"]:
        roll_up_afterwards(context, most=_MOST_HOURS, since=began)


@command(
    "query",
    examples=(
        "chainwatch query 'SELECT component, count(*) FROM spans GROUP BY ALL'",
        "chainwatch query --json 'SELECT * FROM incidents ORDER BY detected_at'",
    ),
)
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Answer as CSV on standard output.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=200, show_default=True, help="Rows of the table shown."
)
def query(context: Context, sql: str, as_csv: bool, limit: int) -> None:
    """Run read-only SQL on the warehouse and print the rows: a table, --json (a list of objects) or --csv.

    Times are UTC. The tables: spans, feedback, annotations, grades, components, deploys, results, alerts,
    incidents, notifications, quarantine and more; `SHOW TABLES` lists them, `DESCRIBE spans` its columns.
    """
    from collectors import query as run

    if as_csv and context.as_json:
        raise click.UsageError("give at most one of --json and --csv")
    answer = run.execute(context.warehouse, sql)
    if context.as_json:
        click.echo(run.as_json(answer))
    elif as_csv:
        click.echo(run.as_csv(answer), nl=False)
    else:
        run.print_table(answer, limit=limit)


@command(
    "migrate",
    examples=(
        "chainwatch migrate",
        "CHAINWATCH_HOME=/srv/chainwatch chainwatch migrate --json",
    ),
)
def migrate(context: Context) -> None:
    """Bring the warehouse to the newest schema, making it when there is none. Safe to repeat."""
    from collectors.warehouse.connection import Warehouse
    from collectors.warehouse.migrate import migrate as apply

    path: Path = context.home.create().warehouse
    done = apply(Warehouse(path))
    data = {"warehouse": str(path), "applied": [f"{step.number:04d}_{step.name}" for step in done]}
    names = ", ".join(data["applied"])
    context.answer(data, f"{path}: applied {names}" if done else f"{path}: already at the newest schema")
