"""What an OTLP sender is answered: the export response, or a google.rpc.Status."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from collectors.otlp_request import JSON, Signal

_RESPONSES: dict[Signal, tuple[type[Message], str]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}


def answer(signal: Signal, content_type: str, rejected: int = 0, reason: str = "") -> bytes:
    """The export response, in the encoding of the request; partial success when a reason is given."""
    kind, count = _RESPONSES[signal]
    message: Any = kind()
    if rejected or reason:
        setattr(message.partial_success, count, rejected)
        message.partial_success.error_message = reason
    return _encoded(message, content_type)


def failure(content_type: str, code: int, text: str, *, retry_after_s: int | None = None) -> bytes:
    """A google.rpc.Status, in the encoding of the request; with RetryInfo when it may be tried again."""
    status = Status(code=code, message=text)
    if retry_after_s is not None:
        status.details.add().Pack(_retry(retry_after_s))
    return _encoded(status, content_type)


def retry_info(retry_after_s: int) -> bytes:
    """A google.rpc.RetryInfo as protobuf."""
    packed: bytes = _retry(retry_after_s).SerializeToString()
    return packed


def _retry(seconds: int) -> Any:
    info = RetryInfo()
    info.retry_delay.seconds = seconds
    return info


def _encoded(message: Any, content_type: str) -> bytes:
    if content_type == JSON:
        text: str = json_format.MessageToJson(message, indent=None)
        return text.encode()
    packed: bytes = message.SerializeToString()
    return packed
