"""What is one incident, and what is two."""

from __future__ import annotations

from alerting_world import breach, deploy, final, play, stream, together

from monitors.alerting.book import AlertBook


def test_two_faults_at_once_are_two_incidents() -> None:
    book = play(
        AlertBook(),
        together(
            *(breach(c, "input_text") for c in ("application", "router", "retriever", "generator")),  # type: ignore[arg-type]
            breach("generator", "output_text"),  # type: ignore[arg-type]
            breach("generator", "duration_s"),  # type: ignore[arg-type]
            breach("application", "duration_s"),  # type: ignore[arg-type]
        ),
    )
    assert {(i.component, i.cause) for i in final(book)} == {
        ("application", "input"),
        ("generator", "latency"),
    }


def test_what_rests_at_night_comes_back_to_its_open_incident() -> None:
    """The input is quiet for hours, and what it led to goes on; another fault stays apart."""
    asked = stream("application", "input_text", [*range(5, 9), *range(24, 28)], range(1, 40))
    routed = stream("router", "output_text", range(6, 38), range(1, 40))
    errors = stream("guardrail", "status", range(24, 28), range(1, 40))
    windows = {h: [*asked[h], *routed[h], *errors[h]] for h in range(1, 40)}
    found = play(AlertBook(), windows)
    (first, other) = sorted(found.incidents, key=lambda i: i.detected_at)
    inputs = [a.incident_id for a in found.alerts if a.field == "input_text"]
    assert inputs == [first.incident_id] * 2
    assert (other.component, other.cause) == ("guardrail", "errors")


def test_a_deploy_days_later_is_an_incident_of_its_own() -> None:
    """The retriever still fires when the generator gets a new prompt: onset and deploy keep them apart."""
    book = play(
        AlertBook(),
        together(
            stream("retriever", "output_text", range(5, 60), range(1, 60)),
            stream("generator", "output_text", range(40, 60), range(1, 60)),
            stream("guardrail", "input_text", range(40, 60), range(1, 60)),
        ),
        deploys=[deploy("generator", 38.5)],
    )
    assert [(i.component, i.cause) for i in final(book)] == [("retriever", "output"), ("generator", "output")]


def test_chains_do_not_mix() -> None:
    book = play(
        AlertBook(),
        together(
            breach("generator", "duration_s"),  # type: ignore[arg-type]
            breach("generator", "duration_s", chain="other"),  # type: ignore[arg-type]
        ),
    )
    assert sorted(i.chain for i in final(book)) == ["other", "support"]


def test_two_symptoms_that_a_later_cause_explains_become_one_incident() -> None:
    book = play(
        AlertBook(),
        together(
            breach("generator", "duration_s", 4),  # type: ignore[arg-type]
            breach("guardrail", "input_text", 4),  # type: ignore[arg-type]
            breach("generator", "output_tokens", 6, evidence={"scale_windows": 3}),  # type: ignore[arg-type]
        ),
    )
    merged = [i for i in book.incidents if i.merged_into is not None]
    [kept] = final(book)
    assert (kept.component, kept.state) == ("generator", "open")
    assert [(m.state, m.merged_into) for m in merged] == [("resolved", kept.incident_id)]
    assert all(a.incident_id == kept.incident_id for a in book.alerts)
