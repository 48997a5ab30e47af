"""What an incident says of itself: title, onset, examples, and who was ruled out."""

from __future__ import annotations

from alerting_world import FIVE, at, breach, deploy, hours, incident, stream


def test_who_was_ruled_out_and_why() -> None:
    found = incident(
        breach("retriever", "output_text"),
        breach("generator", "output_text"),
        stream("router", "output_text", [], hours()),
        {h: [] for h in hours()},
        stream("reranker", "output_text", [], [1, 2]),
        deploys=(deploy("router", 4.5, "v9"),),
    )
    said = {e["component"]: (e["ruled_out"], e["reason"]) for e in found.evidence["ruled_out"]}
    assert set(said) == set(FIVE) - {"retriever"}
    assert said["generator"] == (True, "its output follows retriever's output")
    assert said["guardrail"] == (False, "not watched")
    assert said["reranker"] == (False, "no data since the change began, so it cannot be ruled out")


def test_the_title_has_the_figures_that_people_know() -> None:
    evidence = {"current": {"p50": 1.0, "p95": 4.1}, "reference": {"p50": 0.9, "p95": 1.9}}
    found = incident(breach("generator", "duration_s", evidence=evidence))
    assert found.title == "Generator latency rose: p95 4.1 s against 1.9 s"
    found = incident(breach("generator", "output_text", value=0.21, threshold=0.05, unit="cosine distance"))
    assert found.title == "Generator output changed: 0.21 against a threshold of 0.05 (cosine distance)"
    evidence = {"current": {"mean": 0.61}, "reference": {"mean": 0.82}}
    found = incident(breach("generator", "quality.groundedness", evidence=evidence))
    assert found.title == "Generator groundedness fell: mean 0.61 against 0.82"


def test_examples_of_the_culprit_come_first_and_are_ten_at_most() -> None:
    def examples(word: str) -> dict[str, object]:
        return {
            "examples": [{"trace_id": f"{word}{i}", "span_id": "s", "text": f"{word} {i}"} for i in range(7)]
        }

    found = incident(
        breach("generator", "output_text", evidence=examples("symptom")),
        breach("retriever", "output_text", evidence=examples("cause")),
    )
    texts = [e["text"] for e in found.evidence["examples"]]
    assert len(texts) == 10
    assert texts[:7] == [f"cause {i}" for i in range(7)]


def test_an_onset_is_an_interval_around_the_change() -> None:
    found = incident(breach("retriever", "output_text", 8, evidence={"scale_windows": 4}))
    assert (found.started_at_low, found.started_at_high) == (at(4), at(8))
