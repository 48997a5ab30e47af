"""A trace as Langfuse exports it, in every container."""

from __future__ import annotations

from typing import Any

TRACE = {
    "id": "0af7651916cd43dd8448eb211c80319c",
    "name": "answer-question 171105b7-59dd-49c0-9677-0b95395aa46a",
    "timestamp": "2026-03-01T10:00:00.000Z",
    "projectId": "p1",
    "userId": "u7",
    "sessionId": "s9",
    "release": "2.4.0",
    "environment": "prod",
    "tags": ["beta"],
    "input": '"How long do refunds take?"',
    "output": '"Five days."',
}
ROOT: dict[str, Any] = {
    "id": "b7ad6b7169203331",
    "traceId": TRACE["id"],
    "parentObservationId": None,
    "type": "SPAN",
    "name": "handle",
    "startTime": "2026-03-01T10:00:00.000Z",
    "endTime": "2026-03-01T10:00:02.500Z",
    "level": "DEFAULT",
    "input": None,
    "output": None,
    "usageDetails": {},
    "costDetails": {},
    "totalCost": 0,
    "inputUsage": 0,
    "outputUsage": 0,
    "totalUsage": 0,
}
GENERATION = {
    "id": "00f067aa0ba902b7",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "GENERATION",
    "name": "generate gpt-5-mini",
    "startTime": "2026-03-01T10:00:01.000Z",
    "completionStartTime": "2026-03-01T10:00:01.250Z",
    "endTime": "2026-03-01T10:00:02.000Z",
    "model": "gpt-5-mini",
    "modelParameters": {"temperature": "0.2", "max_tokens": 100, "id": "resp_1"},
    "promptName": "support-answer",
    "promptVersion": 3,
    "version": "v12",
    "input": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How long do refunds take?"},
    ],
    "output": {"role": "assistant", "content": "Five days."},
    "usageDetails": {"input": 40, "output": 5, "total": 45},
    "costDetails": {"input": 0.00004, "output": 0.00001, "total": 0.00005},
    "totalCost": 0.00005,
}
RETRIEVER = {
    "id": "1111111111111111",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "RETRIEVER",
    "name": "kb",
    "startTime": "2026-03-01T10:00:00.100Z",
    "endTime": "2026-03-01T10:00:00.200Z",
    "input": "refunds",
    "output": [{"page_content": "Five business days.", "metadata": {"source": "faq.md", "score": 0.9}}],
}
TOOL = {
    "id": "2222222222222222",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "TOOL",
    "name": "lookup",
    "startTime": "2026-03-01T10:00:00.300Z",
    "endTime": "2026-03-01T10:00:00.400Z",
    "level": "ERROR",
    "statusMessage": "TimeoutError: no answer in 5 s",
}
OBSERVATIONS: list[dict[str, Any]] = [ROOT, GENERATION, RETRIEVER, TOOL]


def without_texts(observation: dict[str, Any]) -> dict[str, Any]:
    return {**observation, "input": None, "output": None}


CONTAINERS = {
    "UI download": {
        "trace": {**TRACE, "observations": [without_texts(o) for o in OBSERVATIONS]},
        "observations": OBSERVATIONS,
    },
    "API trace": {**TRACE, "observations": OBSERVATIONS, "scores": []},
    "list of traces": [{**TRACE, "observations": OBSERVATIONS}],
    "API page": {"data": [{**TRACE, "observations": OBSERVATIONS}], "meta": {"page": 1, "totalItems": 1}},
    "session": {"id": "s9", "projectId": "p1", "traces": [{**TRACE, "observations": OBSERVATIONS}]},
    "tables": {"traces": [TRACE], "observations": OBSERVATIONS, "scores": []},
}


def score(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"score-{number}",
        "traceId": TRACE["id"],
        "observationId": None,
        "timestamp": "2026-03-01T11:00:00Z",
        "dataType": "NUMERIC",
        **more,
    }
