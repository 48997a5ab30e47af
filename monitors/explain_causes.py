"""Whether length, language, topic, source, version or user accounts for a change: what is left of it when
each is held fixed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.explain_read import FACTS, Said
from monitors.statistics.conditioning import Conditioned, condition

Floats = NDArray[np.float64]
EXPLAINS, COINCIDES, NO = "explains", "coincides", "no"
_SHUFFLES = 199
_MOST_P = 1.0 / (1 + _SHUFFLES) + 1e-12  # no shuffle took away as much
_MOST_LEVELS = 12
_BINS = 6
_LEAST_SHARE = 0.2
_SHOWN_LEVELS = 4
_LEVEL_CHARACTERS = 60
_REST, _NONE = "all others", "not told"
# Ids of people do not belong into evidence, which outlives them.
_NAMELESS = frozenset({"user"})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something that may account for a change: its name, and its level for each row of both sides."""

    name: str
    now: Sequence[str]
    before: Sequence[str]


def candidates(
    now: Sequence[Said], before: Sequence[Said], *, languages: bool, length: str | None
) -> list[Candidate]:
    """What the spans say of themselves, of rows in the order of the features.

    languages: whether to tell the language of the texts. length: what to call the length of the text, None
    to leave it out.
    """
    found = []
    if length is not None:
        bins = _binned([s.characters for s in now], [s.characters for s in before])
        if bins is not None:
            found.append(Candidate(name=length, now=bins[0], before=bins[1]))
    if languages:
        from monitors.statistics.languages import language_of

        sides = [[language_of(s.text) if s.text else _NONE for s in side] for side in (now, before)]
        found.append(Candidate(name="language", now=sides[0], before=sides[1]))
    for column, name in FACTS.items():
        sides = [[s.facts.get(column) or _NONE for s in side] for side in (now, before)]
        found.append(Candidate(name=name, now=sides[0], before=sides[1]))
    return found


def account(now: Floats, before: Floats, tried: Sequence[Candidate], *, seed: int) -> list[dict[str, Any]]:
    """How much of the difference of the features each candidate accounts for, the most first.

    now (n, f), before (m, f). Candidates with one level only are left out. Each entry has `by`, `share` (0 to
    1, beyond what a shuffled label takes away), its interval `low` to `high`, `remains` (the share of the
    change that is still there within levels), `p`, `verdict`, and for levels that may be named, `levels`:
    those whose share changed most, `{level, before, now}`. The verdict is "explains" where no shuffle in 199
    takes away as much and the interval is above zero; "coincides" where the two sides have hardly a level in
    common, so that the change and the label came together and cannot be told apart; else "no".
    """
    told = []
    for candidate in tried:
        levels = _levels(candidate)
        if len(levels) < 2:
            continue
        number = {level: i for i, level in enumerate(levels)}
        labels = [
            np.array([number.get(level, len(levels) - 1) for level in side], dtype=np.int64)
            for side in (candidate.now, candidate.before)
        ]
        found = condition(
            now, before, labels[0], labels[1], rng=np.random.default_rng(seed), shuffles=_SHUFFLES
        )
        if found is not None:
            told.append(_entry(candidate.name, levels, labels, found))
    return in_order(told)


def in_order(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries as people read them: what explains first, the most first."""
    rank = {EXPLAINS: 0, COINCIDES: 1, NO: 2}
    return sorted(told, key=lambda e: (rank[e["verdict"]], -e["share"], e["by"]))


def _entry(
    name: str, levels: Sequence[str], labels: Sequence[NDArray[np.int64]], found: Conditioned
) -> dict[str, Any]:
    left = max(1.0 - found.by_chance, 1e-9)
    low, high = (
        float(np.clip((bound - found.by_chance) / left, 0.0, 1.0)) for bound in (found.low, found.high)
    )
    told = entry(name, share=found.beyond_chance, low=low, high=high, p=found.p, most_p=_MOST_P)
    if found.by_chance > 0.5:
        told |= {"share": 0.0, "low": 0.0, "high": 1.0, "remains": 1.0, "verdict": COINCIDES}
    if name not in _NAMELESS and told["verdict"] != NO:
        told["levels"] = _shown(levels, labels)
    return told


def entry(by: str, *, share: float, low: float, high: float, p: float, most_p: float) -> dict[str, Any]:
    """What one thing accounts for, as `account` tells it; it explains where p is `most_p` at most."""
    share, low, high = (min(max(value, 0.0), 1.0) for value in (share, low, high))
    explains = p <= most_p and low > 0.0 and share >= _LEAST_SHARE
    return {
        "by": by,
        "share": share,
        "low": low,
        "high": high,
        "remains": 1.0 - share,
        "p": p,
        "verdict": EXPLAINS if explains else NO,
    }


def _shown(levels: Sequence[str], labels: Sequence[NDArray[np.int64]]) -> list[dict[str, Any]]:
    now, before = (np.bincount(side, minlength=len(levels)) / max(len(side), 1) for side in labels)
    order = np.argsort(-np.abs(now - before), kind="stable")[:_SHOWN_LEVELS]
    return [
        {"level": levels[i][:_LEVEL_CHARACTERS], "before": float(before[i]), "now": float(now[i])}
        for i in order
        if now[i] != before[i]
    ]


def _levels(candidate: Candidate) -> list[str]:
    """The most frequent levels of both sides, and one for the rest."""
    counts: Counter[str] = Counter(candidate.now)
    counts.update(candidate.before)
    ordered = [level for level, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    if len(ordered) <= _MOST_LEVELS:
        return ordered
    return [*ordered[: _MOST_LEVELS - 1], _REST]


def _binned(now: Sequence[int | None], before: Sequence[int | None]) -> tuple[list[str], list[str]] | None:
    """Lengths in six bins with about as many rows of both sides each; None where there is one bin only."""
    there = [float(v) for side in (now, before) for v in side if v is not None]
    if not there:
        return None
    edges = np.unique(np.quantile(there, np.linspace(0.0, 1.0, _BINS + 1)[1:-1]).round())
    names = [f"up to {e:,.0f} characters" for e in edges] + [f"more than {edges[-1]:,.0f} characters"]

    def binned(side: Sequence[int | None]) -> list[str]:
        return [_NONE if v is None else names[int(np.searchsorted(edges, v))] for v in side]

    return binned(now), binned(before)
