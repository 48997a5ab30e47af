"""Lines of JSON decoded straight into typed rows, where every line is plainly a span in our own names.

The decoder checks keys and types as it goes, for less than building a dictionary of each line costs. A line
that is anything else makes the whole block be read in the ordinary way, which says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from collectors import cleaning
from collectors.records import NOT_OURS, SPAN_RULES, SPAN_TYPES, Rule

# What JSON may hold for a rule without being looked at value by value.
_KINDS: Mapping[Rule, Any] = {
    cleaning.text: str | None,
    cleaning.identifier: str | None,
    cleaning.time: str | int | float | None,
    cleaning.amount: int | float | None,
    cleaning.count: int | float | None,
    cleaning.mapping: dict[str, Any] | None,
    cleaning.documents: Any,
}
_NAMES = (*SPAN_RULES, *NOT_OURS)
_Row = msgspec.defstruct(
    "_Row",
    [
        *((name, _KINDS.get(rule, str | None), None) for name, rule in SPAN_RULES.items()),
        *((name, str | None if name == "type" else Any, None) for name in NOT_OURS),
    ],
    forbid_unknown_fields=True,
    gc=False,
)
_decode = msgspec.json.Decoder(_Row).decode_lines
_values = attrgetter(*_NAMES)


def columns_of(block: bytes) -> dict[str, Sequence[Any]] | None:
    """The values of the lines by name, None where a line has none; None when a line may be no plain span."""
    try:
        rows = _decode(block)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not rows or len(rows) != block.count(b"\n") + (block[-1:] != b"\n"):
        return None
    columns: dict[str, Sequence[Any]] = dict(zip(_NAMES, zip(*map(_values, rows), strict=True), strict=True))
    return columns if SPAN_TYPES.issuperset(columns["type"]) else None
