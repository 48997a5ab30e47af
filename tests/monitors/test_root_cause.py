"""Who is to blame: faults in each component of chains of 3, 5 and 8, of each kind, some symptoms missing."""

from __future__ import annotations

from random import Random

import pytest
from alerting_world import FIVE, at, deploy, play, stream, together
from chain_faults import KINDS, chain_of, windows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.alerting.book import AlertBook
from monitors.alerting.incident import Incident

CAUSES = {
    "input": {"input"},
    "text": {"output"},
    "length": {"output"},
    "latency": {"latency"},
    "errors": {"errors"},
    "quality": {"quality"},
}


def final(book: AlertBook) -> list[Incident]:
    return [i for i in book.incidents if i.merged_into is None]


def judge(size: int, culprit: str, kind: str, seed: int, **more: float) -> tuple[bool, bool, bool]:
    """Whether the component is right, whether it is one incident, and whether the cause is right."""
    names = chain_of(size)
    book = play(AlertBook(), windows_of(names, culprit, kind, Random(seed), **more), names=names)  # type: ignore[arg-type]
    incidents = final(book)
    first = min(incidents, key=lambda i: (i.detected_at, i.incident_id))
    return first.component == culprit, len(incidents) == 1, first.cause in CAUSES[kind]


@pytest.mark.parametrize("size", [3, 5, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_the_right_component_comes_first_and_it_is_one_incident(size: int, kind: str) -> None:
    names = chain_of(size)
    culprits = names[:1] if kind == "input" else names[1:]
    seeds = 12 if kind == "input" else 24 // size
    trials = [judge(size, c, kind, seed) for c in culprits for seed in range(seeds)]
    for share, what in zip(zip(*trials, strict=True), ("component", "one incident", "cause"), strict=True):
        assert sum(share) / len(share) >= 0.9, (size, kind, what, sum(share), len(share))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([3, 5, 8]), st.sampled_from(KINDS), st.integers(0, 7))
def test_with_every_symptom_seen_at_once_it_is_always_right(
    seed: int, size: int, kind: str, step: int
) -> None:
    culprit = "application" if kind == "input" else f"step{step % size + 1}"
    assert judge(size, culprit, kind, seed, missing=0.0, delay=0, length=4) == (True, True, True)


def hours(last: int = 12) -> range:
    return range(1, last)


def breach(component: str, field: str, first: int = 5, **more: object) -> dict[int, list[object]]:
    return stream(component, field, range(first, 12), hours(), **more)  # type: ignore[arg-type, return-value]


def incident(*streams: dict[int, list[object]], deploys: tuple[object, ...] = ()) -> Incident:
    book = play(AlertBook(), together(*streams), deploys=deploys)  # type: ignore[arg-type]
    [found] = final(book)
    return found


def test_an_index_rebuild_is_put_down_to_the_retriever() -> None:
    found = incident(
        breach("retriever", "output_text", 7, evidence={"scale_windows": 4}),
        breach("retriever", "quality.retrieval_relevance"),
        breach("reranker", "quality.retrieval_relevance"),
        breach("reranker", "output_text"),
        breach("generator", "input_text", 6),
        breach("generator", "output_text", 6),
        breach("generator", "quality.groundedness", 6),
        breach("application", "output_text", 8, evidence={"scale_windows": 3}),
        stream("router", "output_text", [], hours()),
        stream("application", "input_text", [], hours()),
        deploys=(deploy("retriever", 3.5, "2026-03", "index_version"), deploy("generator", 2.0)),
    )
    assert (found.component, found.severity) == ("retriever", "page")
    assert found.cause in ("output", "quality")
    assert found.deploy_id == "retriever-2026-03"
    assert found.evidence["path"][0] == "retriever"
    assert set(found.evidence["path"]) == {"retriever", "reranker", "generator", "application"}


def test_a_prompt_version_is_put_down_to_the_generator() -> None:
    found = incident(
        *(breach("generator", f) for f in ("output_tokens", "output_text", "quality.groundedness")),
        *(breach("generator", f) for f in ("duration_s", "cost_usd")),
        *(breach("application", f) for f in ("output_text", "output_tokens", "duration_s", "cost_usd")),
        breach("guardrail", "input_text"),
        stream("retriever", "output_text", [], hours()),
        deploys=(deploy("generator", 3.0),),
    )
    assert (found.component, found.cause, found.deploy_id) == ("generator", "output", "generator-v2")
    assert "prompt_version v2 (was v1) was deployed 1 h before it" in found.summary


def test_a_longer_prompt_of_its_own_is_not_put_down_to_what_stands_before() -> None:
    """The prompt is part of the generator's input: only the deploy tells that it changed by itself."""
    found = incident(
        breach("generator", "input_tokens"),
        breach("generator", "output_text"),
        breach("application", "output_text"),
        stream("reranker", "output_text", [], hours()),
        deploys=(deploy("generator", 3.5),),
    )
    assert (found.component, found.cause) == ("generator", "output")


def test_a_slow_provider_is_put_down_to_the_generator_and_no_deploy() -> None:
    found = incident(
        breach("application", "duration_s"),
        breach("generator", "duration_s", 6),
        breach("generator", "time_to_first_token_s", 6),
        breach("generator", "status", 7),
        breach("application", "status", 8),
        deploys=(deploy("retriever", 3.0),),
    )
    assert (found.component, found.cause, found.deploy_id) == ("generator", "latency", None)
    assert "No deploy explains this." in found.summary
    # The application was blamed first, and the record says so.
    assert [h["component"] for h in found.evidence["history"]] == ["application", "generator"]


def test_a_new_topic_is_put_down_to_what_users_send() -> None:
    found = incident(
        breach("router", "output_text"),
        breach("retriever", "input_text"),
        breach("retriever", "output_text"),
        breach("generator", "input_text"),
        breach("generator", "quality.relevance"),
        breach("application", "input_text", 8, evidence={"scale_windows": 5}),
        breach("application", "output_text", 6),
    )
    assert (found.component, found.cause) == ("application", "input")


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


def test_the_deploy_is_the_nearest_before_the_change_on_that_component() -> None:
    deploys = (
        deploy("generator", -60.0, "v0"),
        deploy("generator", -20.0, "v1"),
        deploy("generator", 2.0, "v2"),
        deploy("generator", 7.0, "v3"),
        deploy("retriever", 3.9, "v4"),
    )
    found = incident(breach("generator", "output_text"), deploys=deploys)
    assert found.deploy_id == "generator-v2"
    assert incident(breach("generator", "output_text"), deploys=deploys[:1]).deploy_id is None


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


def test_a_version_of_the_whole_chain_explains_where_the_component_has_none_of_its_own() -> None:
    whole = deploy("application", 3.5, "v9", "chain_version")
    slow = [breach("generator", "duration_s"), breach("application", "duration_s")]
    found = incident(*slow, deploys=(whole,))
    assert (found.component, found.deploy_id) == ("generator", "application-v9")
    assert "application chain_version v9 (was v1) was deployed" in found.summary
    own = incident(*slow, deploys=(whole, deploy("generator", 2.0)))
    assert own.deploy_id == "generator-v2"
    other = incident(*slow, deploys=(deploy("application", 3.5, "v9", "model"),))
    assert other.deploy_id is None


def test_a_cause_that_is_seen_late_began_when_its_effects_were_seen() -> None:
    found = incident(breach("retriever", "quality.precision_at_5", 5), breach("retriever", "output_text", 8))
    assert (found.component, found.cause) == ("retriever", "output")
    assert (found.started_at_low, found.started_at_high) == (at(4), at(5))
    assert found.started_at <= found.detected_at


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
