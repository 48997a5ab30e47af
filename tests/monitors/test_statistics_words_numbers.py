"""Distances of lengths, log-odds of words, refusals and languages, against other people's figures."""

from __future__ import annotations

import csv
import gzip
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from collectors.errors import ConfigError
from monitors.checks._names import fewer, lowest
from monitors.checks._past_blocks import PastBlocks, Usual, predictive
from monitors.checks.length_anderson_darling import per_row
from monitors.explain_terms import contrast, words
from monitors.noise_rates import RateModel
from monitors.statistics.log_odds import log_odds
from monitors.statistics.number_distances import (
    anderson_darling,
    jensen_shannon,
    js_distance,
    ks_distance,
    quantile_shift,
)
from monitors.statistics.refusals import is_refusal

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"../shared/data/{name} is not here")
    return path


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shared("drift_oracle.json").read_text("utf-8"))
    return loaded


def d3() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20240601)
    x, y = rng.standard_normal((60, 5)), rng.standard_normal((50, 5)) + 0.3
    return x[:, 0], y[:, 0]


def tied(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts with many ties, as tokens are."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 9, 60).astype(float), rng.integers(2, 9, 25).astype(float)


def test_the_reference_values(oracle: dict[str, Any]) -> None:
    x, y = d3()
    told = oracle["univariate_D3"]
    assert ks_distance(np.sort(x), y) == pytest.approx(told["ks"], abs=1e-12)
    # Equal shares of x in ten bins, as the reference values have them.
    edges = np.quantile(x, np.arange(1, 10) / 10)
    assert js_distance(x, y, edges=edges) == pytest.approx(told["js_distance_base2 (same bins)"], rel=1e-9)
    p, q = np.array(told["bin_counts_x"], float), np.array(told["bin_counts_y"], float)
    assert jensen_shannon(p, q) ** 0.5 == pytest.approx(told["js_distance_base2 (same bins)"], rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_ks_and_jensen_shannon_are_scipys(seed: int) -> None:
    for x, y in (tied(seed), (np.random.default_rng(seed).normal(size=40), np.arange(7.0) / 3)):
        assert ks_distance(np.sort(x), y) == pytest.approx(stats.ks_2samp(x, y).statistic, abs=1e-12)
        p, q = np.bincount(x.astype(int) + 9, minlength=20), np.bincount(y.astype(int) + 9, minlength=20)
        assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_anderson_darling_is_scipys(seed: int) -> None:
    """SciPy gives (A^2 - 1) / s with the s of Scholz and Stephens, which follows the sample sizes alone."""
    for x, y in (tied(seed), (np.random.default_rng(seed).normal(size=30), np.arange(12.0) / 5)):
        n, m = len(x), len(y)
        total = n + m
        h = (1.0 / np.arange(1, total)).sum()
        g = sum(1.0 / ((total - i) * j) for i in range(1, total - 1) for j in range(i + 1, total))
        inverse = 1.0 / n + 1.0 / m
        a = (4 * g - 6) + (10 - 6 * g) * inverse
        b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
        c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h
        d = (2 * h + 6) * 4 - 8 * h
        variance = (a * total**3 + b * total**2 + c * total + d) / ((total - 1) * (total - 2) * (total - 3))
        # SciPy warns where its p-value leaves its table; the statistic is what is compared.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = float(stats.anderson_ksamp([x, y]).statistic)
        assert (anderson_darling(x, y) - 1.0) / variance**0.5 == pytest.approx(expected, rel=1e-9)


def test_distances_of_nothing_and_of_constants() -> None:
    nothing, x = np.empty(0), np.arange(4.0)
    for distance in (ks_distance, js_distance, anderson_darling, quantile_shift):
        assert np.isnan(distance(nothing, x))
        assert np.isnan(distance(x, nothing))
        assert distance(np.full(9, 3.0), np.full(5, 3.0)) == 0.0
    assert quantile_shift(np.full(9, 3.0), np.full(5, 6.0)) == 1.0
    # The size of the samples is no part of it: 400 rows twice over are as far as 200.
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=4000), rng.normal(0.5, size=4000)
    assert per_row(a[:2000], b[:2000]) == pytest.approx(per_row(a, b), rel=0.1)


def test_log_odds_are_the_reference_values(oracle: dict[str, Any]) -> None:
    told = oracle["fightin_words_D4_prior10_pooled"]
    names = sorted(told)
    reference = {"refund": 40, "password": 35, "invoice": 25, "hello": 100}
    window = {"refund": 22, "password": 12, "crash": 18, "hello": 48}
    now = np.array([float(window.get(n, 0)) for n in names])
    before = np.array([float(reference.get(n, 0)) for n in names])
    odds, z = log_odds(now, before, 10.0 * (now + before) / (now + before).sum())
    assert odds == pytest.approx([told[n]["delta"] for n in names], rel=1e-9)
    assert z == pytest.approx([told[n]["z"] for n in names], rel=1e-9)


def test_explanations_and_checks_share_the_log_odds() -> None:
    new, lost = contrast(Counter({"crash": 30, "the": 60}), Counter({"refund": 40, "the": 70}))
    assert [t.term for t in new] == ["crash"]
    assert [t.term for t in lost] == ["refund"]
    odds, z = log_odds(np.array([30.0, 0.0, 60.0]), np.array([0.0, 40.0, 70.0]), np.array([3.0, 4.0, 13.0]))
    assert (new[0].odds, new[0].z) == pytest.approx((odds[0], z[0]), rel=1e-12)


def test_scripts_without_spaces_have_words_too() -> None:
    assert words("退款问题 refund") == {"退款", "款问", "问题", "refund"}
    assert words("ขอเงิน") == {"ขอ", "อเ", "เง", "งิ", "ิน"}
    assert words("Straße don't 42") == {"straße", "don't"}


def test_the_lower_tail_of_a_rate_is_the_binomials() -> None:
    model = RateModel(
        chances=np.array([0.3, 0.7]), rates=np.array([0.2, 0.4]), rate=0.34, events=34, rows=100
    )
    for events in (0, 3, 9, 29, 30):
        expected = 0.3 * stats.binom.cdf(events, 30, 0.2) + 0.7 * stats.binom.cdf(events, 30, 0.4)
        assert fewer(model, events, 30) == pytest.approx(expected, rel=1e-9)
    least = lowest(model, 0.01, 30)
    assert fewer(model, least, 30) <= 0.01 < fewer(model, least + 1, 30)
    assert lowest(model, 1e-9, 30) == -1


def test_a_critical_distance_has_its_own_p() -> None:
    for floor in (0.0, 0.3):
        usual = Usual(rows=40, level=0.1, mean=0.63, sd=0.05, df=12.0, power=0.2, blocks=40, floor=floor)
        for p in (0.05, 1e-3, 1e-6):
            assert usual.p_value(usual.critical(p)) == pytest.approx(p, rel=1e-6)


def test_the_prediction_of_one_more_day_holds_its_level() -> None:
    """A random effect of the day: textbook t over all blocks as independent would have 22 % below .05."""
    rng = np.random.default_rng(5)
    days = np.repeat(np.arange(7), 12)
    ps, naive = [], []
    for _ in range(3000):
        values = rng.normal(size=7)[days] * 0.8 + rng.normal(size=84)
        new = rng.normal() * 0.8 + rng.normal()
        mean, sd, df = predictive(values, days)
        ps.append(stats.t.sf((new - mean) / sd, df))
        naive.append(stats.t.sf((new - values.mean()) / (values.std(ddof=1) / 84**0.5), 83))
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(np.array(ps) < 0.01) == pytest.approx(0.01, abs=0.006)
    assert np.mean(np.array(naive) < 0.05) > 0.2


def test_refusals_agree_with_people() -> None:
    """Answers of three models that people called compliance or refusal; partial ones are left out."""
    found: Counter[tuple[bool, bool]] = Counter()
    with gzip.open(shared("xstest/xstest.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["completion"] and not row["human"].startswith("3"):
                found[row["human"].startswith("2"), is_refusal(row["completion"])] += 1
    assert found[True, True] / (found[True, True] + found[True, False]) > 0.85
    assert found[False, True] / (found[False, True] + found[False, False]) < 0.03


@pytest.mark.parametrize(
    "text",
    [
        "Lo siento, pero no puedo ayudarte con esa solicitud.",
        "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
        "Je suis désolé, mais je ne peux pas répondre à cette question.",
        "Desculpe, mas não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Het spijt me, maar daar kan ik je niet mee helpen.",
        "Przykro mi, ale nie mogę pomóc w tej sprawie.",
        "Извините, но я не могу помочь с этим запросом.",  # noqa: RUF001
        "抱歉，我无法协助处理该请求。",  # noqa: RUF001
        "申し訳ありませんが、そのご依頼にはお応えできません。",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
        "I\u2019m sorry, but I can\u2019t assist with that.",
    ],
)
def test_refusals_in_twelve_languages(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "You cannot cancel after 30 days, but you can change the plan in the app.",
        "Sorry for the wait! Your router was shipped this morning.",
        "No puedes cancelar después de 30 días; el cambio se hace en la aplicación.",
        "Sie können den Vertrag nicht vor Ablauf kündigen.",
        "Vous ne pouvez pas résilier avant la fin du mois.",
        "您不能在三十天后取消订单。",
        "",
    ],
)
def test_what_customers_may_not_do_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


def sentences() -> dict[str, list[dict[str, str]]]:
    """sib200 by language."""
    found: dict[str, list[dict[str, str]]] = {}
    with gzip.open(shared("sib200/sib200.csv.gz"), "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["lang"], []).append(row)
    return found


def test_languages_are_told() -> None:
    pytest.importorskip("py3langid", reason="languages need the package py3langid")
    from monitors.statistics.languages import language_of

    codes = {"eng": "en", "spa": "es", "fra": "fr", "deu": "de", "por": "pt", "zho": "zh"}
    for lang, some in sentences().items():
        right = [language_of(row["text"]) == codes[lang[:3]] for row in some[:200]]
        assert np.mean(right) >= 0.99, lang
    assert {language_of(t) for t in ("ok", "12345", "SELECT * FROM t WHERE a=1;", "{}")} == {"unknown"}


def test_without_the_package_the_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitors.statistics import languages

    def gone(name: str) -> None:
        raise ModuleNotFoundError(name)

    languages._identifier.cache_clear()
    monkeypatch.setattr(languages.importlib, "import_module", gone)
    with pytest.raises(ConfigError, match="pip install py3langid, or switch off"):
        languages.language_of("a text that nobody has asked about before")
    languages._identifier.cache_clear()


def test_past_blocks_need_four_of_a_size() -> None:
    from check_traffic import drift, hours, samples

    from monitors.checks.length_ks import CHECK

    rng = np.random.default_rng(1)
    reference = drift(samples(hours(168), lambda window: rng.lognormal(size=30)))
    rows = np.concatenate([w.rows[:, 0] for w in reference.windows])
    blocks = PastBlocks(reference, rows, CHECK.distance, seed=0)
    assert blocks.rows == 5040
    assert blocks.usual(1440, 48) is None
    narrow, wide = blocks.usual(60, 2), blocks.usual(240, 8)
    assert narrow is not None
    assert wide is not None
    # A distance of equal distributions falls with the square root of the rows.
    assert wide.level == pytest.approx(narrow.level * (narrow.rows / wide.rows) ** 0.5, rel=0.25)
