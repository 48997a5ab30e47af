"""Shares of names, words and lengths: what is found, what stays silent, and what is said of it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check_traffic import ALPHA, MONDAY, drift, fitted, hours, samples, watch
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import Fitted, Reference, WindowSample

SIB = Path(__file__).resolve().parents[3] / "shared" / "data" / "sib200" / "sib200.csv.gz"
WEEK = 7 * 24
LATER = MONDAY + timedelta(days=8)
Draw = Callable[[np.random.Generator], NDArray[Any]]


def objects(values: Sequence[str]) -> NDArray[Any]:
    made = np.empty(len(values), dtype=object)
    made[:] = list(values)
    return made


def named(shares: dict[str, float], rows: int = 40) -> Draw:
    names, p = list(shares), np.array(list(shares.values()))
    return lambda rng: objects(list(rng.choice(names, size=rows, p=p / p.sum())))


def learnt(check: str, draw: Draw, *, seed: int = 0) -> Fitted:
    rng = np.random.default_rng(seed)
    return fitted(CHECKS.get(check), drift(samples(hours(WEEK), lambda window: draw(rng))))


def day(draw: Draw, *, later: int = 0) -> list[WindowSample]:
    """A day of its own: a window is worked out once in a fit."""
    rng = np.random.default_rng(later + 1)
    return samples(hours(24, start=LATER + timedelta(days=later)), lambda window: draw(rng))


def test_a_name_that_was_never_there_is_found_in_its_first_window() -> None:
    model = learnt("category_mix", named({"large": 0.7, "small": 0.3}))
    quiet, new = (
        day(named({"large": 0.7, "small": 0.3})),
        day(named({"large": 0.5, "small": 0.3, "next": 0.2})),
    )
    answer = model.evaluate([*quiet[:-1], new[-1]], alpha=ALPHA)
    assert answer.status == "breach"
    assert answer.reason.startswith("next (new): ")
    assert answer.evidence["name"] == "(new names)"
    assert {e["why"] for e in answer.evidence["examples"]} == {"next"}
    assert answer.evidence["change_point"]["at"] == new[-1].window.start.isoformat()
    assert answer.threshold is not None
    assert answer.value is not None
    assert answer.threshold <= answer.value


def test_a_share_that_falls_is_found_and_told_by_what_replaced_it() -> None:
    model = learnt("category_mix", named({"stop": 0.95, "length": 0.05}))
    outcomes = watch(model, day(named({"stop": 0.6, "length": 0.4})), 0)
    answer = next(o for o in outcomes if o.status == "breach")
    assert answer.effect == pytest.approx(0.35, abs=0.12)
    assert answer.value is not None
    assert answer.value == pytest.approx(0.4 if answer.evidence["name"] == "length" else 0.6, abs=0.15)
    assert {e["why"] for e in answer.evidence["examples"]} == {"length"}


def test_new_names_every_hour_are_no_news() -> None:
    """Versions by date, ids: where every hour brings a name, one more is as usual."""

    def changing(rng: np.random.Generator) -> NDArray[Any]:
        build = f"build-{rng.integers(1 << 40)}"
        return objects(list(rng.choice([build, "stable"], size=40, p=[0.3, 0.7])))

    model = learnt("category_mix", changing)
    assert {o.status for o in watch(model, day(changing), 4)} == {"ok"}


def test_a_sure_change_below_the_margin_is_no_breach() -> None:
    rows = 800
    model = learnt("category_mix", named({"a": 0.5, "b": 0.5}, rows))
    answer = model.evaluate(day(named({"a": 0.53, "b": 0.47}, rows)), alpha=0.01)
    assert answer.status == "ok"
    assert answer.p_value is not None
    assert "certain, but less than the 5%" in answer.reason or answer.p_value > 0.01


def sentences(lang: str) -> list[dict[str, str]]:
    if not SIB.is_file():
        pytest.skip("../shared/data/sib200 is not here")
    with gzip.open(SIB, "rt", encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["lang"] == lang]


def told(rows: Sequence[dict[str, str]]) -> list[str]:
    pytest.importorskip("py3langid", reason="languages need the package py3langid")
    from monitors.statistics.languages import language_of

    return [language_of(row["text"]) for row in rows]


def mixed(parts: Sequence[tuple[list[str], float]], rows: int = 64) -> Draw:
    """Languages as they are told of texts, from each part with its share."""

    def draw(rng: np.random.Generator) -> NDArray[Any]:
        which = rng.choice(len(parts), size=rows, p=[share for _, share in parts])
        return objects([parts[w][0][rng.integers(len(parts[w][0]))] for w in which])

    return draw


def test_topics_do_not_move_languages_and_a_tenth_of_another_language_does() -> None:
    english, spanish = sentences("eng_Latn"), sentences("spa_Latn")
    usual = told([r for r in english if r["topic"] not in ("science/technology", "health")])
    topic = told([r for r in english if r["topic"] in ("science/technology", "health")])
    other = told(spanish)
    quiet = mixed([(usual, 0.95), (other, 0.05)])
    model = learnt("language_mix", quiet)
    assert {o.status for o in watch(model, day(quiet), 0)} == {"ok"}
    # All of the English questions change their topic; nobody changes their language.
    outcomes = watch(model, day(mixed([(topic, 0.95), (other, 0.05)])), 0)
    assert {o.status for o in outcomes} == {"ok"}
    assert min(o.p_value for o in outcomes if o.p_value is not None) > 1e-3
    # A tenth of the questions comes in Spanish, beside the twentieth that always did.
    found = watch(model, day(mixed([(usual, 0.85), (other, 0.15)])), 0)
    assert any(o.status == "breach" for o in found)
    said = next(o for o in found if o.status == "breach")
    assert said.evidence["name"] in ("es", "en")
    # A language that was never there is found within an hour or two.
    german = watch(model, day(mixed([(usual, 0.85), (other, 0.05), (told(sentences("deu_Latn")), 0.1)])), 0)
    first = next(i for i, o in enumerate(german) if o.status == "breach")
    assert first <= 3
    assert german[first].reason.startswith("de (new)")


COMMON = [f"common{i}" for i in range(60)]


def spoken(topics: int, *, new: float = 0.0, rows: int = 40) -> Draw:
    """Texts of ten words: most of everybody's, the rest of their topic's."""

    def one(rng: np.random.Generator) -> str:
        topic = topics if rng.random() < new else int(rng.integers(topics))
        own = [f"topic{topic}word{i}" for i in rng.integers(0, 12, size=3)]
        return " ".join([*rng.choice(COMMON, size=7), *own])

    return lambda rng: objects([one(rng) for _ in range(rows)])


@pytest.mark.parametrize("name", ["vocabulary", "new_terms", "oov_share"])
def test_words_of_a_new_topic_are_found_and_named(name: str) -> None:
    model = learnt(name, spoken(6))
    quiet = watch(model, day(spoken(6)), 0)
    assert {o.status for o in quiet} == {"ok"}
    changed = day(spoken(6, new=0.3), later=1)
    answer = model.evaluate(changed, alpha=ALPHA)
    assert answer.status == "breach", answer.reason
    best = answer.evidence["examples"][0]
    index = int(best["span_id"].removeprefix("s"))
    window = next(w for w in changed if f"{best['trace_id']}/{best['span_id']}" in w.keys)
    assert "topic6word" in window.rows[index, 0]
    if name != "oov_share":
        assert {t["term"][:10] for t in answer.evidence["terms"]["new"][:5]} == {"topic6word"}
    assert answer.evidence["detectable"]["rows"] == answer.n_sampled


def test_a_word_of_one_hour_is_over_after_it() -> None:
    model = learnt("new_terms", spoken(6))
    series = day(spoken(6))
    burst = day(spoken(6, new=0.5))
    series[12] = replace(burst[12], window=series[12].window, keys=series[12].keys)
    outcomes = watch(model, series, 11)
    assert outcomes[1].status == "breach"
    assert {o.status for o in outcomes[4:]} == {"ok"}


@pytest.mark.parametrize("name", [n for n in CHECKS.names() if n.startswith("length_")])
def test_lengths_that_double_for_some_are_found_in_both_kinds_of_reference(name: str) -> None:
    rng = np.random.default_rng(2)
    usual = samples(hours(WEEK), lambda window: np.rint(rng.lognormal(4, 0.5, size=40)))
    longer = samples(hours(24, start=LATER), lambda window: np.rint(rng.lognormal(4.9, 0.5, size=40)))
    same = samples(hours(24, start=LATER), lambda window: np.rint(rng.lognormal(4, 0.5, size=40)))
    check = CHECKS.get(name)
    model = fitted(check, drift(usual))
    assert {o.status for o in watch(model, same, 0)} == {"ok"}
    answer = model.evaluate(longer[:4], alpha=ALPHA)
    assert answer.status == "breach", answer.reason
    assert answer.effect == pytest.approx(np.exp(0.9), rel=0.2)
    pool = np.rint(rng.lognormal(4, 0.5, size=(300, 1)))
    skew = fitted(check, Reference(kind="skew", name="golden", windows=tuple(usual), pool=pool))
    assert skew.evaluate(same, alpha=5e-3).status == "ok"
    assert skew.evaluate(longer, alpha=5e-3).status == "breach"
