"""How many requests are usual at an hour, and what part of today's is beyond that.

A burst of requests (a campaign, somebody's batch job, an incident elsewhere) brings more of some topic than
quiet hours have. That is news of the volume, and for an hour or two no proof that content has changed: a week
holds few bursts, and hardly ever two of the same topic. So what comes beyond the usual number is a sample
that may lean to one side, as far as `LEANING` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.noise_season import design, prior_precision
from monitors.result import Window

Floats = NDArray[np.float64]

LEANING = 1 / 3  # part of the requests beyond the usual number that may be of one topic
_USUAL = 0.9  # quantile of past windows up to which a volume is usual


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The requests of a window, learnt.

    Attributes:
        beta: (p,) season of their logarithm. usual: its distance from the season that is not unusual yet.
    """

    beta: Floats
    usual: float

    def excess(self, season: Floats, requests: Floats) -> float:
        """The share of all requests beyond the usual number. season: (T, p) design of the windows; (T,)."""
        most = np.exp(season @ self.beta + self.usual).sum()
        return max(0.0, 1.0 - float(most / requests.sum()))


def learn_volume(windows: Sequence[Window], requests: Floats) -> Volume:
    """From the windows of a reference and their requests (T,), at least one each.

    >>> from datetime import UTC, datetime, timedelta
    >>> hours = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=i) for i in range(48)]
    >>> windows = [Window(start=at, end=at + timedelta(hours=1)) for at in hours]
    >>> volume = learn_volume(windows, np.full(48, 100.0))
    >>> round(volume.excess(design(windows[:1]), np.array([400.0])), 2)
    0.75
    """
    if not windows:
        return Volume(beta=np.zeros(prior_precision().size), usual=np.inf)
    season, logs = design(windows), np.log(requests)
    information: Floats = season.T @ season + np.diag(prior_precision())
    beta = np.asarray(np.linalg.solve(information, season.T @ logs), dtype=np.float64)
    return Volume(beta=beta, usual=float(np.quantile(logs - season @ beta, _USUAL)))
