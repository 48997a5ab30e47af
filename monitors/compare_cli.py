"""`chainwatch compare`: two stretches of time of one component, from sketches."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command

if TYPE_CHECKING:
    from monitors.result import Window
    from monitors.sketches.compare import NumberComparison, Side, TextComparison
    from monitors.streams import Stream

_CURRENT = timedelta(days=1)
_REFERENCE = timedelta(days=7)


@command(
    "compare",
    examples=(
        "chainwatch compare --component generator --reference 14d..7d --current 7d..",
        "chainwatch compare --component generator --reference 2026-02-01..2026-02-08 --field output_text",
    ),
)
@click.option("--component", required=True, help="Whose windows to compare.")
@click.option("--chain", help="Only this chain, where several have a component of that name.")
@click.option("--field", "fields", multiple=True, help="Only this field; may be repeated. [default: all]")
@click.option(
    "--reference", help="A..B: dates, times or ages. [default: the week before the current stretch]"
)
@click.option("--current", help="C..D. [default: the last day that has windows]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the permutations.")
def compare(
    context: Context,
    *,
    component: str,
    chain: str | None,
    fields: tuple[str, ...],
    reference: str | None,
    current: str | None,
    seed: int,
) -> None:
    """Compare two stretches of time of a component, however long, from the sketches of their windows.

    No span is read. Windows that lie partly in a stretch are left out; see docs/reference/sketches.md.
    """
    from monitors.sketches.compare import compare as compared
    from monitors.sketches.cover import read_buckets
    from monitors.sketches.store import sketched_streams

    with context.warehouse.read() as con:
        there = sketched_streams(con)
    streams = _chosen([s for s, _ in there], component, chain, fields)
    now = context.clock()
    last = max(end for stream, end in there if stream in streams)
    after = _range(current, "--current", now) or _window(last - _CURRENT, last)
    before = _range(reference, "--reference", now) or _window(after.start - _REFERENCE, after.start)
    told: list[dict[str, Any]] = []
    lines: list[str] = []
    for stream in streams:
        name = f"{stream.chain}/{stream.component}/{stream.field}"
        with context.warehouse.read() as con:
            pair = [read_buckets(con, stream, part) for part in (before, after)]
        try:
            found = compared(*pair, seed=seed)
        except ValueError as error:
            told.append({"stream": name, "reason": str(error)})
            lines.append(f"{name:<44} {error}")
            continue
        told.append({"stream": name, **dataclasses.asdict(found)})
        lines.append(f"{name:<44} {_said(found)}")
    heading = f"{_span(after)} against {_span(before)}"
    context.answer(
        {"reference": vars(before), "current": vars(after), "streams": told}, "\n".join((heading, *lines))
    )


def _chosen(there: list[Stream], component: str, chain: str | None, fields: tuple[str, ...]) -> list[Stream]:
    """The streams asked for; ConfigError with the choices when there is none."""
    mine = [s for s in there if s.component == component and chain in (None, s.chain)]
    if not mine:
        choices = ", ".join(sorted({s.component for s in there})) or "no run has kept a sketch yet"
        raise ConfigError(f"--component {component!r}: no sketches; choose one of: {choices}")
    for field in fields:
        if field not in {s.field for s in mine}:
            choices = ", ".join(sorted({s.field for s in mine}))
            raise ConfigError(f"--field {field!r}: {component} has none; choose one of: {choices}")
    return sorted(s for s in mine if not fields or s.field in fields)


def _range(text: str | None, option: str, now: datetime) -> Window | None:
    from monitors.moments import parse_range

    return _window(*parse_range(text, option, now=now)) if text else None


def _window(start: datetime, end: datetime) -> Window:
    from monitors.result import Window

    return Window(start=start, end=end)


def _said(found: TextComparison | NumberComparison) -> str:
    from monitors.sketches.compare import TextComparison

    if isinstance(found, TextComparison):
        by = "no permutations" if not found.permutations else f"p = {found.p:.3g} by {found.permuted}"
        return (
            f"MMD^2 {found.mmd2:.4g}, {by}; means {found.mean_distance:.3g} apart "
            f"(chance {found.usual_mean_distance:.3g}); {_rows(found.before, found.after)}"
        )
    p50, p95 = found.quantiles[0.5], found.quantiles[0.95]
    return (
        f"mean {found.mean_before:.4g} -> {found.mean_after:.4g}, p50 {p50[0]:.4g} -> {p50[1]:.4g}, "
        f"p95 {p95[0]:.4g} -> {p95[1]:.4g}, PSI {found.psi:.3g}; {_rows(found.before, found.after)}"
    )


def _rows(before: Side, after: Side) -> str:
    return f"{after.rows:,} against {before.rows:,} in {after.buckets} and {before.buckets} buckets"


def _span(part: Window) -> str:
    return f"{part.start:%Y-%m-%d %H:%M} to {part.end:%Y-%m-%d %H:%M} UTC"
