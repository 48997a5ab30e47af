"""Lineage: the user's own attribute names, on spans and resources, and which of several wins."""

from __future__ import annotations

import json
from typing import Any

import pytest
from otlp_bodies import otlp_request, otlp_span

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.ingest_config import IngestConfig
from collectors.model import Span
from collectors.semconv_index import Index
from collectors.sources.otlp import decode


def config(text: str) -> IngestConfig:
    return parse(text, "chainwatch.toml").section("ingest", IngestConfig)


NAMED = config(
    """
    [ingest.lineage]
    index_version = "app.index.build"
    prompt_version = ["app.prompt.rev", "app.prompt.old"]
    component = "app.step"
    """
)


def one(values: dict[str, Any], resource: dict[str, Any] | None = None) -> Span:
    body = json.dumps(otlp_request(otlp_span("chat m", values), resource=resource)).encode()
    found = decode("traces", body, "application/json", index=Index(NAMED.lineage_names()))
    assert found.rejected == ()
    return found.spans[0]


def test_the_users_names_are_found_on_spans_and_resources() -> None:
    span = one(
        {"app.prompt.old": 3, "app.step": "ranker"}, resource={"app.index.build": "b7", "service.name": "s"}
    )
    assert (span.index_version, span.prompt_version, span.component) == ("b7", "3", "ranker")
    assert span.attributes["app.prompt.old"] == 3


def test_the_span_wins_over_its_resource_and_the_first_name_over_the_second() -> None:
    span = one(
        {
            "app.index.build": "own",
            "app.prompt.old": "2",
            "app.prompt.rev": "1",
            "gen_ai.prompt.version": "0",
        },
        resource={"app.index.build": "shared"},
    )
    assert (span.index_version, span.prompt_version) == ("own", "1")


def test_an_outright_attribute_wins_over_all() -> None:
    span = one(
        {"app.prompt.rev": "1", "chainwatch.prompt_version": "outright"},
        resource={"chainwatch.chain": "shop", "chainwatch.prompt_version": "resource"},
    )
    assert (span.prompt_version, span.chain) == ("outright", "shop")


def test_spans_of_two_resources_do_not_mix() -> None:
    body = otlp_request(otlp_span("a", {}), resource={"app.index.build": "1"})
    other = otlp_request(otlp_span("b", {"x": 1}, spanId="ab" * 8), resource={"app.index.build": "2"})
    body["resourceSpans"] += other["resourceSpans"]
    found = decode(
        "traces", json.dumps(body).encode(), "application/json", index=Index(NAMED.lineage_names())
    )
    assert [span.index_version for span in found.spans] == ["1", "2"]


def test_a_field_that_no_text_can_fill_is_refused_with_the_choices() -> None:
    with pytest.raises(
        ConfigError, match=r"ingest\.lineage.*'cost_usd' cannot be mapped; choose one of: chain"
    ):
        config('[ingest.lineage]\ncost_usd = "x"')
