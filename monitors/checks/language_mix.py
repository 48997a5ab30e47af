"""Which languages are written, and how much of each. See docs/checks/language_mix.md."""

from __future__ import annotations

from monitors.checks._categories import CategoryCheck

CHECK = CategoryCheck(
    name="language_mix",
    title="Mix of languages",
    fields=frozenset({"input_language", "output_language"}),
    margin=0.05,
    concerns={"input_language": "input", "output_language": "output"},
)
