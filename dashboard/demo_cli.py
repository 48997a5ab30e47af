"""`chainwatch demo`: from nothing to a dashboard opened on an incident."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import click

from collectors.context import Context
from collectors.options import command


@command("demo")
@click.option(
    "--seed", default=7, show_default=True, help="Another seed: other texts, other times of the faults."
)
@click.option(
    "--days", default=14, show_default=True, type=click.IntRange(7, 60), help="Length of the traffic."
)
@click.option("--requests-per-day", default=700, show_default=True, type=click.IntRange(100, 20_000))
@click.option(
    "--start", help="ISO time of the first hour  [default: so that the traffic ends at the last full hour]"
)
@click.option("--no-dashboard", is_flag=True, help="Stop after the report.")
@click.option("--port", default=8501, show_default=True, help="Port of the dashboard.")
@click.option("--no-browser", is_flag=True, help="Serve the dashboard, but do not open a browser.")
def demo(
    context: Context,
    seed: int,
    days: int,
    requests_per_day: int,
    start: str | None,
    no_dashboard: bool,
    port: int,
    no_browser: bool,
) -> None:
    """Two weeks of a support assistant with four known faults, monitored as your own traffic would be.

    \b
    chainwatch demo                              make the traffic, monitor it, open the dashboard
    chainwatch demo --no-dashboard --json        the report as JSON: what was found, beside the truth
    CHAINWATCH_HOME=./try chainwatch demo        keep it apart from your own warehouse

    A second call finds the traffic there and opens the dashboard at once. Nothing leaves this machine.
    """
    from collectors.rollups.refresh import refresh
    from monitors.cli import progress_bar
    from monitors.runner import run_pass
    from sample_logs.demo import default_start, end_of_data, outcome, prepare

    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {text}", err=True)

    begin = _time(start) if start else default_start(context.clock(), days)
    folder = prepare(context, seed=seed, start=begin, days=days, requests_per_day=requests_per_day, say=say)
    say("monitoring every hour of it")
    with progress_bar() as progress:
        run_pass(context, now=end_of_data(folder), seed=0, progress=progress, say=say)
    refresh(context.warehouse, now=context.clock())
    report = outcome(context.warehouse, folder)
    say("done")
    context.answer(report.as_json(), _text(report.as_json()))
    if not no_dashboard:
        from dashboard.serve import serve_dashboard

        serve_dashboard(context, host="127.0.0.1", port=port, browser=not no_browser)


def _time(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not an ISO time such as 2026-03-02T00:00", param_hint="--start"
        ) from error
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(report: dict[str, Any]) -> str:
    """The report for people: each fault and what was made of it, then what should not be there."""
    found = {i["truth"]: i for i in report["incidents"] if i["truth"]}
    lines = [f"{report['spans']:,} spans, {report['results']:,} results", ""]
    for fault in report["truth"]:
        incident = found.get(fault["id"])
        lines.append(f"{fault['started_at'][:16]}  {fault['description']}")
        if incident is None:
            lines.append("    NOT FOUND")
        else:
            delay = report["delay_hours"][fault["id"]]
            lines.append(f"    found after {delay:.1f} h at the {incident['component']}: {incident['title']}")
    lines += [
        "",
        f"found {report['matched_incidents']} of {len(report['truth'])} faults; "
        f"{report['false_alarms']} false alarms in {report['quiet_hours']:.0f} quiet hours",
    ]
    return "\n".join(lines)
