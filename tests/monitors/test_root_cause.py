"""Who is to blame: faults in each component of chains of 3, 5 and 8, of each kind, some symptoms missing."""

from __future__ import annotations

from random import Random

import pytest
from alerting_world import at, breach, deploy, final, hours, incident, play, stream
from chain_faults import KINDS, chain_of, windows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.alerting.book import AlertBook

CAUSES = {
    "input": {"input"},
    "text": {"output"},
    "length": {"output"},
    "latency": {"latency"},
    "errors": {"errors"},
    "quality": {"quality"},
}


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
