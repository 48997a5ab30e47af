"""Faults in chains, and the alerts that they show as: for the tests of root cause.

How a fault travels is written down here from what components do to each other (who reads whose output, who
waits for whom, who pays), independently of the code under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from alerting_world import result

from monitors.result import Result

KINDS = ("input", "text", "length", "latency", "errors", "quality")
_QUALITY = "quality.relevance"


@dataclass(frozen=True)
class Symptom:
    component: str
    field: str


def chain_of(size: int) -> tuple[str, ...]:
    """An application and `size` steps."""
    return ("application", *(f"step{i}" for i in range(1, size + 1)))


def symptoms(names: Sequence[str], culprit: str, kind: str) -> tuple[list[Symptom], list[Symptom]]:
    """What the culprit itself shows, and what it brings about elsewhere."""
    app, steps = names[0], list(names[1:])
    if kind == "input":
        elsewhere = [Symptom(s, f) for s in steps for f in ("input_text", "output_text", _QUALITY)]
        return [Symptom(app, "input_text")], [*elsewhere, Symptom(app, "output_text")]
    later = steps[steps.index(culprit) + 1 :]
    own: list[Symptom] = []
    other: list[Symptom] = []
    if kind in ("text", "length"):
        own.append(Symptom(culprit, "output_text" if kind == "text" else "output_tokens"))
        own.append(Symptom(culprit, _QUALITY))
        other += [Symptom(s, "input_text") for s in later]
        other += [Symptom(s, "output_text") for s in [*later, app]]
        other += [Symptom(s, _QUALITY) for s in [*later, app]]
    if kind == "length":
        own += [Symptom(culprit, f) for f in ("duration_s", "cost_usd")]
        other += [Symptom(s, "input_tokens") for s in later]
        other += [Symptom(s, "duration_s") for s in [*later, app]]
        other += [Symptom(s, "cost_usd") for s in [*later, app]]
    if kind == "latency":
        own += [Symptom(culprit, "duration_s"), Symptom(culprit, "time_to_first_token_s")]
        other += [Symptom(app, "duration_s"), Symptom(app, "status")]
    if kind == "errors":
        own += [Symptom(culprit, "status")]
        other += [Symptom(app, "status"), Symptom(app, "duration_s"), Symptom(app, "output_text")]
        other += [Symptom(s, "input_text") for s in later] + [Symptom(s, "output_text") for s in later]
    if kind == "quality":
        own += [Symptom(culprit, _QUALITY)]
        other += [Symptom(s, _QUALITY) for s in [*later, app]]
        other += [Symptom(s, "output_text") for s in [*later, app]]
    return own, other


def windows_of(
    names: Sequence[str],
    culprit: str,
    kind: str,
    rng: Random,
    *,
    start: int = 10,
    missing: float = 0.4,
    delay: int = 5,
    length: int = 8,
) -> dict[int, list[Result]]:
    """A fault from `start` on as windows of results.

    Each symptom elsewhere is missed with chance `missing`; each that is seen is seen after a random number
    of windows, the culprit's own too, so that effects often arrive before their cause. The rest is ok.
    """
    own, other = symptoms(names, culprit, kind)
    # The culprit's first symptom is what the fault is; the rest may go unseen.
    seen = own[:1] + [s for s in [*own[1:], *other] if rng.random() >= missing]
    first = {s: start + rng.randint(0, delay) for s in seen}
    fields = ("input_text", "output_text", "duration_s", "status", _QUALITY)
    every = {Symptom(n, f) for n in names for f in fields} | set(seen)
    windows: dict[int, list[Result]] = {}
    for hour in range(start - 1, start + length):
        window = []
        for symptom in sorted(every, key=lambda s: (s.component, s.field)):
            bad = symptom in first and hour >= first[symptom]
            # What was slow to show was gathered over that many windows.
            evidence = {"scale_windows": hour - start + 1} if bad else None
            status = "breach" if bad else "ok"
            window.append(result(symptom.component, symptom.field, hour, status, evidence=evidence))
        rng.shuffle(window)
        windows[hour] = window
    return windows
