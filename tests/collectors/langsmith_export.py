"""Runs as LangSmith posts, patches and exports them."""

from __future__ import annotations

from typing import Any

TRACE = "d0d84d31-923d-4cb5-94a8-40a0a0087578"
CHILD = "a8b34ded-ccd2-4fb7-bccb-9cd625066a14"
USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13, "input_token_details": {"cache_read": 6}}


def post(run_id: str = TRACE, **more: Any) -> dict[str, Any]:
    return {
        "id": run_id,
        "trace_id": TRACE,
        "name": "ChatOpenAI",
        "run_type": "llm",
        "start_time": "2026-03-01T10:00:00.000000+00:00",
        "session_name": "helpdesk",
        "extra": {
            "metadata": {
                "ls_provider": "openai",
                "ls_model_name": "gpt-5-mini",
                "revision_id": "v1.82",
                "thread_id": "conversation-1",
                "user_id": "u1",
            },
            "runtime": {"sdk": "langsmith-py"},
        },
        "inputs": {"messages": [{"role": "user", "content": "howdy"}], "temperature": 0.3},
        "outputs": {},
        "events": [],
        **more,
    }


def patch(run_id: str = TRACE, **more: Any) -> dict[str, Any]:
    return {
        "id": run_id,
        "trace_id": TRACE,
        "parent_run_id": None,
        "end_time": "2026-03-01T10:00:01.500000+00:00",
        "extra": {"metadata": {"team": "blue"}},
        "outputs": {
            "choices": [{"message": {"role": "assistant", "content": "Hello!"}}],
            "model": "gpt-5-mini-2026-08-07",
            "usage_metadata": USAGE,
        },
        "events": [
            {"name": "new_token", "time": "2026-03-01T10:00:00.400000+00:00", "kwargs": {"token": "H"}},
            {"name": "new_token", "time": "2026-03-01T10:00:00.500000+00:00", "kwargs": {"token": "e"}},
            {"name": "retry", "time": "2026-03-01T10:00:00.100000+00:00", "kwargs": {"attempt": 2}},
        ],
        **more,
    }


def run(run_id: str, run_type: str, **more: Any) -> dict[str, Any]:
    return {
        "id": run_id,
        "trace_id": TRACE,
        "run_type": run_type,
        "name": run_type,
        "start_time": "2026-03-01T10:00:00",
        "end_time": "2026-03-01T10:00:02",
        "status": "success",
        "inputs": {},
        "outputs": {},
        **more,
    }


def constructor(kind: str, content: str, **more: Any) -> dict[str, Any]:
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", kind],
        "kwargs": {"content": content, **more},
    }


TOTALS = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42, "total_cost": "0.0005"}
CALLS = {"tool_calls": [{"function": {"name": "look_up", "arguments": '{"id": 7}'}}]}
EXPORT = [
    run(TRACE, "chain", **TOTALS, feedback_stats={"helpful": {"n": 1, "avg": 1.0}}),
    run(
        CHILD,
        "llm",
        **TOTALS,
        parent_run_id=TRACE,
        first_token_time="2026-03-01T10:00:00.500",
        extra={"invocation_params": {"model": "gpt-5", "temperature": 0.1, "_type": "openai-chat"}},
        inputs={
            "messages": [[constructor("SystemMessage", "Be brief."), constructor("HumanMessage", "Where?")]]
        },
        outputs={
            "generations": [
                [{"message": constructor("AIMessage", "", additional_kwargs=CALLS, usage_metadata=USAGE)}]
            ]
        },
    ),
    run(
        "r3",
        "retriever",
        parent_run_id=TRACE,
        inputs={"query": "refunds"},
        outputs={"documents": [{"page_content": "Five days.", "metadata": {"source": "faq.md"}}]},
    ),
    run(
        "r4",
        "tool",
        parent_run_id=TRACE,
        status="error",
        error="ToolError('gone')\n\nTraceback ...",
        **TOTALS,
    ),
    run(
        "r5",
        "tool",
        parent_run_id=TRACE,
        extra={"metadata": {"usage_metadata": {"input_tokens": 2, "output_tokens": 0, "total_cost": 0.01}}},
    ),
]


def feedback(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"feedback-{number}",
        "run_id": CHILD,
        "key": "correctness",
        "created_at": "2026-03-01T11:00:00+00:00",
        "feedback_source": {"type": kind, "user_name": "Kim" if kind == "app" else None},
        **more,
    }
