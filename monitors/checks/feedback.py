"""Are users unhappier with the answers? See docs/checks/feedback.md."""

from __future__ import annotations

from monitors.checks._signs import SignCheck

CHECK = SignCheck(
    name="feedback",
    title="Unhappy feedback",
    field="feedback.unhappy",
    sign="unhappy",
    margin=0.05,
)
