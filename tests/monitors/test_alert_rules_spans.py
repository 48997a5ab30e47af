"""Thresholds and error budgets counted from spans, against sums by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.config import parse
from collectors.model import Span
from collectors.warehouse import Warehouse
from collectors.warehouse.store import insert, insert_spans
from monitors.alerting.config import AlertsConfig
from monitors.alerting.rules.applied import AppliedRules
from monitors.result import Result, Window

T0 = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(hour: int) -> Window:
    """The window [hour, hour + 1)."""
    return Window(start=T0 + hour * HOUR, end=T0 + (hour + 1) * HOUR)


def spans(hour: int, count: int, *, bad: int = 0, took: float = 1.0, **more: Any) -> list[Span]:
    """`count` spans of the generator in one hour, of which `bad` failed."""
    tag = "-".join(map(str, more.values()))
    return [
        Span(
            **{
                "trace_id": f"{hour}-{tag}-{i}".encode().hex().ljust(32, "0"),
                "span_id": "a",
                "chain": "support",
                "component": "generator",
                "kind": "llm",
                "name": "answer",
                "started_at": T0 + hour * HOUR + timedelta(seconds=i),
                "duration_s": took + i,
                "status": "error" if i < bad else "ok",
                "source": "test",
                "ingested_at": T0,
                **more,
            }
        )
        for i in range(count)
    ]


def results(warehouse: Warehouse, rules: str, stored: list[Span], *hours: int) -> dict[int, list[Result]]:
    """The results of the rules for these hours, after `stored` came in."""
    settings = parse(rules, "chainwatch.toml").section("alerts", AlertsConfig)
    with warehouse.write() as con:
        insert_spans(con, stored)
    with warehouse.read() as con:
        found = AppliedRules(settings, HOUR).from_spans(con, [window(h) for h in hours])
    return {h: found[window(h)] for h in hours}


def threshold(**more: str) -> str:
    keys = {
        "name": '"slow"',
        "field": '"duration_s"',
        "statistic": '"max"',
        "above": "12",
        "min_requests": "2",
    }
    return "[[alerts.threshold]]\n" + "".join(f"{k} = {v}\n" for k, v in (keys | more).items())


def test_a_figure_of_a_window_against_a_number(warehouse: Warehouse) -> None:
    stored = [*spans(0, 12), *spans(1, 13), *spans(2, 1)]
    found = results(warehouse, threshold(), stored, 0, 1, 2, 3)
    [at_limit], [beyond], [few] = found[0], found[1], found[2]
    assert (at_limit.status, at_limit.value, at_limit.threshold, at_limit.unit) == ("ok", 12.0, 12.0, "s")
    assert (beyond.status, beyond.value, beyond.concern, beyond.reference_kind) == (
        "breach",
        13.0,
        "latency",
        "level",
    )
    assert beyond.reason == "max of duration_s is 13, above 12 (rule slow)"
    assert (few.status, few.value, few.reason) == ("no_data", None, "1 requests; the rule needs 2")
    assert found[3] == []


@pytest.mark.parametrize(
    ("statistic", "value"),
    # Of 1, 2, 3, 4, 5: by hand; quantiles between neighbours as numpy's default has them.
    [
        ("mean", 3.0),
        ("p50", 3.0),
        ("p90", 4.6),
        ("p95", 4.8),
        ("p99", 4.96),
        ("max", 5.0),
        ("sum", 15.0),
        ("count", 5.0),
    ],
)
def test_each_statistic(warehouse: Warehouse, statistic: str, value: float) -> None:
    [found] = results(warehouse, threshold(statistic=f'"{statistic}"'), spans(0, 5), 0)[0]
    assert found.value == pytest.approx(value)


def test_below_and_the_error_rate(warehouse: Warehouse) -> None:
    rules = threshold(field='"status"', statistic='"mean"', above="0.2")
    [found] = results(warehouse, rules, spans(0, 10, bad=3), 0)[0]
    assert (found.status, found.value, found.unit, found.concern) == (
        "breach",
        pytest.approx(0.3),
        "share",
        "errors",
    )
    below = threshold(above="0", statistic='"count"').replace("above", "below").replace("= 0\n", "= 11\n")
    [few] = results(warehouse, below, [], 0)[0]
    assert few.status == "breach"


def test_by_a_label_each_value_is_an_alert_of_its_own(warehouse: Warehouse) -> None:
    stored = [*spans(0, 3, component_version="v1"), *spans(0, 13, component_version="v2")]
    found = results(warehouse, threshold(by='["component_version"]'), stored, 0)[0]
    assert [(r.labels, r.status) for r in found] == [
        ({"rule": "slow", "component_version": "v1"}, "ok"),
        ({"rule": "slow", "component_version": "v2"}, "breach"),
    ]
    assert len({r.monitor for r in found}) == 2


def test_any_attribute_is_a_label_and_matches(warehouse: Warehouse) -> None:
    stored = [
        *spans(0, 13, attributes={"app.team": "a"}),
        *spans(0, 13, attributes={"app.team": "b"}, component="router"),
    ]
    rules = threshold(by='["attributes.app.team"]', match='{"attributes.app.team" = "b*"}')
    [found] = results(warehouse, rules, stored, 0)[0]
    assert (found.component, found.labels["attributes.app.team"]) == ("router", "b")


def test_beyond_the_cap_the_rest_is_one_series(warehouse: Warehouse) -> None:
    sizes = {"a": 4, "b": 3, "c": 2, "d": 2}
    stored = [s for name, n in sizes.items() for s in spans(0, n, model=name)]
    rules = threshold(by='["model"]', max_series="2", statistic='"count"', above="3.5")
    found = results(warehouse, rules, stored, 0)[0]
    assert {r.labels["model"]: (r.value, r.status) for r in found} == {
        "a": (4.0, "breach"),
        "b": (3.0, "ok"),
        "(other)": (4.0, "breach"),
    }
    assert [r.evidence for r in found if r.labels["model"] == "(other)"] == [{"folded_series": 2}]


SLO = '[[alerts.slo]]\nname = "up"\nof = "errors"\nobjective = 0.99\n'


def burns(found: list[Result]) -> dict[str, tuple[str, float | None]]:
    return {r.labels["severity"]: (r.status, r.value and round(r.value, 6)) for r in found}


def test_fast_burn_pages_and_slow_burn_is_a_ticket(warehouse: Warehouse) -> None:
    """3 days of 100 requests an hour. One bad hour of 15 %: 15 times the pace, over the last hour at once.

    Over six hours 15 of 600 is 2.5 times, over three days 15 of 7200 0.208 times.
    """
    stored = [s for h in range(72) for s in spans(h, 100, bad=15 if h == 71 else 0)]
    found = results(warehouse, SLO, stored, 70, 71)
    assert burns(found[70]) == {"page": ("ok", 0.0), "ticket": ("ok", 0.0)}
    assert burns(found[71]) == {"page": ("breach", 15.0), "ticket": ("ok", 0.208333)}
    page = next(r for r in found[71] if r.labels["severity"] == "page")
    assert page.threshold == pytest.approx(14.4)
    assert page.reason.startswith("15 of 100 requests failed within 1 h (15 %)")


def test_a_slow_burn_is_a_ticket_and_no_page(warehouse: Warehouse) -> None:
    """2 % for three days is twice the pace: over the ticket's 1, under the pages' 6 and 14.4."""
    stored = [s for h in range(72) for s in spans(h, 50, bad=1)]
    assert burns(results(warehouse, SLO, stored, 71)[71]) == {"page": ("ok", 2.0), "ticket": ("breach", 2.0)}


def test_it_ends_soon_after_its_cause(warehouse: Warehouse) -> None:
    """An hour of 90 % is over six hours 15 times the pace, but the short window is well at once."""
    stored = [s for h in range(8) for s in spans(h, 100, bad=90 if h == 6 else 0)]
    found = results(warehouse, SLO, stored, 6, 7)
    assert burns(found[6])["page"][0] == "breach"
    assert burns(found[7])["page"] == ("ok", 0.0)


def test_latency_and_too_few_requests(warehouse: Warehouse) -> None:
    rules = SLO.replace('"errors"', '"latency"\nthreshold = 5.0')
    # Durations 1 to 20: 15 of 20 are above 5, exactly 5 is not.
    found = results(warehouse, rules, [*spans(0, 20), *spans(100, 3)], 0, 100)
    assert burns(found[0])["page"] == ("breach", 75.0)
    assert burns(found[100]) == {"page": ("no_data", None), "ticket": ("no_data", None)}


def graded(span: Span, score: float, **more: Any) -> dict[str, Any]:
    """The local scorer's grade of a span."""
    return {
        "grade_id": f"{span.trace_id}{more}",
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "chain": span.chain,
        "component": span.component,
        "span_started_at": span.started_at,
        "dataset": "production",
        "judge": "local",
        "judge_kind": "local",
        "judge_version": "1",
        "rubric": "r",
        "rubric_version": "1",
        "criterion": "readability",
        "status": "graded",
        "score": score,
        "graded_at": T0,
    } | more


