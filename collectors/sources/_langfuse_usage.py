"""Tokens and cost of a Langfuse observation, as Langfuse itself adds them up.

`usageDetails` may have any keys. Langfuse's own input is the sum of the keys that contain "input", its output
of those that contain "output", and its total is the key `total`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.sources._foreign import amount, mapping, whole

_TOKEN_UNITS = frozenset({"", "TOKENS"})
# Older names of the three, inside `usage` and as columns of their own.
_OTHER_NAMES = {
    "input": ("prompttokens", "prompt_tokens", "input_usage", "input_tokens"),
    "output": ("completiontokens", "completion_tokens", "output_usage", "output_tokens"),
    "total": ("totaltokens", "total_tokens", "total_usage"),
}
_OUTPUT_WORDS = ("output", "completion", "reasoning", "thought")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an observation used; None is unknown."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None


def usage_of(record: Mapping[str, Any]) -> Usage:
    """Tokens and cost of an observation with snake-case keys.

    Exports write zeros where nothing was measured (`usageDetails` empty, `totalUsage` 0): those are unknown.
    """
    counts = _counts(record)
    given = counts.get("total")
    sides = _sides(counts, given)
    cached = [n for key, n in counts.items() if "cache" in key and not key.endswith(("creation", "write"))]
    cached = [n for n in cached if n] or cached
    cost = _cost(record)
    return Usage(
        input_tokens=sides[0],
        output_tokens=sides[1],
        total_tokens=given,
        cached_tokens=max(cached, default=None),
        cost_usd=cost,
    )


def _counts(record: Mapping[str, Any]) -> dict[str, int]:
    """Tokens by usage type, in whatever way this export has them; empty when nothing was measured."""
    details = mapping(record.get("usage_details"))
    if not details:
        details = mapping(record.get("usage"))
        if str(details.get("unit") or "").upper() not in _TOKEN_UNITS:
            return {}  # characters, images, seconds
    found = {
        key.lower(): n
        for key, value in details.items()
        if "cost" not in key.lower() and (n := whole(value)) is not None
    }
    for ours, names in _OTHER_NAMES.items():
        for name in names:
            value = found.pop(name, None) if details else whole(record.get(name))
            if value is not None:
                found.setdefault(ours, value)
    return found if details or any(found.values()) else {}


def _sides(counts: Mapping[str, int], total: int | None) -> tuple[int | None, int | None]:
    given = _sum(counts, "input"), _sum(counts, "output")
    if total is None or sum(n or 0 for n in given) == total:
        return given
    bare = counts.get("input"), counts.get("output")
    if None not in bare and sum(n or 0 for n in bare) == total:
        return bare  # the other keys say what the two consist of
    # Keys beside the two that make up the rest of the total, such as reasoning tokens.
    others = {k: n for k, n in counts.items() if k != "total" and "input" not in k and "output" not in k}
    if others and sum(n or 0 for n in given) + sum(others.values()) == total:
        out = sum(n for key, n in others.items() if any(word in key for word in _OUTPUT_WORDS))
        return (given[0] or 0) + sum(others.values()) - out, (given[1] or 0) + out
    return given


def _sum(counts: Mapping[str, int], word: str) -> int | None:
    found = [n for key, n in counts.items() if word in key]
    return sum(found) if found else None


def _cost(record: Mapping[str, Any]) -> float | None:
    details = {key: amount(value) for key, value in mapping(record.get("cost_details")).items()}
    known = {key: value for key, value in details.items() if value is not None}
    if "total" in known:
        return known["total"]
    usage = mapping(record.get("usage"))
    for value in (record.get("total_cost"), record.get("calculated_total_cost"), usage.get("totalCost")):
        cost = amount(value)
        if cost:
            return cost
    if known:
        return sum(known.values())
    parts = [amount(record.get(name)) for name in ("input_cost", "output_cost")]
    return sum(cost for cost in parts if cost is not None) if any(parts) else None
