"""Are more requests refused? See docs/checks/refusal_rate.md."""

from __future__ import annotations

from monitors.checks._categories import CategoryCheck

CHECK = CategoryCheck(
    name="refusal_rate",
    title="Refusal rate",
    fields=frozenset({"refusal"}),
    margin=0.03,
    concerns={"refusal": "quality"},
    up_only="refused",
)
