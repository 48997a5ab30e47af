"""Do more requests ask the model to drop its instructions? See docs/checks/prompt_attack.md."""

from __future__ import annotations

from monitors.checks._safety import name_of, safety_check

_FOUND = "an attack"


def _told(score: float) -> str:
    return name_of(score, _FOUND)


CHECK = safety_check(
    "prompt_attack",
    name="prompt_attack",
    title="Attacks in requests",
    found=_FOUND,
    told=_told,
    margin=0.02,
    concern="input",
)
