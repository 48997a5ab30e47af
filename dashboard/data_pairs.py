"""The quality page's reads of two sides compared: one report a comparison, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from collectors.warehouse.connection import Warehouse
from dashboard.data import select
from monitors.judges.pair_report import PairReport, pair_report

_ABOUT = ("side_a", "side_b", "component", "judge", "judge_version", "rubric", "rubric_version")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two sides, as `chainwatch pairwise` names them, before one judge with one rubric."""

    side_a: str
    side_b: str
    component: str
    judge: str
    judge_version: str
    rubric: str
    rubric_version: str
    first_at: datetime
    last_at: datetime
    report: PairReport


def comparisons(warehouse: Warehouse, chain: str) -> tuple[Comparison, ...]:
    """Every comparison of one chain, that with the newest verdict first."""
    with warehouse.read() as con:
        rows = select(con, "pairwise", {"chain": chain})
    found = []
    for about, group in groupby(rows, key=lambda row: tuple(row[name] for name in _ABOUT)):
        mine = list(group)
        found.append(
            Comparison(
                **dict(zip(_ABOUT, about, strict=True)),
                first_at=mine[0]["judged_at"],
                last_at=mine[-1]["judged_at"],
                report=pair_report(mine),
            )
        )
    return tuple(sorted(found, key=lambda c: c.last_at, reverse=True))
