"""Time to first token: does the answer start later? See docs/checks/time_to_first_token.md."""

from __future__ import annotations

from monitors.checks._worse_up import WorseUpCheck

CHECK = WorseUpCheck(
    name="time_to_first_token",
    title="Time to first token",
    fields=frozenset({"time_to_first_token_s"}),
    about="latency",
    unit="s",
    statistic="p95",
    tail_name="the slowest tenth",
    margin=1.25,
)
