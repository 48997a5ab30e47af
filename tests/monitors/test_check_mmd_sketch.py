"""MMD from sketches: near the exact one, at its level, and the same from stored sums as from rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from check_traffic import ALPHA, drift, fitted, hours, samples, texts, topics
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, WindowSample
from monitors.sketches.compare import units_of
from monitors.sketches.fourier import BANDWIDTHS
from monitors.sketches.permute import Units, mmd2, sketch_test
from monitors.sketches.text_sketch import TextSketch
from monitors.statistics import kernels

CENTRES = topics(0, 7)


def rows_of(rng: np.random.Generator, count: int, *, new: float = 0.0) -> NDArray[np.float32]:
    topic = np.where(rng.random(count) < new, 6, rng.integers(0, 6, size=count))
    return texts(rng, CENTRES, topic).astype(np.float16).astype(np.float32)


def sketches(rows: NDArray[np.float32], name: str, each: int = 40) -> list[TextSketch]:
    keys = [f"{name}{i}/a" for i in range(len(rows))]
    return [
        TextSketch.of(rows[i : i + each], keys[i : i + each], n=each, n_missing=0)
        for i in range(0, len(rows), each)
    ]


def history(seed: int, *, new: float = 0.0, last: int = 6) -> list[WindowSample]:
    rng = np.random.default_rng(seed)
    windows = hours(96)
    changed = {w.start for w in windows[-last:]} if new else set()
    return samples(windows, lambda w: rows_of(rng, 30, new=new if w.start in changed else 0.0))


def test_it_is_near_exact_mmd() -> None:
    rng = np.random.default_rng(0)
    a, b = rows_of(rng, 400), rows_of(rng, 400, new=0.3)
    exact = np.mean([kernels.mmd2(a, b, bandwidth=s) for s in BANDWIDTHS])
    told = mmd2(units_of(sketches(a, "a")), units_of(sketches(b, "b")))
    assert told == pytest.approx(exact, abs=0.2 * float(exact))
    assert mmd2(units_of(sketches(a, "a")), units_of(sketches(a, "a"), "windows")) < 1e-3


def test_units_of_other_sizes_keep_the_level() -> None:
    hits = 0
    for trial in range(200):
        rng = np.random.default_rng(trial)
        # A quiet hour of few rows against busy ones.
        a, b = sketches(rows_of(rng, 40), "a", each=20), sketches(rows_of(rng, 480), "b", each=80)
        hits += sketch_test(units_of(a), units_of(b), permutations=99, rng=rng).p <= 0.05
    # Binomial(200, .05): more than 20 have a chance of .0005.
    assert hits <= 20


def test_a_change_is_seen_and_the_smallest_p_is_that_of_the_permutations() -> None:
    rng = np.random.default_rng(1)
    a, b = sketches(rows_of(rng, 400), "a"), sketches(rows_of(rng, 400, new=0.5), "b")
    for permuted in ("parts", "windows"):
        test = sketch_test(units_of(a, permuted), units_of(b, permuted), permutations=199, rng=rng)
        assert test.p == 1 / 200
    assert test.units == 20


def test_nothing_to_permute_is_said() -> None:
    one = units_of(sketches(rows_of(np.random.default_rng(0), 20), "a", each=20), "windows")
    none = Units(rows=np.zeros(0), sums=np.zeros((0, one.sums.shape[1])))
    for pair in ((one, one), (one, none), (none, one)):
        test = sketch_test(*pair)
        assert np.isnan(test.p)
        assert test.permutations == 0
    with pytest.raises(ValueError, match="no sketch"):
        units_of([])


def test_many_units_are_added_up_and_lose_nothing() -> None:
    rng = np.random.default_rng(2)
    units = Units(rows=rng.integers(1, 9, 3000).astype(float), sums=rng.standard_normal((3000, 384)))
    fewer = units.fewer(100)
    assert len(fewer) == 100
    assert fewer.total == units.total
    np.testing.assert_allclose(fewer.mean(), units.mean())
    assert sketch_test(units, units).units <= 128


def test_stored_sums_are_as_good_as_rows() -> None:
    check = CHECKS.get("mmd_sketch")
    seen = history(3, new=0.5)
    stored = [
        dataclasses.replace(s, stored_sketch=lambda s=s: TextSketch.from_bytes(s.sketch.to_bytes()))
        for s in seen
    ]
    told = [fitted(check, drift(some[:72])).evaluate(some[-24:], alpha=ALPHA) for some in (seen, stored)]
    assert told[0] == told[1]
    assert told[0].status == "breach"
    assert told[0].evidence["permutation"]["p_if_independent"] <= 0.01
    assert told[0].value is not None
    assert told[0].value > 3.0
    wide = CheckSettings(margin=0.9)
    assert fitted(check, drift(seen[:72]), wide).evaluate(seen[-24:], alpha=ALPHA).status == "ok"


def test_quiet_traffic_is_ok_and_about_one() -> None:
    check = CHECKS.get("mmd_sketch")
    seen = history(4)
    answer = fitted(check, drift(seen[:72])).evaluate(seen[-24:], alpha=ALPHA)
    assert answer.status == "ok"
    assert answer.value == pytest.approx(1.0, abs=0.7)
