"""Bodies that published instrumentations really sent: every span, and its fields as read by eye."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from collectors.model import Span
from collectors.sources.otlp import Decoded, decode

REFUND = "Refunds are issued within 5 business days to the original payment method."
SNAPSHOT = "gpt-5-mini-2026-08-07"


def signal_of(path: Path) -> str:
    return "logs" if "-logs-" in path.name else "traces"


def read(folder: Path, name: str) -> Decoded:
    path = folder / "otlp_captured" / f"{name}.pb"
    return decode("logs" if "-logs-" in name else "traces", path.read_bytes(), "application/x-protobuf")


def span_named(decoded: Decoded, name: str) -> Span:
    return next(span for span in decoded.spans if span.name == name)


def test_protobuf_and_json_give_the_same_and_nothing_is_refused(shared_data: Path) -> None:
    bodies = sorted((shared_data / "otlp_captured").glob("*.pb"))
    assert len(bodies) == 45
    kinds: Counter[str] = Counter()
    for body in bodies:
        signal = "logs" if "-logs-" in body.name else "traces"
        binary = decode(signal, body.read_bytes(), "application/x-protobuf")  # type: ignore[arg-type]
        text = decode(signal, body.with_suffix(".json").read_bytes(), "application/json")  # type: ignore[arg-type]
        assert binary == text, body.name
        assert binary.rejected == ()
        assert binary.ignored == 0
        kinds.update(span.kind for span in binary.spans)
    # README of the data: 182 spans.
    assert sum(kinds.values()) == 182
    assert kinds == {
        "chain": 80,
        "llm": 36,
        "other": 30,
        "embedding": 18,
        "retriever": 12,
        "tool": 3,
        "agent": 3,
    }


def check(span: Span, **expected: object) -> None:
    assert {key: getattr(span, key) for key in expected} == expected


def test_openinference_langchain_rag(shared_data: Path) -> None:
    decoded = read(shared_data, "openinference-langchain-traces-001")
    assert {s.chain for s in decoded.spans} == {"support-rag"}
    assert {s.chain_version for s in decoded.spans} == {"1.4.2"}
    assert {s.environment for s in decoded.spans} == {"staging"}
    assert {(s.session_id, s.user_id) for s in decoded.spans} == {("sess-0", "u0")}
    llm = span_named(decoded, "ChatOpenAI")
    check(
        llm,
        kind="llm",
        component="ChatOpenAI",
        input_text="How long do refunds take?",
        output_text=REFUND,
        model=SNAPSHOT,
        provider="openai",
        input_tokens=66,
        output_tokens=23,
        cached_tokens=33,
        parameters={"stream": False},
        status="ok",
    )
    assert llm.duration_s == pytest.approx((1795308670529228032 - 1795308670438025984) / 1e9)
    assert llm.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert "business days" in llm.attributes["llm.input_messages.0.message.content"], (
        "the system prompt is kept"
    )
    retriever = span_named(decoded, "KB")
    check(
        retriever, kind="retriever", component="KB", input_text="How long do refunds take?", output_text=None
    )
    assert [(d.id, d.score) for d in retriever.documents] == [
        ("kb/0.md", 0.9),
        ("kb/1.md", 0.8),
        ("kb/2.md", 0.7),
    ]
    assert retriever.documents[1].text == "Policy 1: refunds are issued within 5 business days."
    check(span_named(decoded, "ChatPromptTemplate"), prompt_template="Answer from: {context}", kind="other")
    check(span_named(decoded, "StrOutputParser"), input_text=REFUND, output_text=REFUND)
    root = span_named(decoded, "support_rag_chain")
    check(root, parent_span_id=None, kind="chain", input_text="How long do refunds take?", output_text=REFUND)
    assert all(s.parent_span_id for s in decoded.spans if s is not root)


def test_openinference_langchain_error(shared_data: Path) -> None:
    decoded = read(shared_data, "openinference-langchain-traces-004")
    for name in ("ChatOpenAI", "support_rag_chain"):
        check(
            span_named(decoded, name),
            status="error",
            error_type="OpenAIRateLimitError",
            input_text="Do you ship to Norway? FORCE_429",
            output_text=None,
        )
    check(span_named(decoded, "KB"), status="ok", error_type=None)


def test_openinference_langgraph_agent_with_a_tool(shared_data: Path) -> None:
    decoded = read(shared_data, "openinference-langchain-traces-007")
    first, second = sorted((s for s in decoded.spans if s.name == "ChatOpenAI"), key=lambda s: s.started_at)
    call = 'lookup_order(order_id="A-1042")'
    check(first, input_text="How long do refunds take?", output_text=call, input_tokens=29, cached_tokens=14)
    conversation = f"user: How long do refunds take?\nassistant: {call}\ntool: Order A-1042: shipped"
    check(second, input_text=conversation, output_text=REFUND, input_tokens=101, cached_tokens=50)
    tool = span_named(decoded, "lookup_order")
    check(
        tool, kind="tool", component="lookup_order", input_text="A-1042", output_text="Order A-1042: shipped"
    )
    check(span_named(decoded, "tools"), input_text=call, output_text="Order A-1042: shipped")
    agent = span_named(decoded, "order_agent")
    check(
        agent,
        kind="agent",
        component="order_agent",
        input_text="How long do refunds take?",
        output_text=REFUND,
    )


@pytest.mark.parametrize(
    ("number", "question", "answer", "tokens"),
    [
        ("001", "How long do refunds take?", REFUND, (29, 23, 14)),
        ("002", "Where is my order A-1042?", 'lookup_order(order_id="A-1042")', (29, 23, 14)),
        ("003", "Can I change my delivery address?", REFUND, (31, 23, 15)),
    ],
)
def test_openllmetry_openai(
    shared_data: Path, number: str, question: str, answer: str, tokens: tuple[int, int, int]
) -> None:
    decoded = read(shared_data, f"traceloop-openai-traces-{number}")
    chat = span_named(decoded, "openai.chat")
    check(chat, kind="llm", component="openai.chat", input_text=question, output_text=answer, model=SNAPSHOT)
    assert (chat.input_tokens, chat.output_tokens, chat.cached_tokens) == tokens
    assert chat.parameters == {"temperature": 0.2, "stream": number == "003"}
    embedding = span_named(decoded, "openai.embeddings")
    check(
        embedding, kind="embedding", input_text=question, input_tokens=7, output_tokens=None, output_text=None
    )
    check(
        span_named(decoded, "handle_request"), kind="other", parent_span_id=None, input_text=None, model=None
    )


def test_openllmetry_streaming_gives_the_time_to_the_first_chunk(shared_data: Path) -> None:
    chat = span_named(read(shared_data, "traceloop-openai-traces-003"), "openai.chat")
    assert chat.time_to_first_token_s == pytest.approx((1795308724483457131 - 1795308724343666019) / 1e9)


@pytest.mark.parametrize(("number", "error"), [("004", "RateLimitError"), ("005", "InternalServerError")])
@pytest.mark.parametrize("family", ["traceloop-openai-traces", "otel-openai-v2-default-traces"])
def test_errors_have_the_class_that_the_attribute_names(
    shared_data: Path, family: str, number: str, error: str
) -> None:
    decoded = read(shared_data, f"{family}-{number}")
    failed = [span for span in decoded.spans if span.kind == "llm"]
    assert [(s.status, s.error_type, s.model) for s in failed] == [("error", error, "gpt-5-mini")]


def test_otel_genai_with_messages_on_the_span(shared_data: Path) -> None:
    decoded = read(shared_data, "otel-openai-v2-latest-traces-002")
    check(
        span_named(decoded, "chat gpt-5-mini"),
        kind="llm",
        component="chat",
        model=SNAPSHOT,
        provider="openai",
        input_text="Where is my order A-1042?",
        output_text='lookup_order(order_id="A-1042")',
        input_tokens=29,
        output_tokens=23,
        cached_tokens=None,
        status="unset",
        parameters={"temperature": 0.2},
    )
    check(span_named(decoded, "embeddings text-embedding-3-small"), kind="embedding", component="embeddings")
    check(span_named(decoded, "handle_request"), component="handle_request", session_id="sess-0")


def test_messages_that_travel_as_log_records(shared_data: Path) -> None:
    pieces = read(shared_data, "otel-openai-v2-default-logs-002").span_contents
    assert [(p.side, p.role, p.text) for p in pieces] == [
        ("system", "system", "You are a support agent."),
        ("input", "user", "Where is my order A-1042?"),
        ("output", "assistant", 'lookup_order(order_id="A-1042")'),
    ]
    chat = span_named(read(shared_data, "otel-openai-v2-default-traces-002"), "chat gpt-5-mini")
    assert {(p.trace_id, p.span_id) for p in pieces} == {(chat.trace_id, chat.span_id)}
    assert chat.input_text is None
    whole = read(shared_data, "otel-openai-v2-latest-logs-001").span_contents
    assert {(p.side, p.text) for p in whole if p.whole} == {
        ("input", "How long do refunds take?"),
        ("output", REFUND),
    }
