"""How a figure over time lies beside where it usually lay, in words for a title."""

from __future__ import annotations

import math
from collections.abc import Sequence

# The band holds nine in ten of the points before.
_OUTSIDE = 0.1
_FEWEST = 5


def beside(values: Sequence[float | None], band: tuple[float, float] | None) -> str:
    """A clause to follow the figure; nothing without a band or with too few points.

    As usual: no more points outside the band than two standard deviations above the one in ten that it leaves
    out. It says what the chart shows; whether that is more than chance, the checks say.

    >>> beside([5.0] * 20 + [9.0] * 10, (4.0, 6.0))
    ', above usual at 10 of 30 points'
    >>> beside([5.0] * 28 + [9.0, 1.0], (4.0, 6.0))
    ', as usual'
    """
    known = [value for value in values if value is not None]
    if band is None or len(known) < _FEWEST:
        return ""
    above, below = sum(value > band[1] for value in known), sum(value < band[0] for value in known)
    allowed = _OUTSIDE * len(known) + 2 * math.sqrt(_OUTSIDE * (1 - _OUTSIDE) * len(known))
    if above + below <= allowed:
        return ", as usual"
    where, count = ("above", above) if above >= below else ("below", below)
    return f", {where} usual at {count} of {len(known)} points"
