"""The dialects of OTLP JSON, and what is refused: a bad span alone, a body that is none as a whole."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from otlp_bodies import START_NS, attributes, otlp_request, otlp_span

from collectors.errors import SourceError
from collectors.sources.otlp import Decoded, decode

CHILD = {"parentSpanId": "cc" * 8}


def traces(body: Any) -> Decoded:
    return decode("traces", json.dumps(body).encode(), "application/json; charset=utf-8")


def test_the_dialects_of_otlp_json_mean_the_same() -> None:
    plain = otlp_span("x", {"session.id": "s", "gen_ai.usage.input_tokens": 3}, **CHILD)
    expected = traces(otlp_request(plain))
    in_base64 = {
        **plain,
        **{
            key: base64.b64encode(bytes.fromhex(plain[key])).decode()
            for key in ("traceId", "spanId", "parentSpanId")
        },
    }
    snake = {
        "resource_spans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"string_value": "shop"}}]},
                "instrumentation_library_spans": [
                    {
                        "instrumentation_library": {"name": "test.scope", "version": "1"},
                        "spans": [
                            {
                                "trace_id": plain["traceId"].upper(),
                                "span_id": plain["spanId"],
                                "parent_span_id": plain["parentSpanId"],
                                "name": "x",
                                "start_time_unix_nano": START_NS,
                                "end_time_unix_nano": START_NS + 1_000_000_000,
                                "attributes": [
                                    {"key": "session.id", "value": {"string_value": "s"}},
                                    {"key": "gen_ai.usage.input_tokens", "value": {"int_value": 3}},
                                ],
                            }
                        ],
                    }
                ],
            }
        ]
    }
    old = otlp_request(plain)
    scope = old["resourceSpans"][0].pop("scopeSpans")[0]
    old["resourceSpans"][0]["instrumentationLibrarySpans"] = [
        {"instrumentationLibrary": scope["scope"], "spans": scope["spans"]}
    ]
    for body in (otlp_request(in_base64), snake, old):
        assert traces(body) == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"traceId": "zz"}, "traceId = 'zz': must be 16 bytes"),
        ({"traceId": "0" * 32}, "traceId is all zeros"),
        ({"spanId": None}, "spanId is missing"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano = 'soon'"),
        ({"startTimeUnixNano": "0"}, "startTimeUnixNano is missing"),
        ({"startTimeUnixNano": "7"}, "between the years 2000 and 2100"),
        ({"endTimeUnixNano": str(START_NS - 1_000_000_000)}, "must not be before started_at"),
        ({"attributes": attributes({"gen_ai.usage.input_tokens": -1})}, "input_tokens = -1"),
    ],
)
def test_a_bad_span_is_refused_with_a_reason_and_its_neighbour_is_kept(
    change: dict[str, Any], reason: str
) -> None:
    found = traces(otlp_request({**otlp_span("bad", {}), **change}, otlp_span("good", {})))
    assert [span.name for span in found.spans] == ["good"]
    ((why, raw),) = found.rejected
    assert reason in why
    assert "bad" in raw


@pytest.mark.parametrize(
    ("body", "media", "message"),
    [
        (b"{", "application/json", "not an OTLP JSON request"),
        (b"[]", "application/json", "list, not an object"),
        (b"\xff\xff\xff", "application/x-protobuf", "not an OTLP protobuf request"),
        (b"{}", "text/plain", "application/x-protobuf, application/json"),
    ],
)
def test_a_body_that_cannot_be_parsed_is_refused_whole(body: bytes, media: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        decode("traces", body, media)
