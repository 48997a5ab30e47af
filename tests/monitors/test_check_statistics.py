"""Plain two-sample statistics against SciPy and against values worked out with other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from monitors.features_embedding import FourierFeatures
from monitors.noise_tails import QuadraticTail, noncentral_tail, weighted_cumulants
from monitors.statistics.kernels import energy_distance, median_bandwidth, mmd2
from monitors.statistics.psi import psi, psi_excess
from monitors.statistics.univariate import kolmogorov_tail, ks, wasserstein

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "drift_oracle.json"


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    if not ORACLE.is_file():
        pytest.skip("the reference values ../shared/data/drift_oracle.json are not here")
    loaded: dict[str, Any] = json.loads(ORACLE.read_text("utf-8"))
    return loaded


def d1() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(20240601)
    return rng.standard_normal((60, 5)), rng.standard_normal((50, 5)) + 0.3


def first_column() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = d1()
    return x[:, 0], y[:, 0]


@pytest.mark.parametrize("sigma", ["0.5", "1.0", "2.0"])
def test_mmd_is_the_double_loop(oracle: dict[str, Any], sigma: str) -> None:
    x, y = d1()
    expected = oracle["mmd2_D1"][f"sigma={sigma}"]
    assert mmd2(x, y, bandwidth=float(sigma)) == pytest.approx(expected["unbiased"], rel=1e-9)
    assert mmd2(x, y, bandwidth=float(sigma), unbiased=False) == pytest.approx(expected["biased"], rel=1e-9)


def test_the_bandwidth_is_the_median_heuristic(oracle: dict[str, Any]) -> None:
    x, y = d1()
    expected = oracle["mmd2_D1"]["sigma_median_pooled_pairs (sqrt(median sq dist/2))"]
    assert median_bandwidth(np.concatenate([x, y])) == pytest.approx(expected, rel=1e-9)


def test_energy_distance_is_the_double_loop(oracle: dict[str, Any]) -> None:
    x, y = d1()
    assert energy_distance(x, y) == pytest.approx(oracle["energy_multivariate_D1"], rel=1e-9)


def test_energy_distance_of_numbers_is_twice_the_square_of_scipys() -> None:
    x, y = first_column()
    assert energy_distance(x[:, None], y[:, None]) == pytest.approx(
        stats.energy_distance(x, y) ** 2, rel=1e-6
    )


def test_psi_by_hand() -> None:
    # Two bins: shares .5/.5 against .2/.8: (.2-.5) ln(.2/.5) + (.8-.5) ln(.8/.5) = .274887 + .141001.
    x, y = np.r_[np.zeros(50), np.ones(50)], np.r_[np.zeros(20), np.ones(80)]
    assert psi(x, y, edges=np.array([0.5])) == pytest.approx(0.415888, abs=1e-6)


def test_psi_is_infinite_nowhere_and_grows_with_empty_bins() -> None:
    x = np.arange(100.0)
    assert 1.0 < psi(x, np.full(10, 99.0)) < 20.0


def test_psi_of_equal_samples_is_its_bias_and_the_excess_takes_it_off() -> None:
    rng = np.random.default_rng(0)
    plain, excess = [], []
    reference = rng.standard_normal(20_000)
    for _ in range(300):
        current = rng.standard_normal(60)
        plain.append(psi(reference, current))
        excess.append(psi_excess(reference, current))
    # Nine degrees of freedom over 60 rows is .15; the floor of empty bins adds a little.
    assert np.mean(plain) == pytest.approx(0.15, abs=0.05)
    assert np.mean(excess) < 0.06


def test_psi_matches_the_reference_values(oracle: dict[str, Any]) -> None:
    counts_x = oracle["univariate_D3"]["bin_counts_x"]
    counts_y = oracle["univariate_D3"]["bin_counts_y"]
    x, y = np.repeat(np.arange(10.0), counts_x), np.repeat(np.arange(10.0), counts_y)
    expected = next(v for k, v in oracle["univariate_D3"].items() if k.startswith("psi"))
    assert psi(x, y, edges=np.arange(9) + 0.5) == pytest.approx(expected, rel=1e-9)


def test_ks_and_wasserstein_are_scipys() -> None:
    x, y = first_column()
    expected = stats.ks_2samp(x, y)
    assert ks(x, y) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    # Both samples sorted and of equal size: the mean distance of the pairs.
    assert wasserstein(x[:50], y) == pytest.approx(np.abs(np.sort(x[:50]) - np.sort(y)).mean(), rel=1e-9)


@pytest.mark.parametrize(("rows", "moved"), [(40, 0.0), (200, 0.15), (200, 0.4), (2000, 0.05), (200, 2.0)])
def test_many_pairs_of_rows_are_as_scipy_has_them(rows: int, moved: float) -> None:
    rng = np.random.default_rng(rows)
    x, y = rng.lognormal(4.5, 0.5, 5000).round(), rng.lognormal(4.5 + moved, 0.5, rows).round()
    expected = stats.ks_2samp(x, y, method="asymp")
    distance, p = ks(x, y)
    assert distance == pytest.approx(expected.statistic, rel=1e-12)
    assert p == pytest.approx(expected.pvalue, rel=2e-3)
    assert wasserstein(x, y) == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-12)


@pytest.mark.parametrize("rows", [20, 63, 500])
def test_the_tail_of_kolmogorov_is_scipys_everywhere(rows: int) -> None:
    distances = np.linspace(0.3, 2.5, 40) / np.sqrt(rows)
    mine = [kolmogorov_tail(float(d), rows) for d in distances]
    assert mine == pytest.approx(stats.kstwo.sf(distances, rows), abs=3e-4, rel=4e-3)


@pytest.mark.parametrize(("df", "shift"), [(0.7, 0.01), (11.1, 5.5), (40.0, 310.0), (490.0, 600.0)])
def test_the_noncentral_tail_is_scipys_far_out(df: float, shift: float) -> None:
    at = df + shift + np.sqrt(2 * df + 4 * shift) * np.array([-0.5, 0.0, 1.0, 3.0, 8.0, 25.0])
    mine = [noncentral_tail(float(x), df, shift) for x in at]
    assert mine == pytest.approx(stats.ncx2.sf(at, df, shift), rel=1e-10, abs=0.0)


@pytest.mark.parametrize("p", [0.5, 1e-3, 1e-6, 1e-12])
def test_the_quantile_is_where_the_tail_is(p: float) -> None:
    shifted, plain = QuadraticTail([10.0, 40.0, 190.0, 1300.0]), QuadraticTail([10.0, 40.0, 500.0, 1e4])
    assert shifted.shift > 0.0 == plain.shift
    assert [tail.sf(tail.isf(p)) for tail in (shifted, plain)] == pytest.approx([p, p], rel=1e-9)


@pytest.mark.parametrize("p", [0.3, 1e-6, 1e-12])
def test_cumulants_of_no_quadratic_form_have_the_tail_of_their_skewness(p: float) -> None:
    """Their kurtosis is too small for their skewness: the three-moment fit is Pearson's type III."""
    k1, k2, k3 = 28.11, 24.48, 71.48
    tail = QuadraticTail([k1, k2, k3, 271.87])
    scale, shape = k3 / k2 / 2.0, 4.0 * k2**3 / k3**2
    expected = stats.gamma.isf(p, shape, scale=scale) + k1 - shape * scale
    assert tail.isf(p) == pytest.approx(expected, rel=1e-9)
    assert tail.sf(tail.isf(p)) == pytest.approx(p, rel=1e-9)