def test_quality_is_counted_from_the_latest_grade_of_one_judge(warehouse: Warehouse) -> None:
    """Ten answers: five at 1.0, two of which were graded 3.0 before; others' grades are not looked at."""
    stored = spans(0, 10, component_version="v1")
    rows = [graded(s, 1.0 if i < 5 else 2.0, graded_at=T0 + HOUR) for i, s in enumerate(stored)]
    rows += [graded(s, 3.0) for s in stored[:2]]
    rows += [graded(s, 0.0, judge="gpt", judge_kind="llm") for s in stored]
    rows += [graded(s, 0.0, criterion="tone") for s in stored]
    with warehouse.write() as con:
        insert(con, "grades", rows)
    rules = SLO.replace('"errors"', '"quality"\nthreshold = 1.5\nfield = "quality.readability"')
    rules += 'by = ["component_version"]\n'
    page, ticket = results(warehouse, rules, stored, 0)[0]
    assert (page.value, page.n_current) == (pytest.approx(50.0), 10)
    assert (ticket.concern, ticket.field, ticket.labels["component_version"]) == (
        "quality",
        "quality.readability",
        "v1",
    )
    [other] = results(
        warehouse,
        threshold(field='"quality.readability@gpt"', statistic='"mean"', above="0.5"),
        [],
        0,
    )[0]
    assert (other.value, other.status) == (0.0, "ok")


def test_windows_at_once_and_one_by_one_are_counted_alike(warehouse: Warehouse) -> None:
    stored = [s for h in range(10) for s in spans(h, 20, bad=h, model="ab"[h % 2])]
    rules = SLO + 'by = ["model"]\nmax_series = 1\n'
    at_once = results(warehouse, rules, stored, *range(10))
    for hour in range(10):
        assert results(warehouse, rules, [], hour)[hour] == at_once[hour]
