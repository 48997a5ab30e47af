"""`chainwatch backtest`: would this have fired? History replayed with a candidate configuration."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command
from monitors.cli import Time, progress_bar
from monitors.command import existing, visible

if TYPE_CHECKING:
    from collectors.warehouse.overlay import Overlay


@command(
    "backtest",
    examples=(
        "chainwatch backtest --from 2026-03-01 --to 2026-03-15",
        "chainwatch backtest --monitor latency --from 2026-03-01 --set monitors.latency.margin=0.3",
        "chainwatch backtest --from 2026-03-01 --candidate stricter.toml --incidents known.toml --json",
    ),
)
@click.option(
    "--monitor",
    "monitors",
    multiple=True,
    metavar="PATTERN",
    help="A check, a kind of rule, or check/chain/component/field/reference with *; repeat for several "
    "[default: all].",
)
@click.option("--from", "start", type=Time(), required=True, help="First window to replay, in UTC.")
@click.option("--to", "end", type=Time(), help="End of the last window, in UTC [default: now].")
@click.option(
    "--candidate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML with the sections to try, over the configuration in use.",
)
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="One key to try; repeat for several."
)
@click.option(
    "--incidents",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Known incidents, as .toml, .csv or .json, to hold the replay against.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Draws the samples, as in `chainwatch run`."
)
@click.option("--no-save", is_flag=True, help="Keep no report for the dashboard.")
def backtest(
    context: Context,
    *,
    monitors: tuple[str, ...],
    start: datetime,
    end: datetime | None,
    candidate: Path | None,
    assignments: tuple[str, ...],
    incidents: Path | None,
    seed: int,
    no_save: bool,
) -> None:
    """Replay history with a candidate configuration, and say what would have fired.

    The evaluator, the alerts and the outbox are those of `chainwatch run`; the warehouse is read and never
    written to, and nothing is sent. With --incidents, says which were detected and after how long, and what
    was a false alarm.
    """
    from monitors.backtest.candidate import candidate as overlaid
    from monitors.backtest.known import read_known
    from monitors.backtest.replay import Question, replay
    from monitors.backtest.report import report, table
    from monitors.backtest.saved import save

    now = context.clock()
    until = min(end or now, now)
    if start >= until:
        raise ConfigError(f"--from {start.isoformat()} must be before --to {until.isoformat()}")
    known = read_known(incidents) if incidents is not None else None
    question = Question(
        config=overlaid(context.config, candidate, assignments),
        start=start,
        end=until,
        monitors=monitors,
        seed=seed,
    )
    with _overlay(context) as overlay, progress_bar() as progress:
        done = replay(
            overlay,
            question,
            context.home,
            clock=context.clock,
            progress=progress,
            say=lambda line: click.echo(line, err=True),
        )
        told = report(overlay, question, done, known)
    answer = told.as_json()
    if not no_save:
        save(context.home, answer, at=now)
    context.answer(answer, visible(table(told)))


@contextmanager
def _overlay(context: Context) -> Iterator[Overlay]:
    """A scratch warehouse over the real one; it and the texts in it are gone at the end."""
    from collectors.warehouse.overlay import Overlay

    history = existing(context)
    with tempfile.TemporaryDirectory(prefix="chainwatch-backtest-") as folder:
        overlay = Overlay(Path(folder), history)
        overlay.prepare()
        yield overlay
