"""Deploys and change points as marks on a chart, with short labels that cannot run into each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from dashboard import formats, theme
from dashboard.charts import Mark
from dashboard.data import DeployRow

# Marks closer than this share of the chart's width get one label: where three charts stand side by side,
# `D13-14` is so wide, and each label costs the browser as much as a line.
_CLOSE = 0.12
_MOST_NAMED = 6


def deploy_marks(
    deploys: Sequence[DeployRow], *, within: tuple[datetime, datetime], zone: tzinfo
) -> tuple[list[Mark], str | None]:
    """One mark a deploy, labelled D1, D2 ... in time order, and the line that says what each was.

    Deploys that stand close together share a label, such as D1-3, and keep their lines.
    """
    inside = sorted(
        (d for d in deploys if within[0] <= d.deployed_at <= within[1]), key=lambda d: d.deployed_at
    )
    if not inside:
        return [], None
    width = (within[1] - within[0]).total_seconds()
    groups: list[list[int]] = []
    for index, deploy in enumerate(inside):
        if (
            groups
            and (deploy.deployed_at - inside[groups[-1][0]].deployed_at).total_seconds() < _CLOSE * width
        ):
            groups[-1].append(index)
        else:
            groups.append([index])
    marks = []
    for group in groups:
        label = f"D{group[0] + 1}" if len(group) == 1 else f"D{group[0] + 1}-{group[-1] + 1}"
        for position, index in enumerate(group):
            marks.append(Mark(at=inside[index].deployed_at, label=label if position == 0 else ""))
    said = [
        f"D{index + 1}: {d.component} {d.change}, {formats.when(d.deployed_at, zone)}"
        for index, d in enumerate(inside[:_MOST_NAMED])
    ]
    if len(inside) > _MOST_NAMED:
        said.append(f"and {len(inside) - _MOST_NAMED} more")
    return marks, " · ".join(said)


def change_mark(at: datetime, low: datetime | None, high: datetime | None) -> Mark:
    """Where the change began, with the interval in which it must lie."""
    return Mark(at=at, label="change", colour=theme.BREACH, since=low, until=high, dash="solid", bottom=True)
