"""What a request may cost: bytes, unpacked bytes, records, time; and bytes that are no request at all."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receiver_http_support import http_serving
from receiver_memory import GOOD, NOON, Clock, MemorySpool, client, intake, traces

from collectors import otlp_request
from collectors.otlp_request import TooLargeError, check
from collectors.receiver_grpc import encoding_of
from collectors.receiver_refusal import Refusal, RefusedError

PROTOBUF = {"content-type": "application/x-protobuf"}
# The span of GOOD as the field of its scope.
GOOD_SPAN = GOOD[4:]


@pytest.fixture
def spool() -> MemorySpool:
    return MemorySpool()


def test_a_bomb_is_not_unpacked(spool: MemorySpool, clock: Clock) -> None:
    # 1,000 times smaller packed than unpacked; the limit is the whole size that may be made.
    bomb = gzip.compress(bytes(200 << 20), 9)
    assert len(bomb) < 300_000
    headers = {**PROTOBUF, "content-encoding": "gzip"}
    assert client(spool, clock).post("/v1/traces", content=bomb, headers=headers).status_code == 413


def test_a_chunked_body_over_the_limit_is_refused(spool: MemorySpool, clock: Clock) -> None:
    def parts() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    sender = client(spool, clock, max_request_bytes=1_000_000)
    assert sender.post("/v1/traces", content=parts(), headers=PROTOBUF).status_code == 413


def test_many_gzip_members_are_refused(spool: MemorySpool, clock: Clock) -> None:
    # Each costs a copy of the rest: a few bytes a member would make that quadratic.
    body = gzip.compress(b"") * 200
    headers = {**PROTOBUF, "content-encoding": "gzip"}
    assert client(spool, clock).post("/v1/traces", content=body, headers=headers).status_code == 400


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size, length = len(content), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


@pytest.mark.parametrize(
    "body",
    [
        field(1, field(2, b"\x12\x00" * (8 << 20))),
        field(1, b"\x12\x00" * (8 << 20)),
        b"\x0a\x00" * (8 << 20),
        # A group that was opened and closed before, and fields that nobody knows.
        field(1, b"\x1b\x1c" + field(2, b"\x12\x00" * (8 << 20))),
        b"\x78\x01" * (8 << 20),
    ],
)
def test_two_bytes_that_become_two_hundred_are_not_parsed(
    spool: MemorySpool, clock: Clock, body: bytes
) -> None:
    packed = gzip.compress(body, 1)
    assert len(packed) < 1 << 17
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    headers = {**PROTOBUF, "content-encoding": "gzip"}
    response = client(spool, clock).post("/v1/traces", content=packed, headers=headers)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert response.status_code == 413
    assert b"smaller batches" in response.content
    # 16 MiB of empty spans would be 1.4 GB.
    assert grown_kib < 200 << 10


def test_as_many_records_as_may_be_and_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert otlp_request._MOST_FIELDS == 6 * otlp_request.MOST_RECORDS
    most = 5_000
    monkeypatch.setattr(otlp_request, "MOST_RECORDS", most)
    monkeypatch.setattr(otlp_request, "_MOST_FIELDS", 6 * most)
    monkeypatch.setattr(otlp_request, "_SMALL_BYTES", 0)
    one = {"traceId": "ab" * 16, "spanId": "cd" * 8, "startTimeUnixNano": "1"}
    alone = field(1, field(1, b"") + field(2, field(1, b"") + GOOD_SPAN))
    for number in (most, most + 1):
        together = field(1, field(2, GOOD_SPAN * number))
        as_json = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one] * number}]}]}).encode()
        for kind, body in (
            ("application/x-protobuf", together),
            ("application/x-protobuf", alone * number),
            ("application/json", as_json),
        ):
            if number == most:
                assert check("traces", kind, body).items == number
            else:
                with pytest.raises(TooLargeError):
                    check("traces", kind, body)


def test_a_large_body_is_taken_whole(spool: MemorySpool, clock: Clock) -> None:
    """Larger than what is parsed at once, packed and unpacked."""
    many = traces(*((b"t" * 16, n.to_bytes(8, "big")) for n in range(1, 40_001)))
    assert len(many) > 1 << 20
    for body, headers in ((many, {}), (gzip.compress(many, 1), {"content-encoding": "gzip"})):
        sender = client(spool, clock)
        assert sender.post("/v1/traces", content=body, headers={**PROTOBUF, **headers}).status_code == 200
    assert [record.items for record in spool.records] == [40_000, 40_000]


def test_a_sender_that_stalls_is_let_go(spool: MemorySpool, clock: Clock) -> None:
    made = intake(spool, clock, read_timeout_s=0.3)
    with http_serving(made) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(
                b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
                b"Content-Length: 100\r\n\r\n0123456789"
            )
            answer = b""
            while part := sock.recv(4096):
                answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 0.3 s" in answer
    assert made._waiting_bytes == 0


def mutated(draw: Any) -> bytes:
    """A good request with bytes cut out, put in and changed."""
    body = bytearray(draw(st.sampled_from([GOOD, GOOD * 3, gzip.compress(GOOD), JSON_BODY])))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(body)


JSON_BODY = json.dumps(
    {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "x"}}]},
                "scopeSpans": [
                    {"spans": [{"traceId": "ab" * 16, "spanId": "cd" * 8, "startTimeUnixNano": "5"}]}
                ],
            }
        ]
    }
).encode()
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from(
    ["resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "startTimeUnixNano", "x"]
)
ANY_JSON = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)


@settings(max_examples=400, deadline=None)
@given(
    body=st.binary(max_size=200)
    | st.composite(mutated)()
    | ANY_JSON.map(lambda value: json.dumps(value).encode()),
    kind=st.sampled_from(["application/x-protobuf", "application/json"]),
    signal=st.sampled_from(["traces", "logs"]),
    packed=st.sampled_from(["", "gzip", "deflate", "as it looks"]),
)
def test_any_bytes_are_taken_or_refused(body: bytes, kind: str, signal: Any, packed: str) -> None:
    """Never an error of ours: senders would repeat the request until they give up everything."""
    spool = MemorySpool()
    made = intake(spool, lambda: NOON)
    encoding = encoding_of(body) if packed == "as it looks" else packed
    refusal = None
    try:
        # In a thread of its own: a browser that other tests of this process drive has a loop in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, made.take(signal, kind, encoding, body)).result()
    except RefusedError as refused:
        refusal = refused.refusal
    assert refusal in (None, Refusal.INVALID, Refusal.TOO_LARGE)
    assert refusal is None or spool.records == []
