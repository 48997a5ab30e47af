"""Latency: are requests slower than they are at this time of the week? See docs/checks/latency.md."""

from __future__ import annotations

from monitors.checks._worse_up import WorseUpCheck

CHECK = WorseUpCheck(
    name="latency",
    title="Latency",
    fields=frozenset({"duration_s"}),
    about="latency",
    unit="s",
    statistic="p95",
    tail_name="the slowest tenth",
    margin=1.25,
)
