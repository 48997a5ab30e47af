"""Who only passes on what it was given is not to blame."""

from __future__ import annotations

from alerting_world import at, breach, deploy, final, hours, incident, play, stream, together

from monitors.alerting.book import AlertBook
from monitors.alerting.incident import Incident

HANDED_ON = {"explains": [{"by": "input", "share": 0.6, "verdict": "explains"}]}


def late_topic(evidence: dict[str, object] | None) -> list[Incident]:
    """The router labels a new topic at once; the application's input, of many words, tells it hours later."""
    long = range(1, 30)
    streams = (
        stream("router", "output_text", range(5, 30), long, evidence=evidence),
        stream("retriever", "quality.relevance", range(6, 30), long),
        stream("application", "input_text", range(22, 30), long),
        stream("router", "input_text", range(22, 30), long),
    )
    return final(play(AlertBook(), together(*streams)))


def test_what_only_passes_on_its_input_is_not_to_blame() -> None:
    found = incident(
        breach("router", "output_text", evidence=HANDED_ON),
        breach("router", "output_tokens"),
        breach("generator", "output_text", 6),
        stream("application", "input_text", [], hours()),
    )
    assert (found.component, found.cause) == ("application", "input")
    assert found.title.startswith("Application input changed, seen at router")
    assert "router answers what it was sent before as it did" in found.evidence["why"]


def test_an_input_that_is_seen_late_takes_over_what_came_with_it() -> None:
    [found] = late_topic(HANDED_ON)
    assert (found.component, found.cause, found.started_at) == ("application", "input", at(4))
    assert len(late_topic(None)) == 2, "without that evidence they are two faults"


def test_what_passes_on_its_input_later_on_is_not_slower_for_it() -> None:
    """Its latency is its own: what is said explains what is said."""
    found = incident(
        breach("router", "output_text", evidence=HANDED_ON),
        breach("router", "duration_s", 4),
        breach("application", "duration_s", 4),
    )
    assert (found.component, found.cause) == ("router", "latency")


def test_a_deploy_just_before_outweighs_what_seems_to_be_passed_on() -> None:
    found = incident(breach("router", "output_text", evidence=HANDED_ON), deploys=(deploy("router", 3.5),))
    assert (found.component, found.cause) == ("router", "output")


def test_what_a_step_further_on_was_given_is_followed_no_further_than_is_known() -> None:
    found = incident(breach("generator", "output_text", evidence=HANDED_ON))
    assert (found.component, found.cause) == ("generator", "input")
