"""A map of what is said now and what was said before, for people to look at: few points, short texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.explain_texts import thin
from monitors.statistics.shared_map import shared_map

MOST_POINTS = 60  # of each side
CHARACTERS = 80
_FITTED = 400


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of the map: unit rows (n, d), n keys, which rows must be on it, and n topics, or none."""

    rows: NDArray[Any]
    keys: Sequence[str]
    wanted: Sequence[int] = ()
    topics: Sequence[str] = ()


def points(now: Side, before: Side, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Places of at most 60 rows of each side that have a text, and of those that must be there.

    Each is `{trace_id, text, side, x, y, topic}`: `side` is "now" or "before", `text` the first 80
    characters, `topic` its name, where it is known. Rows of the same side are in order of time.
    """
    chosen = [_chosen(side, texts) for side in (now, before)]
    if not len(chosen[0]) or not len(chosen[1]):
        return []
    # The axes are those of an even sample: the most telling rows alone would bend them.
    fitted = [
        np.concatenate([rows, thin(len(side.rows), _FITTED)])
        for rows, side in zip(chosen, (now, before), strict=True)
    ]
    placed = shared_map(now.rows[fitted[0]], before.rows[fitted[1]])
    found = []
    for side, name, rows, places in zip((now, before), ("now", "before"), chosen, placed, strict=True):
        for row, (x, y) in zip(rows, places[: len(rows)].tolist(), strict=True):
            key = side.keys[row]
            found.append(
                {
                    "trace_id": key.rpartition("/")[0],
                    "text": texts[key][:CHARACTERS],
                    "side": name,
                    "x": round(x, 2),
                    "y": round(y, 2),
                    **({"topic": side.topics[row]} if len(side.topics) else {}),
                }
            )
    return found


def _chosen(side: Side, texts: Mapping[str, str]) -> NDArray[np.int64]:
    told = [row for row, key in enumerate(side.keys) if key in texts]
    some = [told[i] for i in thin(len(told), MOST_POINTS)] if told else []
    wanted = [row for row in side.wanted if side.keys[row] in texts]
    return np.array(sorted({*some, *wanted}), dtype=np.int64)
