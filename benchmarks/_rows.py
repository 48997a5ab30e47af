"""Lines of a benchmark's table: a value with its interval, and the bar that it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"
# What stands below this line of a page was written by people.
BY_HAND = "<!-- The benchmark writes what is above this line and keeps what is below. -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `bar` None means that it stands there for comparison."""

    name: str
    value: float
    unit: str
    bar: str | None = None
    holds: bool | None = None
    low: float | None = None
    high: float | None = None


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | value | 95 % interval | bar | holds |", "|---|---|---|---|---|"]
    for row in rows:
        interval = "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}"
        holds = "" if row.holds is None else "yes" if row.holds else "NO"
        unit = "" if row.unit == "AUROC" else f" {row.unit}"
        lines.append(f"| {row.name} | {row.value:.3f}{unit} | {interval} | {row.bar or ''} | {holds} |")
    return "\n".join(lines)


def write_page(name: str, text: str) -> None:
    """Write a page of docs/benchmarks/; what people wrote below the table stays."""
    page = PAGES / f"{name}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    _, line, by_hand = (page.read_text("utf-8") if page.exists() else "").partition(BY_HAND)
    page.write_text(f"{text.rstrip()}\n" + (f"\n{line}{by_hand}" if line else ""), "utf-8")
