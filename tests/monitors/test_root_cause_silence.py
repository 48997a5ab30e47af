"""Who is to blame when components fall silent."""

from __future__ import annotations

from alerting_world import at, play, result

from monitors.alerting.book import AlertBook
from monitors.alerting.rules.made import made
from monitors.alerting.rules.series import Series
from monitors.result import Result, Window


def silent(component: str, hour: int, field: str = "requests") -> Result:
    """What the rule on silence says of a component."""
    return made(
        "no_data",
        "no data",
        Series(chain="support", component=component),
        field,
        Window(start=at(hour - 1), end=at(hour)),
        concern="no_data",
        status="breach",
        reason=f"no {field} for 12 h",
        value=12.0,
        threshold=12.0,
        unit="h",
    )


def test_who_falls_silent_first_is_to_blame_for_the_silence_behind_it() -> None:
    hours = {5: [silent("reranker", 5), silent("generator", 5)], 6: [silent("guardrail", 6)]}
    book = play(AlertBook(), hours)
    [incident] = book.incidents
    assert (incident.component, incident.cause, incident.severity) == ("reranker", "no_data", "ticket")
    assert incident.title == "Reranker: no requests for 12 h"


def test_a_silent_step_explains_what_its_caller_says_and_a_slow_one_does_not_explain_silence() -> None:
    both = {5: [silent("retriever", 5), result("application", "output_text", 5)]}
    assert [i.component for i in play(AlertBook(), both).incidents] == ["retriever"]
    apart = {5: [silent("retriever", 5), result("router", "duration_s", 5)]}
    assert sorted(i.component for i in play(AlertBook(), apart).incidents) == ["retriever", "router"]
