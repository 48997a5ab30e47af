"""`chainwatch judge`: grade a sample of stored answers with the configured LLM judge."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Literal

import click

from collectors.context import Context
from collectors.errors import ChainwatchError
from collectors.options import command


@command(
    "judge",
    examples=(
        "chainwatch judge --dry-run",
        "chainwatch judge --component generator --since 24h --limit 100",
        "chainwatch judge --dataset golden --limit 500",
    ),
)
@click.option(
    "--component",
    "components",
    multiple=True,
    help="Judge this component's answers; may be repeated. [default: the application's]",
)
@click.option(
    "--since", help="From this moment on: 2026-03-01, 2026-03-01T09:30Z, or an age such as 24h or 7d."
)
@click.option("--until", help="Up to this moment.")
@click.option("--dataset", help="Judge the answers of this evaluation set. [default: production's]")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many spans. [default: judge.sample]")
@click.option(
    "--rubric",
    "rubric_name",
    help="A shipped rubric, a .toml file or a scorer of Evidently. [default: judge.rubric]",
)
@click.option("--dry-run", is_flag=True, help="Say what it would take, and send nothing.")
def judge(
    context: Context,
    *,
    components: tuple[str, ...],
    since: str | None,
    until: str | None,
    dataset: str | None,
    limit: int | None,
    rubric_name: str | None,
    dry_run: bool,
) -> None:
    """Grade a seeded sample of answers with the LLM judge of [judge].

    What this judge has graded by this rubric already is left out, so a run that was stopped goes on where
    it was. The caps of [judge] on calls, tokens and dollars are never exceeded. The local scorer needs no
    command: `chainwatch run` applies it to everything.
    """
    from collectors.model import PRODUCTION
    from monitors.evidently_config import EvidentlyConfig
    from monitors.evidently_templates import template_rubrics
    from monitors.judges.config import JudgeConfig
    from monitors.judges.estimates import update_estimates
    from monitors.judges.llm_run import LlmRun, draw_sample, estimate, judge_sample, open_rubric
    from monitors.moments import EARLIEST, LATEST, parse_moment

    settings = context.config.section("judge", JudgeConfig)
    templates = template_rubrics(context.config.section("evidently", EvidentlyConfig), rubric_name or "")
    rubric = next(templates, None) or open_rubric(settings, rubric_name)
    now = context.clock()
    start = parse_moment(since, "--since", now=now) if since else EARLIEST
    end = parse_moment(until, "--until", now=now) if until else LATEST
    _need_stored(context, "component", components)
    _need_stored(context, "dataset", [dataset] if dataset else [])
    warehouse = context.migrated()
    with warehouse.read() as con:
        sample = draw_sample(
            con,
            settings,
            rubric,
            start=start,
            end=end,
            limit=limit or settings.sample,
            components=components or settings.components,
            dataset=dataset or PRODUCTION,
        )
    if dry_run:
        found = estimate(sample, settings, rubric)
        context.answer(found, _plan(found))
        return
    run = LlmRun.empty(settings, rubric, sample, at=now, run_id=None)
    _show_progress(0, run.sampled)
    for run in judge_sample(
        warehouse,
        sample,
        settings,
        rubric,
        clock=context.clock,
        run_id=None,
        environ=os.environ,
        sleep=time.sleep,
    ):
        _show_progress(run.graded + sum(run.unscored.values()) + sum(run.skipped.values()), run.sampled)
    if sys.stderr.isatty():
        click.echo(err=True)
    if run.graded:
        days = {span.span_started_at.astimezone(UTC).date() for span in sample.drawn.spans}
        update_estimates(warehouse, days, at=context.clock(), dataset=dataset or PRODUCTION)
    context.answer(run.summary(), _told(run.summary()))
    if run.stopped is not None:
        raise ChainwatchError(f"the judge {run.stopped}; what was graded before is stored")


def _show_progress(done: int, of: int) -> None:
    """On a terminal, in one line: the first batch of a slow judge may take minutes."""
    if sys.stderr.isatty():
        click.echo(f"\rjudged {done} of {of} answers", nl=False, err=True)


def _need_stored(context: Context, column: Literal["component", "dataset"], names: Sequence[str]) -> None:
    """ConfigError that names what is stored when one of these is not."""
    from collectors.errors import ConfigError
    from collectors.warehouse.store import fetch

    with context.warehouse.read() as con:
        if not names:
            return
        rows = fetch(con, f"SELECT DISTINCT {column} AS name FROM spans ORDER BY 1")  # noqa: S608
    stored = [row["name"] for row in rows]
    for name in names:
        if name not in stored:
            raise ConfigError(f"--{column} {name!r}: not stored; choose one of: {', '.join(stored)}")


def _plan(found: dict[str, Any]) -> str:
    cost = found["estimated_cost_usd"]
    lines = [
        f"{found['prompts']} prompts, of {found['eligible']} answers not judged yet",
        f"about {found['estimated_input_tokens']:,} input "
        f"and {found['estimated_output_tokens']:,} output tokens",
        f"about ${cost:.4f}" if cost is not None else "cost unknown: [judge] has no prices",
    ]
    lines += [f"{count} would be unscored: {reason}" for reason, count in found["lacking"].items()]
    lines.append("nothing was sent")
    return "\n".join(lines)


def _told(run: dict[str, Any]) -> str:
    cost = f", ${run['cost_usd']:.4f}" if run["cost_usd"] is not None else ""
    lines = [
        f"{run['graded']} graded by {run['judge_version']} with {run['rubric']} {run['rubric_version']}, "
        f"of {run['sampled']} drawn and {run['eligible']} not judged yet",
        f"{run['calls']} calls, "
        f"{run['input_tokens']:,} input and {run['output_tokens']:,} output tokens{cost}",
    ]
    lines += [f"{count} unscored: {reason}" for reason, count in sorted(run["unscored"].items())]
    lines += [f"{count} skipped: {reason}" for reason, count in sorted(run["skipped"].items())]
    return "\n".join(lines)
