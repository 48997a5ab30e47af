"""The checks on numbers: found when it matters, silent when it does not, and in units that people
understand.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from check_traffic import ALPHA, MONDAY, drift, fitted, hours, samples, watch
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, Outcome, Reference, WindowSample
from monitors.result import Window

Floats = NDArray[np.float64]
HISTORY, CHANGE, END = 168, 192, 228


def traffic(
    kind: str, *, seed: int, factor: float = 1.0, rate: float = 40.0, cycle: float = 0.0, until: int = END
) -> list[WindowSample]:
    """Nine and a half days of hourly windows; from window CHANGE to `until` the numbers are changed by
    `factor`.
    """
    rng = np.random.default_rng(seed)

    def draw(window: Window) -> Floats:
        number = round((window.start - MONDAY) / timedelta(hours=1))
        changed = CHANGE <= number < until
        season = cycle * np.sin(window.start.hour / 24 * 2 * np.pi)
        k = int(rng.poisson(rate * (1.0 + season)))
        if kind == "grades":
            return np.clip(rng.normal(2.3 - (factor if changed else 0.0), 0.5, size=k), 0.0, 3.0)
        if kind == "lengths":
            return np.round(rng.lognormal(4.5 + season / 2, 0.5, size=k) * (factor if changed else 1.0))
        return rng.lognormal(0.3 + season / 2, 0.5, size=k) * (factor if changed else 1.0)

    return samples(hours(END), draw)


def outcomes(name: str, series: list[WindowSample], settings: CheckSettings | None = None) -> list[Outcome]:
    model = fitted(CHECKS.get(name), drift(series[:HISTORY]), settings)
    return watch(model, series, HISTORY)


def delay(answers: list[Outcome]) -> int | None:
    """Windows from the change to the first breach; None if there is none. Before the change there must be
    none.
    """
    quiet = CHANGE - HISTORY
    assert all(a.status != "breach" for a in answers[:quiet])
    return next((i + 1 for i, a in enumerate(answers[quiet:]) if a.status == "breach"), None)


@pytest.mark.parametrize(
    ("name", "kind", "factor", "within"),
    [
        ("latency", "times", 2.0, 3),
        ("latency", "times", 1.5, 12),
        ("time_to_first_token", "times", 2.0, 3),
        ("cost", "times", 1.6, 10),
        ("token_length", "lengths", 1.6, 8),
        ("token_length", "lengths", 0.5, 8),
        ("quality", "grades", 0.4, 12),
    ],
)
@pytest.mark.parametrize("cycle", [0.0, 0.4])
def test_a_change_that_matters_is_found_in_hours(
    name: str, kind: str, factor: float, within: int, cycle: float
) -> None:
    for seed in range(2):
        series = traffic(kind, seed=seed, factor=factor, cycle=cycle)
        assert delay(outcomes(name, series[: CHANGE + within])) is not None


@pytest.mark.parametrize(
    ("name", "kind", "factor"),
    [("latency", "times", 0.4), ("cost", "times", 0.4), ("quality", "grades", -0.5)],
)
def test_better_is_no_breach(name: str, kind: str, factor: float) -> None:
    assert delay(outcomes(name, traffic(kind, seed=1, factor=factor))) is None


def test_the_usual_cycle_is_no_breach() -> None:
    for name, kind in (("latency", "times"), ("token_length", "lengths"), ("quality", "grades")):
        same = 0.0 if kind == "grades" else 1.0
        assert delay(outcomes(name, traffic(kind, seed=4, factor=same, cycle=0.6))) is None, name


def test_a_change_below_the_margin_stays_silent_and_the_margin_can_be_set() -> None:
    series = traffic("times", seed=2, factor=1.15, rate=800.0)
    answers = outcomes("latency", series)
    assert delay(answers) is None
    assert min(a.p_value for a in answers[CHANGE - HISTORY :] if a.p_value is not None) < ALPHA
    assert any("smaller than the change that matters" in a.reason for a in answers)
    assert delay(outcomes("latency", series, CheckSettings(margin=1.05))) is not None


def test_a_breach_ends_soon_after_the_change_has_ended() -> None:
    series = traffic("times", seed=3, factor=3.0, until=CHANGE + 6)
    answers = outcomes("latency", series)[CHANGE - HISTORY :]
    assert any(a.status == "breach" for a in answers[:6])
    assert all(a.status == "ok" for a in answers[8:])
    assert any("back to normal" in a.reason for a in answers[8:])


def test_a_breach_explains_itself() -> None:
    series = traffic("times", seed=5, factor=2.5)
    answers = outcomes("latency", series)[CHANGE - HISTORY :]
    breach = answers[5]
    assert breach.status == "breach"
    assert breach.value is not None
    assert breach.threshold is not None
    assert breach.value > breach.threshold
    assert breach.unit == "s"
    assert breach.effect == pytest.approx(2.5, rel=0.35)
    windows = breach.evidence["scale_windows"]
    rows = np.concatenate([s.rows[:, 0] for s in series[CHANGE + 6 - windows : CHANGE + 6]])
    assert breach.value == pytest.approx(np.quantile(rows, 0.95))
    assert breach.evidence["current"]["p50"] == pytest.approx(np.median(rows))
    assert "times the expected" in breach.reason
    change = breach.evidence["change_point"]
    assert change["low"] <= (MONDAY + timedelta(hours=CHANGE)).isoformat() <= change["high"]
    examples = breach.evidence["examples"]
    assert len(examples) == 10
    assert examples[0]["score"] == pytest.approx(rows.max())
    assert {"trace_id", "span_id", "why", "score"} == set(examples[0])
    assert examples[0]["why"] == f"{rows.max():.4g} s"


def test_an_example_says_its_own_length_and_not_the_units_of_the_test() -> None:
    answers = outcomes("token_length", traffic("lengths", seed=6, factor=1.5))
    breach = next(a for a in answers if a.status == "breach")
    assert breach.unit == "PSI"
    assert breach.evidence["examples"][0]["why"].endswith(" tokens")


def test_ok_and_breach_lie_on_their_side_of_the_threshold() -> None:
    for name, kind, factor, worse in (
        ("latency", "times", 1.7, 1), ("quality", "grades", 0.3, -1), ("token_length", "lengths", 1.5, 1),
    ):  # fmt: skip
        for answer in outcomes(name, traffic(kind, seed=6, factor=factor)):
            assert answer.value is not None
            assert answer.threshold is not None
            over = (answer.value - answer.threshold) * worse
            assert over >= 0 if answer.status == "breach" else over <= 0


def test_one_stuck_request_does_not_page() -> None:
    series = traffic("times", seed=7)
    last = series[-1]
    rows = last.rows.copy()
    rows[0, 0] = 1e6
    stuck = WindowSample(window=last.window, n=last.n, rows=rows, keys=last.keys)
    model = fitted(CHECKS.get("latency"), drift(series[:HISTORY]))
    assert model.evaluate([*series[-24:-1], stuck], alpha=ALPHA).status == "ok"


def test_constant_numbers_are_no_trouble() -> None:
    series = samples(hours(60), lambda window: np.full(30, 17.0))
    for name in ("token_length", "latency", "cost", "quality"):
        answer = fitted(CHECKS.get(name), drift(series[:48])).evaluate(series[-12:], alpha=ALPHA)
        assert answer.status == "ok", name
    grown = samples(hours(12, start=MONDAY + timedelta(hours=48)), lambda window: np.full(30, 34.0))
    assert (
        fitted(CHECKS.get("token_length"), drift(series[:48])).evaluate(grown, alpha=ALPHA).status == "breach"
    )
    assert fitted(CHECKS.get("latency"), drift(series[:48])).evaluate(grown, alpha=ALPHA).status == "breach"


def test_length_evidence_has_every_statistic_and_agrees_with_scipy() -> None:
    from scipy import stats

    series = traffic("lengths", seed=8)
    answer = outcomes("token_length", series)[-1]
    current = answer.evidence["current"]
    windows = answer.evidence["scale_windows"]
    rows = np.concatenate([s.rows[:, 0] for s in series[-windows:]])
    reference = np.concatenate([s.rows[:, 0] for s in series[:HISTORY]])
    assert current["mean"] == pytest.approx(rows.mean())
    # Five thousand of the reference's rows are kept; the statistics move by little.
    assert current["ks"] == pytest.approx(stats.ks_2samp(reference, rows).statistic, abs=0.03)
    assert current["wasserstein_tokens"] == pytest.approx(stats.wasserstein_distance(reference, rows), abs=4)
    assert current["psi"] >= 0


def skewed(factor: float, *, pool_rows: int = 200, windows: bool = True) -> Outcome:
    rng = np.random.default_rng(9)
    series = traffic("lengths", seed=10, cycle=0.4)[:HISTORY]
    pool = np.round(rng.lognormal(4.5, 0.5, size=pool_rows) * factor)[:, None]
    reference = Reference(
        kind="skew", name="golden", windows=tuple(series[: 96 if windows else 0]), pool=pool
    )
    return fitted(CHECKS.get("token_length"), reference).evaluate(series[-24:], alpha=ALPHA)


def test_skew_has_a_wide_margin_and_looks_at_a_day() -> None:
    same, little, much = skewed(1.0), skewed(1.15), skewed(0.45)
    assert (same.status, little.status, much.status) == ("ok", "ok", "breach")
    assert same.evidence["scale_windows"] == 24
    assert same.n_reference == 200


def test_little_knowledge_needs_a_larger_difference() -> None:
    """Without production history its wander is not known; of few rows the level is not."""
    known, blind, few = skewed(0.7), skewed(0.7, windows=False), skewed(0.7, pool_rows=50)
    assert known.threshold is not None
    assert blind.threshold is not None
    assert few.threshold is not None
    assert blind.threshold > known.threshold
    assert few.threshold > known.threshold


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_evidently_agrees_on_the_lengths() -> None:
    """Evidently's PSI, KS and Wasserstein of the same two columns."""
    import pandas as pd
    from evidently import Report
    from evidently.metrics import ValueDrift
    from scipy import stats

    rng = np.random.default_rng(12)
    reference = pd.DataFrame({"tokens": rng.lognormal(4.5, 0.5, size=2000)})
    current = pd.DataFrame({"tokens": rng.lognormal(4.8, 0.5, size=1500)})
    report = Report([ValueDrift(column="tokens", method=m) for m in ("ks", "wasserstein", "psi")])
    values = [float(m["value"]) for m in report.run(current, reference).dict()["metrics"]]
    x, y = reference["tokens"].to_numpy(), current["tokens"].to_numpy()
    assert values[0] == pytest.approx(stats.ks_2samp(x, y).pvalue, abs=1e-6)
    assert values[1] == pytest.approx(stats.wasserstein_distance(x, y) / x.std(), rel=0.02)
    from monitors.statistics.psi import psi

    # Evidently bins by width and not by deciles: the same size, not the same number.
    assert values[2] == pytest.approx(psi(x, y), rel=0.5)


def day_against(pool: Floats, level: float, rng: np.random.Generator) -> Outcome:
    """What skew of lengths says of a day of log-normal lengths when there was no day before."""
    reference = Reference(kind="skew", name="golden", windows=(), pool=pool[:, None])
    day = samples(hours(24), lambda _: rng.lognormal(level, 0.4, 40).round())
    return fitted(CHECKS.get("token_length"), reference).evaluate(day, alpha=ALPHA)


def test_without_history_a_day_far_from_the_evaluation_set_is_skew() -> None:
    """Two model versions of which one answers at half the length; and the same version twice."""
    rng = np.random.default_rng(8)
    pool = rng.lognormal(5.0, 0.4, size=500).round()
    assert day_against(pool, 5.0, rng).status == "ok"
    assert day_against(pool, 4.3, rng).status == "breach"


def test_without_history_skew_keeps_silent_about_calm_days() -> None:
    """Days wander by an eighth of a standard deviation."""
    rng = np.random.default_rng(9)
    pool = rng.lognormal(5.0, 0.4, size=500).round()
    for level in 5.0 + 0.4 * 0.125 * rng.standard_normal(10):
        assert day_against(pool, level, rng).status == "ok"
