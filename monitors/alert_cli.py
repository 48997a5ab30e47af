"""`chainwatch alerts`, `ack` and `silence`: what fires, who has it, and what must be quiet for a while."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import click

from collectors.context import Context, open_context
from collectors.durations import duration
from collectors.errors import ConfigError
from collectors.model import utc
from collectors.options import command
from collectors.warehouse.store import Row, fetch
from monitors.alert_test_cli import send_test
from monitors.alerting import actions
from monitors.alerting.labels import incident_labels
from monitors.alerting.silence import Silence, parse_matchers, read_silences, silenced
from monitors.alerting.words import clock, span
from monitors.command import existing, login, visible
from monitors.noise_cli import noise

_RECENT_DAYS = 14


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n  chainwatch alerts\n  chainwatch alerts --all --json\n  chainwatch alerts test",
)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="chainwatch.toml to use.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON on standard output.")
@click.option("--all", "show_all", is_flag=True, help="Every incident, not only open and recent ones.")
@click.pass_context
def alerts(call: click.Context, config: Path | None, as_json: bool, show_all: bool) -> None:
    """List open and recent incidents with their alerts.

    `alerts test` sends a test message, `alerts noise` tells what people called noise.
    """
    if call.invoked_subcommand is None:
        _list(open_context(config, as_json=as_json), show_all=show_all)


alerts.add_command(send_test)
alerts.add_command(noise)


@command(
    "ack",
    examples=(
        "chainwatch ack 8e5457a7a905 --by dana",
        "chainwatch ack 8e5457a7a905 --by dana --comment 'rolling the prompt back'",
    ),
)
@click.argument("incident")
@click.option("--by", default=None, help="Who takes it [default: your login name].")
@click.option("--comment", default=None, help="For those who look later.")
def ack(context: Context, incident: str, by: str | None, comment: str | None) -> None:
    """Acknowledge INCIDENT (its id, or how the id begins)."""
    taken = actions.acknowledge(existing(context), incident, by or login(), context.clock(), comment)
    answer = {
        "incident_id": taken.incident_id,
        "state": taken.state,
        "acknowledged_by": taken.acknowledged_by,
    }
    context.answer(answer, f"{taken.incident_id} is acknowledged by {taken.acknowledged_by}: {taken.title}")


@command(
    "silence",
    examples=(
        "chainwatch silence --match component=retriever --for 2h --author dana --comment 'reindexing'",
        "chainwatch silence --list",
    ),
)
@click.option(
    "--match", "matches", multiple=True, metavar="LABEL=VALUE", help="All must match; * is anything."
)
@click.option("--for", "length", default=None, metavar="TIME", help="How long: 30m, 2h, 1d.")
@click.option("--author", default=None, help="Who silences [default: your login name].")
@click.option("--comment", default="", help="Why; whoever wonders later will read it.")
@click.option("--list", "listed", is_flag=True, help="List the silences that hold or will.")
@click.option("--expire", default=None, metavar="ID", help="End a silence now.")
def silence(
    context: Context,
    *,
    matches: tuple[str, ...],
    length: str | None,
    author: str | None,
    comment: str,
    listed: bool,
    expire: str | None,
) -> None:
    """Silence messages of incidents that match labels, for a while."""
    warehouse, now = existing(context), context.clock()
    if sum((listed, expire is not None, bool(matches or length))) != 1:
        raise ConfigError("say one of: --match LABEL=VALUE --for TIME --comment WHY, --list, or --expire ID")
    if listed:
        with warehouse.read() as con:
            found = [s for s in read_silences(con, now) if s.expired_at is None]
        context.answer([_silence_row(s) for s in found], _silences(found, now))
        return
    if expire is not None:
        ended = actions.expire_silence(warehouse, expire, author or login(), now)
        context.answer(_silence_row(ended), f"{ended.silence_id} is over")
        return
    if length is None:
        raise ConfigError("a silence needs --for TIME, as in --for 2h")
    try:
        lasting = duration(length)
    except ValueError as error:
        raise ConfigError(f"--for {length!r}: {error}") from error
    made = actions.add_silence(
        warehouse,
        parse_matchers(matches),
        duration=lasting,
        author=author or login(),
        comment=comment,
        at=now,
    )
    context.answer(_silence_row(made), f"{made.silence_id} {made.sentence}")


def _list(context: Context, *, show_all: bool) -> None:
    warehouse, now = existing(context), context.clock()
    with warehouse.read() as con:
        incidents = fetch(con, _sql("list_incidents"), {"all": show_all, "days": _RECENT_DAYS})
        firing = fetch(con, _sql("list_alerts"))
        silent = fetch(con, _sql("list_no_data"))
        silences = read_silences(con, now)
    for row in incidents:
        holds = silenced(silences, incident_labels(row), now)
        row["silenced"] = holds.sentence if holds else None
        row["alerts"] = [a for a in firing if a["incident_id"] == row["incident_id"]]
        row["evidence"] = json.loads(row["evidence"]) if row["evidence"] else {}
    text = _table(incidents, now) + _no_data(silent)
    context.answer({"incidents": incidents, "no_data": silent}, text)


def _table(incidents: list[Row], now: datetime) -> str:
    if not incidents:
        return f"No incident is open, and none was in the last {_RECENT_DAYS} days."
    lines = []
    for row in incidents:
        started = utc(row["started_at"])
        ended = utc(row["resolved_at"]) if row["resolved_at"] else None
        lasted = f"lasted {span(ended - started)}" if ended else f"for {span(now - started)}"
        lines.append(f"{row['incident_id']}  {row['severity']:6}  {row['state']:12}  {row['title']}")
        lines.append(f"    since {clock(started)}, {lasted}; chain {row['chain']}, {row['summary']}")
        if row["acknowledged_by"]:
            lines.append(f"    acknowledged by {row['acknowledged_by']}")
        if row["silenced"]:
            lines.append(f"    {row['silenced']}")
        lines.extend(f"    firing: {a['monitor']} since {clock(utc(a['started_at']))}" for a in row["alerts"])
    return "\n".join(visible(line) for line in lines)


def _no_data(silent: list[Row]) -> str:
    if not silent:
        return ""
    names = [f"{row['component']} {row['field']} ({row['reference_kind']})" for row in silent[:5]]
    more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
    return visible(f"\n{len(silent)} streams have no data: {', '.join(names)}{more}")


def _silences(found: list[Silence], now: datetime) -> str:
    if not found:
        return "Nothing is silenced."
    return "\n".join(
        visible(
            f"{s.silence_id}  {', '.join(f'{k}={v}' for k, v in s.matchers.items())}  {s.sentence}"
            f" ({span(s.ends_at - now)} left)"
        )
        for s in found
    )


def _silence_row(made: Silence) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def _sql(name: str) -> str:
    return (resources.files("monitors.alerting") / f"{name}.sql").read_text("utf-8")
