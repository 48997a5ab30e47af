"""Patterns of one's own, run by RE2 inside Arrow.

Python's `re` can take exponential time on a pattern that looks harmless; RE2 has no look-around and no
back-references in patterns, and its time is linear in the text for every pattern that it accepts.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def matches(expression: str, text: str) -> bool:
    """Whether `text` holds a match. ValueError says what RE2 does not accept."""
    try:
        found: bool = pc.match_substring_regex(pa.scalar(text), pattern=expression).as_py()
    except pa.ArrowInvalid as error:
        raise ValueError(_reason(error)) from None
    return found


def substitute(expression: str, replacement: str, text: str) -> str:
    """`text` with every match replaced. ValueError names a group that the expression does not have."""
    try:
        new: str = pc.replace_substring_regex(
            pa.scalar(text), pattern=expression, replacement=replacement
        ).as_py()
    except pa.ArrowInvalid as error:
        raise ValueError(_reason(error)) from None
    return new


def _reason(error: pa.ArrowInvalid) -> str:
    said = str(error).removeprefix("Invalid regular expression: ")
    return f"not a regular expression that RE2 accepts: {said}"
