"""Whether a change of what a component says came with its input: then it passes on what it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.explain_causes import entry
from monitors.explain_texts import thin
from monitors.statistics.kernels import median_bandwidth
from monitors.statistics.passed_on import passed_on

INPUT = "input"
_BANDWIDTH_ROWS = 300
_MOST_P = 0.025  # one-sided: its 95 % interval lies above zero
Rows = NDArray[np.float32]


def from_input(
    sides: Sequence[tuple[Rows, Sequence[str]]], given: Mapping[str, NDArray[Any]]
) -> list[dict[str, Any]]:
    """The entry `input` of what explains a change; none where too few inputs are known.

    sides: now and the reference, each rows (n, d) of what was said and their n keys. given: input by key.
    """
    said, inputs = list[NDArray[Any]](), list[NDArray[Any]]()
    for rows, keys in sides:
        there = [i for i, key in enumerate(keys) if key in given]
        if not there:
            return []
        said.append(np.asarray(rows[there], dtype=np.float64))
        inputs.append(np.array([given[keys[i]] for i in there], dtype=np.float64))
    some = np.concatenate([side[thin(len(side), _BANDWIDTH_ROWS)] for side in said])
    found = passed_on(said[0], said[1], inputs[0], inputs[1], bandwidth=median_bandwidth(some))
    if found is None:
        return []
    return [entry(INPUT, share=found.share, low=found.low, high=found.high, p=found.p, most_p=_MOST_P)]
