"""Do more users leave after a bad answer? See docs/checks/abandoned.md."""

from __future__ import annotations

from monitors.checks._signs import SignCheck

CHECK = SignCheck(
    name="abandoned",
    title="Sessions left after a bad answer",
    field="feedback.abandoned",
    sign="left",
    margin=0.03,
    # What it means is a guess: whoever wants it asks for it.
    default_on=False,
)
