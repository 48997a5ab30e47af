"""Rules in chainwatch.toml: what they may say, and errors that name file, key, value and the choices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alerting_world import result

from collectors.config import parse
from collectors.errors import ConfigError
from monitors.alerting.config import AlertsConfig
from monitors.alerting.handling import handling_of

SLO = '[[alerts.slo]]\nname = "a"\nof = "errors"\nobjective = 0.99\n'
THRESHOLD = '[[alerts.threshold]]\nname = "a"\nfield = "duration_s"\nabove = 3\n'


def settings(text: str) -> AlertsConfig:
    return parse(text, "chainwatch.toml").section("alerts", AlertsConfig)


WRONG = {
    "a key": (
        SLO + "objectve = 1\n",
        "unknown key 'alerts.slo.0.objectve'; choose one of: burn, by, field, for",
    ),
    "a value": (THRESHOLD + 'statistic = "p96"\n', "alerts.threshold.0.statistic = 'p96'.*'p95'"),
    "a field": (
        THRESHOLD.replace("duration_s", "duration"),
        "alerts.threshold.0.field = 'duration'.*choose one of: duration_s, .*quality.CRITERION",
    ),
    "a label to match": (SLO + 'match = {compnent = "x"}\n', "'compnent'; choose one of: chain, component"),
    "a label to count by": (SLO + 'by = ["version"]\n', "'version'; choose one of: component_version"),
    "a value that never comes": (
        '[[alerts.evidence]]\nname = "a"\nmatch = {concern = "speed"}\n',
        "concern = 'speed' matches nothing; choose one of: input, output, latency",
    ),
    "a duration": (SLO + 'for = "soon"\n', "alerts.slo.0.for = 'soon'.*write a number and a unit"),
    "a severity": (THRESHOLD + 'severity = "high"\n', "severity = 'high'.*'page' or 'ticket'"),
    "a runbook": (
        SLO + 'runbook = "javascript:alert(1)"\n',
        "runbook = .*must be a link that begins with https",
    ),
    "both sides": (THRESHOLD + "below = 1\n", "the rule 'a' needs one of: above, below"),
    "no threshold of latency": (
        SLO.replace("errors", "latency"),
        "an objective for latency needs a threshold",
    ),
    "a threshold of errors": (SLO + "threshold = 1\n", "an objective for errors has no threshold"),
    "what can never fire": (
        SLO.replace("0.99", "0.5")
        + 'burn = [{long = "1h", short = "5m", budget = 0.1, severity = "page"}]\n',
        "the rule 'a' can never fire",
    ),
    "windows the wrong way round": (
        SLO + 'burn = [{long = "5m", short = "1h", budget = 0.1, severity = "page"}]\n',
        "short must not be longer than long",
    ),
    "two of one name": (SLO + THRESHOLD, "two rules are called 'a'"),
    "a built-in name": (SLO.replace('"a"', '"no data"'), "two rules are called 'no data'"),
    "an inhibition": (
        '[[notify.inhibit]]\nname = "a"\nsource = {cause = "errors"}\ntarget = {cause = "cost"}\n'
        'equal = ["team"]\n',
        "notify.inhibit.0.equal.*unknown label 'team'; choose one of: chain",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_named_with_file_key_and_choices(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse(text, "chainwatch.toml")
    assert str(caught.value).startswith("chainwatch.toml: ")


def test_without_rules_all_is_as_alerts_says() -> None:
    handling = handling_of(AlertsConfig(), result("generator", "duration_s", 3))
    assert (handling.rule, handling.for_windows, handling.keep_firing_windows) == (None, 1, 3)
    assert handling.severity == "page"
    assert handling_of(AlertsConfig(), result("generator", "output_text", 3)).severity == "ticket"


def test_the_first_rule_that_matches_decides() -> None:
    said = settings("""
        [alerts]
        for_windows = {latency = 5}
        [[alerts.evidence]]
        name = "generator"
        match = {component = "gen*", concern = "latency"}
        for = "90m"
        keep_firing_for = "4h"
        severity = "ticket"
        owner = "llm team"
        runbook = "https://wiki.example/slow"
        [[alerts.evidence]]
        name = "rest"
        match = {concern = "latency"}
        for = "0s"
        """)
    first = handling_of(said, result("generator", "duration_s", 3))
    assert (first.rule, first.for_windows, first.keep_firing_windows) == ("generator", 2, 4)
    assert (first.severity, first.owner, first.runbook) == ("ticket", "llm team", "https://wiki.example/slow")
    rest = handling_of(said, result("retriever", "duration_s", 3))
    assert (rest.rule, rest.for_windows, rest.keep_firing_windows, rest.severity) == ("rest", 1, 3, "page")
    assert handling_of(said, result("retriever", "output_text", 3)).rule is None


def test_the_burn_rates_are_those_of_the_workbook() -> None:
    """Table 5-8 of the Site Reliability Workbook: 14.4, 6 and 1 for 2 %, 5 % and 10 % of 30 days."""
    [rule] = settings(SLO).slo
    assert [(round(rule.rate(b), 9), b.severity) for b in rule.burn] == [
        (14.4, "page"),
        (6, "page"),
        (1, "ticket"),
    ]
    assert [b.short / b.long for b in rule.burn] == [1 / 12, 1 / 12, 1 / 12]
    assert rule.period == timedelta(days=30)
