"""What every check must do; a new file in monitors/checks joins by being there."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from check_plugins import documented_example
from check_traffic import ALPHA, MONDAY, drift, fitted, hours, sample, samples, texts, topics
from numpy.typing import NDArray

from collectors.errors import ConfigError
from monitors.checks import CHECKS
from monitors.checks._signs import SignCheck
from monitors.checks.base import Check, CheckSettings, NotReady, Reference, WindowSample, applies
from monitors.result import Concern, ReferenceKind, Window
from monitors.streams import OPTIONAL_FIELDS, verdict_row

# The documented example joins, and so do files that somebody wants to be tested.
OWN = [Path(f) for f in os.environ.get("CHAINWATCH_CHECKS", "").split(os.pathsep) if f]
CHECKS.use([documented_example(), *OWN])
ALL: dict[str, Check] = dict(CHECKS.all())
CHECKS.use([])
NAMES = sorted(ALL)
FIELDS = ("input_text", "output_text", "input_tokens", "output_tokens", "duration_s", "time_to_first_token_s")
FIELDS += ("status", "cost_usd", "quality.groundedness", *OPTIONAL_FIELDS)
FIELDS += ("safety.personal_data", "safety.secrets", "safety.prompt_attack", "evidently.word_count")
# An array: `choice` would turn a list into one at every draw.
WORDS = np.array([f"{a}{b}" for a in "bdfgklmnprst" for b in ("ade", "ile", "one", "ule")])
CENTRES = topics(0, 6)


def verdicts(rng: np.random.Generator, count: int) -> NDArray[Any]:
    """A judge that is right in four cases of five."""
    people = rng.integers(0, 4, size=count)
    judge = np.where(rng.random(count) < 0.8, people, rng.integers(0, 4, size=count))
    made = np.empty(count, dtype=object)
    made[:] = [verdict_row("llm/ok", "people", str(a), str(b)) for a, b in zip(judge, people, strict=True)]
    return made


SHARES = frozenset(
    {"error_rate", "feedback", "retries", "abandoned", "personal_data", "secrets", "prompt_attack"}
)


def rows_of(check: Check, rng: np.random.Generator, count: int) -> NDArray[Any]:
    if check.data == "embedding":
        return texts(rng, CENTRES, rng.integers(0, 5, size=count))
    if check.data == "text":
        made = np.empty(count, dtype=object)
        made[:] = [" ".join(rng.choice(WORDS, size=int(rng.integers(4, 12)))) for _ in range(count)]
        return made
    if check.data == "category":
        names = ["answered", "refused"] if check.name == "refusal_rate" else ["large", "small", "tiny"]
        weights = [0.97, 0.03] if check.name == "refusal_rate" else [0.6, 0.35, 0.05]
        drawn = rng.choice(names, size=count, p=weights).astype(object)
        return verdicts(rng, count) if check.name == "judge_agreement" else drawn
    if check.name in SHARES:
        return (rng.random(count) < 0.02).astype(float)
    if check.name == "quality":
        return np.clip(rng.normal(2.2, 0.4, size=count), 0.0, 3.0)
    return rng.lognormal(0.0, 0.5, size=count)


def history(check: Check, count: int, *, each: int = 30, seed: int = 0) -> list[WindowSample]:
    rng = np.random.default_rng(seed)
    return samples(hours(count), lambda window: rows_of(check, rng, each))


@pytest.fixture(params=NAMES)
def check(request: pytest.FixtureRequest) -> Check:
    return ALL[request.param]


def test_every_field_has_a_check_and_helpers_are_none() -> None:
    assert {"embedding_distance", "mmd", "energy_distance", "token_length", "latency", "cost"} <= set(NAMES)
    assert {"time_to_first_token", "error_rate", "quality"} <= set(NAMES)
    assert not {"base", "_numbers", "_vectors"} & set(NAMES)
    for field in FIELDS:
        assert any(applies(check, field) for check in ALL.values()), field
    with pytest.raises(ConfigError, match="latency"):
        CHECKS.get("latencies")


def test_what_runs_without_being_asked_for_shares_the_promise_and_the_time() -> None:
    asked = {name for name in NAMES if ALL[name].default_on}
    of_grades = {"quality", "judge_agreement", "evidently_score", "feedback"}
    of_numbers = {"token_length", "latency", "time_to_first_token", "cost", "error_rate"}
    assert asked - of_grades == of_numbers | {"embedding_distance", "mmd", "new_topic"}


def test_it_says_what_it_is(check: Check) -> None:
    assert check.name in NAMES
    assert check.title
    assert check.kinds
    assert set(check.kinds) <= set(get_args(ReferenceKind))
    for field in FIELDS:
        if applies(check, field):
            assert check.concern(field) in get_args(Concern)


def test_a_short_reference_is_not_ready_and_says_when(check: Check) -> None:
    answer = check.fit(drift(history(check, 10)), settings=CheckSettings(), seed=0)
    assert isinstance(answer, NotReady)
    least = 60 if isinstance(check, SignCheck) else 200
    assert f"10 windows with 300 rows; 24 windows and {least} rows are needed" in answer.reason
    assert "2026-03-03 00:00 UTC" in answer.reason
    assert isinstance(check.fit(drift([]), settings=CheckSettings(), seed=0), NotReady)


def test_settings_let_a_short_reference_do(check: Check) -> None:
    settings = CheckSettings(min_reference_windows=8)
    model = fitted(check, drift(history(check, 10)), settings)
    assert model.evaluate(history(check, 10)[-4:], alpha=ALPHA).status == "ok"


def test_a_small_evaluation_set_is_not_ready(check: Check) -> None:
    if "skew" not in check.kinds:
        pytest.skip("has no skew")
    rows = rows_of(check, np.random.default_rng(0), 20)
    pool = rows if rows.ndim == 2 else rows[:, None]
    reference = Reference(kind="skew", name="golden", windows=(), pool=pool)
    answer = check.fit(reference, settings=CheckSettings(), seed=0)
    assert isinstance(answer, NotReady)
    assert "golden has 20 rows; 50 are needed" in answer.reason


def test_no_data_is_never_zero_and_never_ok(check: Check) -> None:
    model = fitted(check, drift(history(check, 48)))
    width = CENTRES.shape[1] if check.data == "embedding" else 1
    none = np.empty((0, width), dtype=np.float32)
    last = hours(1, start=MONDAY + timedelta(hours=48))[0]
    empty = WindowSample(window=last, n=0, rows=none, keys=())
    answer = model.evaluate([*history(check, 48)[-3:], empty], alpha=ALPHA)
    assert (answer.status, answer.value, answer.p_value) == ("no_data", None, None)
    assert answer.reason == "no requests in this window"
    absent = WindowSample(window=last, n=12, rows=none, keys=())
    assert "none of the 12 requests has this field" in model.evaluate([absent], alpha=ALPHA).reason
    few = sample(last, rows_of(check, np.random.default_rng(0), 5))
    answer = model.evaluate([empty, few], alpha=ALPHA)
    assert answer.status == "no_data"
    assert "5 rows in the last 2 windows; 20 are needed" in answer.reason
    assert model.evaluate([], alpha=ALPHA).status == "no_data"


def test_an_answer_is_whole_and_repeatable(check: Check) -> None:
    series = history(check, 80, seed=3)
    once = fitted(check, drift(series[:56])).evaluate(series[-24:], alpha=ALPHA)
    again = fitted(check, drift(series[:56])).evaluate(series[-24:], alpha=ALPHA)
    assert once == again
    assert once.status == "ok"
    assert once.value is not None
    assert once.threshold is not None
    assert once.p_value is not None
    assert 0.0 < once.p_value <= 1.0
    assert once.unit
    assert once.effect_unit
    assert once.n_reference == 56 * 30
    assert once.n_sampled is not None
    assert once.n_current is not None
    assert {"current", "reference", "scale_windows", "sampled", "noise"} <= set(once.evidence)
    assert "change_point" not in once.evidence


def test_the_promise_is_divided_by_the_check(check: Check) -> None:
    """Fewer lengths, smaller p-value: the division is by the check's own number of tests."""
    series = history(check, 80, seed=5)
    narrow = fitted(check, drift(series[:56]), CheckSettings(scales=(1,)))
    wide = fitted(check, drift(series[:56]), CheckSettings(scales=(1, 2, 4, 8, 24)))
    alone, among = narrow.evaluate(series[-24:], alpha=ALPHA), wide.evaluate(series[-24:], alpha=ALPHA)
    assert alone.evidence["scale_windows"] == 1
    assert alone.p_value is not None
    assert among.p_value is not None
    assert among.p_value <= min(1.0, 5 * alone.p_value) * (1 + 1e-9)


def test_sampled_rows_and_requests_are_told_apart(check: Check) -> None:
    series = history(check, 60)
    grown = WindowSample(window=series[-1].window, n=500, rows=series[-1].rows, keys=series[-1].keys)
    answer = fitted(check, drift(series[:48]), CheckSettings(scales=(1,))).evaluate([grown], alpha=ALPHA)
    assert (answer.n_current, answer.n_sampled) == (500, 30)


@pytest.mark.parametrize("bad", [(), (0, 1), (2, 1), (1, 1)])
def test_scales_must_make_sense(bad: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="scales"):
        CheckSettings(scales=bad)


def test_windows_need_not_be_hours(check: Check) -> None:
    windows = [
        Window(start=MONDAY + i * timedelta(minutes=15), end=MONDAY + (i + 1) * timedelta(minutes=15))
        for i in range(40)
    ]
    rng = np.random.default_rng(1)
    series = samples(windows, lambda window: rows_of(check, rng, 100))
    model = fitted(check, drift(series[:16]), CheckSettings(min_reference_windows=8))
    assert model.evaluate(series[16:], alpha=ALPHA).status == "ok"
