"""The map of texts: each text once, with its side and its topic."""

from __future__ import annotations

import numpy as np

from monitors.explain_map import MOST_POINTS, Side, points


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    rows = rng.normal(size=(count, 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_text_has_its_side_and_its_topic() -> None:
    rng = np.random.default_rng(0)
    sides = [
        Side(
            rows=unit(rng, 100),
            keys=[f"{name}{i}/span" for i in range(100)],
            wanted=[99],
            topics=[f"topic {i % 3}" for i in range(100)],
        )
        for name in ("n", "b")
    ]
    found = points(sides[0], sides[1], {key: f"text of {key}" for side in sides for key in side.keys})
    for name, side in (("n", "now"), ("b", "before")):
        mine = [point for point in found if point["side"] == side]
        assert MOST_POINTS <= len(mine) <= MOST_POINTS + 1
        assert f"{name}99" in {point["trace_id"] for point in mine}
        for point in mine:
            number = int(point["trace_id"].removeprefix(name))
            assert (point["text"], point["topic"]) == (
                f"text of {name}{number}/span",
                f"topic {number % 3}",
            )


def test_a_text_that_is_not_kept_has_no_place() -> None:
    rng = np.random.default_rng(1)
    now, before = (Side(rows=unit(rng, 30), keys=[f"{name}{i}/s" for i in range(30)]) for name in "nb")
    texts = dict.fromkeys([*now.keys[:10], *before.keys[:10]], "said")
    found = points(now, before, texts)
    assert sorted(p["trace_id"] for p in found) == sorted(key.removesuffix("/s") for key in texts)
    assert all("topic" not in point for point in found)
    assert points(now, before, dict.fromkeys(now.keys, "said")) == []
