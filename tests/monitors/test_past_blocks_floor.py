"""The part of a distance that sampling explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from check_traffic import drift, hours, samples
from numpy.typing import NDArray

from monitors.checks._past_blocks import PastBlocks
from monitors.checks._words import Vocabulary
from monitors.checks.vocabulary import WordShares
from monitors.result import Window


def test_what_sampling_explains_of_a_divergence_is_its_floor() -> None:
    """Sixty words at random, of which each day prefers some: most of the divergence is sampling."""
    rng = np.random.default_rng(3)
    of_day = {day: rng.dirichlet(np.full(60, 400.0)) for day in range(2, 9)}

    def draw(window: Window) -> NDArray[Any]:
        made = np.empty(20, dtype=object)
        made[:] = [
            " ".join(f"w{i}" for i in rng.choice(60, size=5, replace=False, p=of_day[window.start.day]))
            for _ in range(20)
        ]
        return made

    reference = drift(samples(hours(168), draw))
    rows = Vocabulary(reference).rows
    whole = PastBlocks(reference, rows, WordShares(), seed=0).usual(240, 12)
    above = PastBlocks(reference, rows, WordShares(), seed=0, shuffles=16).usual(240, 12)
    assert whole is not None
    assert above is not None
    assert above.rows == whole.rows
    assert 0.1 * whole.level < above.floor < whole.level
    assert above.level == pytest.approx(whole.level, rel=0.1)
    assert whole.floor == 0.0
