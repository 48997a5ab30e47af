"""Exact MMD by blocks: the double loop, all permutations, its null and its memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from drift_oracle import d1, d2, oracle

from monitors.statistics.kernels import median_bandwidth, mmd2
from monitors.statistics.mmd import mmd_test, sampled_bandwidth
from monitors.statistics.two_sample import block_labels, labels_of


@pytest.mark.parametrize("data", ["D1", "D2"])
@pytest.mark.parametrize("sigma", ["0.5", "1.0", "2.0"])
@pytest.mark.parametrize("block", [7, 32, 1024])
def test_it_is_the_double_loop_at_any_block(data: str, sigma: str, block: int) -> None:
    x, y = d1() if data == "D1" else d2()
    expected = oracle()[f"mmd2_{data}"][f"sigma={sigma}"]["unbiased"]
    found = mmd_test(x, y, bandwidth=float(sigma), permutations=3, block=block)
    assert found.value == pytest.approx(expected, abs=2e-7)


def test_alibi_detect_says_the_same() -> None:
    x, y = d2()
    expected = oracle()["alibi_detect_0.13"]["alibi_MMD2_D2_sigma0.5"]
    assert mmd_test(x, y, bandwidth=0.5, permutations=0).value == pytest.approx(expected, abs=2e-7)


def test_every_permutation_is_the_statistic_of_those_rows() -> None:
    x, y = d1()
    pooled = np.concatenate([x, y])
    found = mmd_test(x, y, bandwidth=1.5, permutations=20, rng=np.random.default_rng(4), block=16)
    labels = labels_of(60, 50, 20, np.random.default_rng(4))
    by_hand = [mmd2(pooled[c == 1], pooled[c == 0], bandwidth=1.5) for c in labels.T]
    assert [found.value, *found.null] == pytest.approx(by_hand, abs=3e-7)


def test_p_agrees_with_all_seventy_permutations() -> None:
    x, y = d2()
    recorded = oracle()["mmd_exact_permutation_D2_first4_vs_first4_sigma1"]
    found = mmd_test(x[:4], y[:4], bandwidth=1.0, permutations=4000, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(recorded["stat"], abs=2e-7)
    # Four standard errors of 4,000 draws.
    assert found.p == pytest.approx(recorded["count_ge"] / recorded["of"], abs=0.032)


def test_large_offsets_lose_no_digits() -> None:
    x, y = d1()
    near = mmd_test(x, y, bandwidth=1.0, permutations=0).value
    assert mmd_test(x + 1000.0, y + 1000.0, bandwidth=1.0, permutations=0).value == pytest.approx(
        near, abs=5e-7
    )


def test_few_rows_are_nan_and_without_p() -> None:
    found = mmd_test(np.zeros((1, 2)), np.zeros((5, 2)))
    assert np.isnan(found.value)
    assert found.p == 1.0


def test_the_heuristic_of_a_sample_is_near_that_of_all() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((1500, 40)), rng.standard_normal((900, 40))
    assert sampled_bandwidth(x, y) == pytest.approx(median_bandwidth(np.concatenate([x, y])), rel=0.01)
    assert sampled_bandwidth(*d1()) == median_bandwidth(np.concatenate(d1()))


def test_memory_is_the_rows_and_a_block() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((4000, 64), dtype=np.float32) for _ in range(2))
    tracemalloc.start()
    try:
        mmd_test(x, y, permutations=20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Rows again 2 MB, labels .7 MB, block 4 MB, the heuristic's thousand rows 40 MB at most in float64; the
    # whole kernel would be 256 MB.
    assert peak < 60e6


def test_the_null_is_level_and_a_shift_is_seen() -> None:
    rng = np.random.default_rng(3)
    p = [
        mmd_test(*rng.standard_normal((2, 25, 3)), bandwidth=1.5, permutations=59, rng=rng).p
        for _ in range(1000)
    ]
    # Binomial: .05 +- 4 standard errors of 1,000 trials.
    assert 0.022 <= np.mean(np.array(p) <= 0.05) <= 0.078
    moved = mmd_test(
        rng.standard_normal((40, 3)), rng.standard_normal((40, 3)) + 1.0, permutations=99, rng=rng
    )
    assert moved.p == 0.01


def test_blocks_are_dealt_out_whole() -> None:
    blocks = np.repeat(np.arange(10), 4)
    drawn = block_labels(blocks, 8, 50, np.random.default_rng(0))
    assert drawn[:, 0].tolist() == [1.0] * 8 + [0.0] * 32
    assert (drawn.reshape(10, 4, 51).std(axis=1) == 0).all()
    assert (drawn.sum(axis=0) == 8).all()
    assert 0.1 < drawn[0, 1:].mean() < 0.3
