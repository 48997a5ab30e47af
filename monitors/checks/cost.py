"""Cost: does a request cost more? See docs/checks/cost.md."""

from __future__ import annotations

from monitors.checks._worse_up import WorseUpCheck

CHECK = WorseUpCheck(
    name="cost",
    title="Cost of a request",
    fields=frozenset({"cost_usd"}),
    about="cost",
    unit="USD",
    statistic="mean",
    tail_name="the dearest tenth",
    margin=1.15,
)
