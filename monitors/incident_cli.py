"""`chainwatch assign`, `resolve` and `postmortem`: whose an incident is, how it ended, and its story."""

from __future__ import annotations

from pathlib import Path

import click

from collectors.context import Context
from collectors.errors import ChainwatchError
from collectors.options import command
from monitors.alerting import actions
from monitors.command import existing, login, visible


@command(
    "assign",
    examples=(
        "chainwatch assign 8e5457a7a905 --to dana",
        "chainwatch assign 8e54 --to search-team --by ruth --comment 'their index'",
    ),
)
@click.argument("incident")
@click.option("--to", required=True, help="Whose it is from now on: a person or a team.")
@click.option("--by", default=None, help="Who says so [default: your login name].")
@click.option("--comment", default=None, help="For those who look later.")
def assign(context: Context, incident: str, *, to: str, by: str | None, comment: str | None) -> None:
    """Give INCIDENT (its id, or how the id begins) to somebody.

    The owner stands on the incident's page and in its messages, and is a label that routes and silences
    can match.
    """
    given = actions.assign(existing(context), incident, by or login(), to, context.clock(), comment)
    answer = {"incident_id": given.incident_id, "state": given.state, "owner": given.owner}
    context.answer(answer, visible(f"{given.incident_id} belongs to {given.owner}: {given.title}"))


@command(
    "resolve",
    examples=(
        "chainwatch resolve 8e5457a7a905 --by dana --comment 'rolled the prompt back' --real",
        "chainwatch resolve 8e54 --noise --comment 'load test'",
    ),
)
@click.argument("incident")
@click.option("--noise", "verdict", flag_value="noise", help="Nothing was wrong: it counts as a false alarm.")
@click.option("--real", "verdict", flag_value="real", help="It was rightly raised.")
@click.option("--by", default=None, help="Who says so [default: your login name].")
@click.option("--comment", default=None, help="For those who look later.")
def resolve(
    context: Context, incident: str, *, verdict: str | None, by: str | None, comment: str | None
) -> None:
    """Close INCIDENT (its id, or how the id begins), and say whether it was worth raising.

    What people call noise is counted for each monitor that took part: `chainwatch alerts noise`, and the
    page Monitors of the dashboard.
    """
    act = {None: actions.resolve, "noise": actions.mark_noise, "real": actions.mark_real}[verdict]
    closed = act(existing(context), incident, by or login(), context.clock(), comment)
    answer = {
        "incident_id": closed.incident_id,
        "state": closed.state,
        "closed_by": closed.closed_by,
        "noise": closed.noise,
    }
    called = {None: "", True: " as noise", False: " as a real one"}[closed.noise]
    context.answer(
        answer, visible(f"{closed.incident_id} is closed by {closed.closed_by}{called}: {closed.title}")
    )


@command(
    "postmortem",
    examples=(
        "chainwatch postmortem 8e5457a7a905 --out 2026-03-09.md",
        "chainwatch postmortem 8e54",
    ),
)
@click.argument("incident")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else it is printed."
)
def postmortem(context: Context, incident: str, *, out: Path | None) -> None:
    """Export INCIDENT (its id, or how the id begins) as Markdown, with its evidence and timeline."""
    from monitors.alerting.postmortem import postmortem as written
    from monitors.alerting.postmortem import read_story

    with existing(context).read() as con:
        story = read_story(con, incident)
    text = written(story, at=context.clock())
    answer = {"incident_id": story.incident.incident_id, "file": str(out) if out else None, "markdown": text}
    if out is None:
        context.answer(answer, text.rstrip("\n"))
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ChainwatchError(f"--out {out}: cannot be written: {error.strerror}") from error
    context.answer(answer, f"{story.incident.incident_id} is in {out}")
