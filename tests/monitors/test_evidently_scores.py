"""Evidently's descriptors as scorers: what may be named, what is scored, and a whole pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import tiny_encoder
from empty_warehouse import empty_warehouse
from judge_support import judged
from run_world import HOUR, START, only, rows, store, traffic

from collectors.config import parse
from collectors.context import Context
from collectors.errors import ConfigError
from collectors.home import Home
from monitors.evidently_config import OPTIONS, EvidentlyConfig, EvidentlyScorer
from monitors.evidently_scores import EvidentlyScores, described, version_of
from monitors.runner import run_pass

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GIVEN = {
    "BeginsWith": {"prefix": "See"},
    "EndsWith": {"suffix": "."},
    "Contains": {"items": ["https"]},
    "DoesNotContain": {"items": ["https"]},
    "RegExp": {"reg_exp": "[0-9]{2}"},
}
TEXT = "See https://example.org for all 12 tariffs. It is short."
# By hand; what a word is, and a letter, is Evidently's own business.
EXPECTED = {
    "TextLength": 56.0,
    "SentenceCount": 2.0,
    "ContainsLink": 1.0,
    "IsValidJSON": 0.0,
    "BeginsWith": 1.0,
    "EndsWith": 1.0,
    "Contains": 1.0,
    "DoesNotContain": 0.0,
    "RegExp": 1.0,
}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_choice_works_without_network(name: str) -> None:
    scorer = EvidentlyScorer(descriptor=name, options=GIVEN.get(name, {}))
    (value,) = described(scorer, [TEXT])
    assert isinstance(value, float)
    if name in EXPECTED:
        assert value == EXPECTED[name]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('descriptor = "Sentiment"', "Sentiment.*downloads; choose one of: BeginsWith"),
        ('descriptor = "TextLenght"', "TextLenght.*no descriptor of one text; choose one of"),
        ('descriptor = "Contains"', "Contains needs options.items"),
        (
            'descriptor = "Contains"\noptions = {items = []}',
            r"options.items = \[\]: has to be a list",
        ),
        ('descriptor = "Contains"\noptions = {item = ["a"]}', "no option of Contains; choose one of: case_s"),
        (
            'descriptor = "Contains"\noptions = {items = ["a"], mode = "x"}',
            "mode = 'x': choose one of: any",
        ),
        ('descriptor = "RegExp"\noptions = {reg_exp = "("}', r"reg_exp = '\(': missing \)"),
        ('descriptor = "WordCount"\ntext = "both"', "text = 'both'.*answer"),
        ('descriptor = "WordCount"\nname = "No Name"', "name = 'No Name'"),
    ],
)
def test_a_mistake_is_told_with_key_value_and_choices(table: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        parse(f"[[evidently.scorers]]\n{table}\n", "chainwatch.toml")
    assert "chainwatch.toml: evidently.scorers.0" in str(caught.value)


def test_two_scorers_have_two_names() -> None:
    with pytest.raises(ConfigError, match="two scorers are called 'word_count'"):
        parse('[[evidently.scorers]]\ndescriptor = "WordCount"\n' * 2, "chainwatch.toml")


def test_what_has_no_text_is_unscored_and_a_failure_costs_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitors import evidently_scores

    def failing(scorer: EvidentlyScorer, texts: list[str]) -> list[float]:
        if "bad" in texts:
            raise ZeroDivisionError("division by zero")
        return [float(len(t)) for t in texts]

    monkeypatch.setattr(evidently_scores, "_column", failing)
    config = EvidentlyConfig(scorers=(EvidentlyScorer(descriptor="TextLength"),))
    spans = [judged(answer=text) for text in ("good", "bad", " ", "fine!")]
    grades = EvidentlyScores(config).grade_at(spans, now=NOW, run_id=None)
    assert [(g.score, g.reason) for g in grades] == [
        (4.0, None), (None, "Evidently: ZeroDivisionError"), (None, "no answer"), (5.0, None),
    ]  # fmt: skip
    assert {(g.judge, g.criterion, g.rubric) for g in grades} == {("evidently", "text_length", "TextLength")}


def test_other_options_are_another_version() -> None:
    one, other = (EvidentlyScorer(descriptor="EndsWith", options={"suffix": s}) for s in "ab")
    assert version_of(one) != version_of(other)


def test_a_descriptor_is_a_series_with_a_monitor(home: Home) -> None:
    tiny_encoder.install(home)
    text = only("evidently_score").replace("window = 8", "window = 32")
    text += '[[evidently.scorers]]\ndescriptor = "SentenceCount"\n'
    context = Context(home=home, config=parse(text, "chainwatch.toml"), clock=lambda: START + 60 * HOUR)
    empty_warehouse(home.warehouse)
    late = START + 30 * HOUR
    store(
        context,
        [
            replace(s, output_text="Yes. That is so. And more. Much more. Read on.")
            if s.started_at >= late and s.component == "generator"
            else s
            for s in traffic(range(33), a_window=30)
        ],
    )
    assert run_pass(context, now=START + 33 * HOUR + timedelta(minutes=6)).errors == 0
    found = rows(context, "SELECT DISTINCT component, field, check_name FROM results WHERE status = 'breach'")
    assert found == [
        {"component": "generator", "field": "evidently.sentence_count", "check_name": "evidently_score"}
    ]
