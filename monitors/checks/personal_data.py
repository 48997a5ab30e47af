"""Do more answers hold personal data? See docs/checks/personal_data.md."""

from __future__ import annotations

from monitors.checks._safety import name_of, safety_check

_FOUND = "personal data"


def _told(score: float) -> str:
    return name_of(score, _FOUND)


CHECK = safety_check(
    "personal_data",
    name="personal_data",
    title="Personal data in answers",
    found=_FOUND,
    told=_told,
    margin=0.02,
    concern="output",
)