def test_nothing_to_compare_is_nan() -> None:
    nothing = np.empty(0)
    x = np.arange(3.0)
    assert all(np.isnan([psi(x, nothing), wasserstein(nothing, x), *ks(x, nothing)]))
    assert np.isnan(mmd2(np.zeros((1, 2)), np.zeros((5, 2)), bandwidth=1.0))


def d2() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    i, j = np.meshgrid(np.arange(40), np.arange(4), indexing="ij")
    return np.sin(1 + 0.7 * i + 1.3 * j), (np.sin(2 + 0.9 * i + 1.1 * j) + 0.1 * j)[:30]


def test_the_second_data_set_agrees_too(oracle: dict[str, Any]) -> None:
    x, y = d2()
    assert y.sum() == pytest.approx(oracle["data"]["D2_Y_sum"], rel=1e-9)
    assert mmd2(x, y, bandwidth=1.0) == pytest.approx(oracle["mmd2_D2"]["sigma=1.0"]["unbiased"], rel=1e-9)


def test_the_quadratic_tail_is_lius(oracle: dict[str, Any]) -> None:
    tail = QuadraticTail(weighted_cumulants([0.5, 0.3, 0.1, 0.05, 0.05]))
    for q, values in oracle["weighted_chi2_tail lam=[.5,.3,.1,.05,.05]"].items():
        at = float(q.removeprefix("P(Q>").removesuffix(")"))
        assert tail.sf(at) == pytest.approx(values["liu"], rel=1e-6)
        assert tail.sf(at) == pytest.approx(values["monte_carlo_4e6"], rel=0.12)
        assert tail.isf(tail.sf(at)) == pytest.approx(at, rel=1e-6)


def test_fourier_features_estimate_the_exact_mmd() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((200, 8)), rng.standard_normal((200, 8)) + 0.4
    exact = mmd2(x, y, bandwidth=3.0, unbiased=False)
    features = FourierFeatures(dimension=8, bandwidth=3.0, pairs=4096, rng=rng)
    difference = features(x.astype(np.float32)).mean(axis=0) - features(y.astype(np.float32)).mean(axis=0)
    assert float(difference @ difference) == pytest.approx(exact, rel=0.05)
