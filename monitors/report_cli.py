"""`chainwatch report`: Evidently's HTML report of one component in two windows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.model import PRODUCTION
from collectors.options import command

if TYPE_CHECKING:
    from collectors.warehouse.store import Row
    from monitors.evidently_report import Slice

_METHODS = ("ks", "wasserstein", "psi", "jensenshannon")
_CURRENT = timedelta(days=1)
_REFERENCE = timedelta(days=7)


@command(
    "report",
    examples=(
        "chainwatch report --component generator --out report.html",
        "chainwatch report --component generator --reference-set golden-v1",
    ),
)
@click.option("--component", required=True, help="Whose spans to compare.")
@click.option("--chain", help="Only this chain, where several have a component of that name.")
@click.option("--reference", help="A..B: dates, times or ages. [default: the week before the current window]")
@click.option("--current", help="C..D. [default: the last day that has spans]")
@click.option("--reference-set", help="Compare with this evaluation set instead of earlier production.")
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    help="How numbers are compared. [default: Evidently chooses by sample size]",
)
@click.option(
    "--sample", type=click.IntRange(min=10), default=5000, show_default=True, help="Spans a window, at most."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    default=Path("report.html"),
    show_default=True,
    help="The HTML file to write.",
)
def report(
    context: Context,
    *,
    component: str,
    chain: str | None,
    reference: str | None,
    current: str | None,
    reference_set: str | None,
    method: str | None,
    sample: int,
    seed: int,
    out: Path,
) -> None:
    """Write Evidently's report on lengths, tokens, latency, cost, versions and scores of two windows.

    Texts enter as lengths and counts: no log text stands in the page. Large windows are sampled, by --seed.
    """
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"--out {out}: there is no folder {out.absolute().parent}")
    now = context.clock()
    current_range = _range(current, "--current", now) or _last_day(context, component, chain)
    reference_range = _range(reference, "--reference", now) or (
        _everything() if reference_set else (current_range[0] - _REFERENCE, current_range[0])
    )
    from monitors.evidently_report import write_report

    before = _slice(reference_range, reference_set or PRODUCTION)
    after = _slice(current_range, PRODUCTION)
    rows = {
        option: _rows(context, part, option, component=component, chain=chain, sample=sample, seed=seed)
        for option, part in (("--reference", before), ("--current", after))
    }
    columns = write_report(rows["--reference"], rows["--current"], out, method=method)
    drifted = [c.column for c in columns if c.drifted]
    data = {
        "out": str(out),
        "component": component,
        "reference": _told(before, rows["--reference"]),
        "current": _told(after, rows["--current"]),
        "drifted": drifted,
        "columns": [vars(c) | {"drifted": c.drifted} for c in columns],
    }
    context.answer(
        data,
        f"wrote {out}: {len(rows['--current'])} spans of {_span(after)}\n"
        f"against {len(rows['--reference'])} of {_span(before)}\n"
        f"columns past Evidently's threshold: {', '.join(drifted) or 'none'}",
    )


def _range(text: str | None, option: str, now: datetime) -> tuple[datetime, datetime] | None:
    from monitors.moments import parse_range

    return parse_range(text, option, now=now) if text else None


def _everything() -> tuple[datetime, datetime]:
    """An evaluation set is compared as a whole, whenever it was run."""
    from monitors.moments import EARLIEST, LATEST

    return EARLIEST, LATEST


def _slice(bounds: tuple[datetime, datetime], dataset: str) -> Slice:
    from monitors.evidently_report import Slice

    return Slice(start=bounds[0], end=bounds[1], dataset=dataset)


def _last_day(context: Context, component: str, chain: str | None) -> tuple[datetime, datetime]:
    """The day up to the component's last production span."""
    from collectors.warehouse.store import fetch

    with context.warehouse.read() as con:
        (row,) = fetch(
            con,
            "SELECT max(started_at) AS latest FROM spans WHERE component = $component "
            "AND dataset = $dataset AND ($chain::VARCHAR IS NULL OR chain = $chain)",
            {"component": component, "dataset": PRODUCTION, "chain": chain},
        )
        stored = [r["component"] for r in fetch(con, "SELECT DISTINCT component FROM spans ORDER BY 1")]
    if row["latest"] is None:
        choices = ", ".join(stored) or "nothing is stored yet"
        raise ConfigError(f"--component {component!r}: no production spans; choose one of: {choices}")
    end: datetime = row["latest"] + timedelta(microseconds=1)
    return end - _CURRENT, end


def _rows(
    context: Context, part: Slice, option: str, *, component: str, chain: str | None, sample: int, seed: int
) -> list[Row]:
    from monitors.evidently_report import read_rows

    with context.warehouse.read() as con:
        found = read_rows(con, part, component=component, chain=chain, limit=sample, seed=seed)
    if not found:
        raise ConfigError(f"{option}: {component} has no spans in {_span(part)}")
    return found


def _told(part: Slice, rows: list[Row]) -> dict[str, Any]:
    return {"start": part.start, "end": part.end, "dataset": part.dataset, "spans": len(rows)}


def _span(part: Slice) -> str:
    return f"{part.dataset}, {part.start:%Y-%m-%d %H:%M} to {part.end:%Y-%m-%d %H:%M} UTC"
