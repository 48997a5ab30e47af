"""Do more users ask the same question again? See docs/checks/retries.md."""

from __future__ import annotations

from monitors.checks._signs import SignCheck

CHECK = SignCheck(
    name="retries",
    title="Questions asked again",
    field="feedback.retried",
    sign="asked again",
    margin=0.03,
    # What it means is a guess: whoever wants it asks for it.
    default_on=False,
)
