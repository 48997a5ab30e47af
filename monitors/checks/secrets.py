"""Do more answers hold secrets? See docs/checks/secrets.md."""

from __future__ import annotations

from monitors.checks._safety import name_of, safety_check

_FOUND = "a secret"


def _told(score: float) -> str:
    return name_of(score, _FOUND)


CHECK = safety_check(
    "secrets",
    name="secrets",
    title="Secrets in answers",
    found=_FOUND,
    told=_told,
    margin=0.01,
    concern="output",
)
