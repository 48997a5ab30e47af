"""Bins whose width grows with the value: every value lies within 1 % of the middle of its bin.

Counts in bins merge by adding, in any order, and a quantile read off them is within 1 %. Source: Masson, Rim
and Lee, DDSketch, VLDB 2019.
"""

from __future__ import annotations

import math

ERROR = 0.01
GAMMA = (1.0 + ERROR) / (1.0 - ERROR)
# Added to the bin of a positive value, so that codes are in the order of the values; 0 is the bin of zero.
ZERO_OFFSET = 100_000
# What SQL that bins values is given.
PARAMETERS = {"offset": ZERO_OFFSET, "log_gamma": math.log(GAMMA)}


def value_of(code: int) -> float:
    """The middle of a bin: within 1 % of everything in it.

    >>> value_of(0), round(value_of(ZERO_OFFSET), 2), round(value_of(-ZERO_OFFSET), 2)
    (0.0, 0.99, -0.99)
    """
    if code == 0:
        return 0.0
    middle = 2.0 * GAMMA ** (abs(code) - ZERO_OFFSET) / (GAMMA + 1.0)
    return middle if code > 0 else -middle
