"""Durations as chainwatch.toml writes them: a number and a unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def duration(value: Any) -> timedelta:
    """`"90s"`, `"5m"`, `"1h"`, `"7d"`, `"2w"` or a number of seconds; ValueError names the choices.

    >>> duration("1h"), duration(90), duration("2w")
    (datetime.timedelta(seconds=3600), datetime.timedelta(seconds=90), datetime.timedelta(days=14))
    """
    if isinstance(value, timedelta):
        return value
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return timedelta(seconds=value)
        text = str(value).strip().lower()
        number, unit = text[:-1], text[-1:]
        if unit in _UNITS:
            return timedelta(seconds=float(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        pass
    raise ValueError("write a number and a unit: s, m, h, d or w, as in '90s', '5m', '1h', '7d', '12w'")
