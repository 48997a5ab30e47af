"""The rhythm of a stream: what of a window's mean is due to the hour and the day of the week.

A window's mean is modelled as x'beta plus noise, with x the mean over the window of an intercept, three daily
harmonics, weekend or not, and the weekend's own daily harmonic. Effects have a prior in units of the
rows' standard deviation, so that a season never seen (the first weekend) is expected to differ a little
instead of raising an alarm. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitors.result import Window

Floats = NDArray[np.float64]

# Standard deviations of the prior on each column, in standard deviations of a row; the intercept is free.
PRIOR_SD: Floats = np.array([np.inf, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0.3, 0.15, 0.15])
_POINTS = 8  # times within a window over which the columns are averaged
_WEEKEND_SHARE = 2 / 7  # centred, so that the intercept is the level of an average week


def prior_precision() -> Floats:
    """(p,) precisions of the seasonal effects; 0 for the intercept."""
    return 1.0 / PRIOR_SD**2


def mid_hours(windows: Sequence[Window]) -> Floats:
    """(T,) hours since 1970 of the middle of each window.

    >>> from datetime import UTC, datetime, timedelta
    >>> day = datetime(1970, 1, 2, tzinfo=UTC)
    >>> mid_hours([Window(start=day, end=day + timedelta(hours=1))]).tolist()
    [24.5]
    """
    return np.array([(w.start.timestamp() + w.end.timestamp()) / 7200.0 for w in windows], dtype=np.float64)


def design(windows: Sequence[Window]) -> Floats:
    """(T, p) columns of the season, each averaged over the window.

    A window of a whole day has no daily harmonic:

    >>> from datetime import UTC, datetime, timedelta
    >>> day = datetime(2026, 3, 2, tzinfo=UTC)
    >>> bool(abs(design([Window(start=day, end=day + timedelta(days=1))])[0, 1:7]).max() < 1e-9)
    True
    """
    if not windows:
        return np.empty((0, PRIOR_SD.size))
    start = np.array([w.start.timestamp() / 3600.0 for w in windows])
    length = np.array([(w.end - w.start).total_seconds() / 3600.0 for w in windows])
    hours = start[:, None] + length[:, None] * (np.arange(_POINTS) + 0.5) / _POINTS
    angle = hours * (2 * np.pi / 24)
    # 1970-01-01 was a Thursday: day 2 and 3 of that count are Saturday and Sunday.
    weekend = ((hours // 24) % 7 >= 2) & ((hours // 24) % 7 < 4)
    off = weekend - _WEEKEND_SHARE
    columns = [np.ones_like(hours)]
    for harmonic in (1, 2, 3):
        columns += [np.sin(harmonic * angle), np.cos(harmonic * angle)]
    columns += [off, off * np.sin(angle), off * np.cos(angle)]
    averaged: Floats = np.stack([column.mean(axis=1) for column in columns], axis=1)
    return averaged
