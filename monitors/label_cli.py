"""`chainwatch label`: answers out for people to grade, and their grades in."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command


@command(
    "label",
    examples=(
        "chainwatch label --out queue.csv --criterion correctness --count 50 --since 7d",
        "chainwatch label queue.csv --author ada",
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Draw answers to label into this new file."
)
@click.option("--criterion", help="What is labelled. [default: the first criterion of judge.rubric]")
@click.option("--count", type=click.IntRange(min=1), default=50, show_default=True, help="Answers to draw.")
@click.option(
    "--component",
    "components",
    multiple=True,
    help="Draw this component's answers; may be repeated. [default: the application's]",
)
@click.option("--since", help="Draw from this moment on: 2026-03-01, or an age such as 24h or 7d.")
@click.option("--until", help="Draw up to this moment.")
@click.option("--author", help="Who labelled lines that name nobody. [default: the user of this machine]")
def label(
    context: Context,
    *,
    paths: tuple[Path, ...],
    out: Path | None,
    criterion: str | None,
    count: int,
    components: tuple[str, ...],
    since: str | None,
    until: str | None,
    author: str | None,
) -> None:
    """Draw answers for people to grade into a file, or take their grades from files.

    Files are CSV or JSON lines (.csv, .jsonl). The answers are drawn by chance, more of those that the
    local scorer is in doubt about, so that few labels say most. Taking a file twice changes nothing; a label
    that was changed is replaced, and the audit log has both. Without arguments it says what is labelled, and
    how far the judges agree with people.
    """
    from monitors.judges.config import JudgeConfig
    from monitors.judges.rubric import load_rubric

    if out is not None and paths:
        raise ConfigError("--out draws answers, and a path takes labels in; give one of them")
    settings = context.config.section("judge", JudgeConfig)
    rubric = load_rubric(settings.rubric)
    if out is not None:
        name = criterion or rubric.criteria[0].name
        _draw(context, out, name, count, components or settings.components, since, until, settings.seed)
    elif paths:
        _take(context, paths, criterion, author or _user(), list(rubric.criteria))
    else:
        _status(context)


def _draw(
    context: Context,
    out: Path,
    criterion: str,
    count: int,
    components: tuple[str, ...],
    since: str | None,
    until: str | None,
    seed: int,
) -> None:
    from monitors.judges.label_files import write_queue
    from monitors.judges.label_queue import draw_for_people
    from monitors.moments import EARLIEST, LATEST, parse_moment

    now = context.clock()
    drawn = draw_for_people(
        context.migrated(),
        criterion,
        start=parse_moment(since, "--since", now=now) if since else EARLIEST,
        end=parse_moment(until, "--until", now=now) if until else LATEST,
        count=count,
        seed=seed,
        at=now,
        components=components,
        take=lambda rows: write_queue(out, rows),
    )
    context.answer(
        {"file": str(out), "criterion": criterion, "drawn": len(drawn.rows), "eligible": drawn.eligible},
        f"{len(drawn.rows)} answers to label for {criterion} in {out}, "
        f"drawn of {drawn.eligible} not drawn before",
    )


def _take(
    context: Context, paths: tuple[Path, ...], criterion: str | None, author: str, criteria: list[Any]
) -> None:
    from monitors.judges.estimates import update_estimates
    from monitors.judges.label_files import read_labels
    from monitors.judges.labels import LabelReport, parse_labels, store_labels

    report = LabelReport()
    lines = ((f"{path}, line {number}", record) for path in paths for number, record in read_labels(path))
    labels = parse_labels(lines, report, criterion=criterion, author=author, criteria=criteria)
    warehouse = context.migrated()
    if labels:
        store_labels(warehouse, labels, report, at=context.clock())
    if report.new or report.changed:
        update_estimates(warehouse, report.days, at=context.clock())
    told = [f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.empty} empty"]
    if report.not_drawn:
        told.append(
            f"{report.not_drawn} of answers that were not drawn: they count for agreement, not for estimates"
        )
    told += [f"rejected: {line}" for line in report.rejected]
    context.answer(report.as_json(), "\n".join(told))


def _status(context: Context) -> None:
    from monitors.judges.agreement import agreement_report, read_agreement
    from monitors.judges.label_queue import labelled

    with context.migrated().read() as con:
        rows = labelled(con)
        read = read_agreement(con)
    beside = agreement_report(read)
    told = [
        f"{row['criterion']}: {row['labels']} labels of {row['answers']} answers by {row['authors']} people, "
        f"{row['waiting']} waiting"
        for row in rows
    ]
    told += beside.lines()
    context.answer(
        {"labels": rows, "agreement": beside.as_json()},
        "\n".join(told) or "nothing is labelled yet: chainwatch label --out queue.csv",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
