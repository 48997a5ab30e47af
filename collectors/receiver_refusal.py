"""Why a request is not taken, and what each protocol answers then."""

from __future__ import annotations

from enum import Enum


class Refusal(Enum):
    """A kind of refusal: HTTP status, google.rpc.Code (gRPC's status), and whether trying again may help.

    The pairs follow the failure tables of the OTLP specification: senders repeat a request that was answered
    429, 503, UNAVAILABLE, or RESOURCE_EXHAUSTED with RetryInfo, and drop one that was answered otherwise.
    """

    INVALID = (400, 3, False)
    UNAUTHENTICATED = (401, 16, False)
    TIMED_OUT = (408, 4, False)
    TOO_LARGE = (413, 3, False)
    UNSUPPORTED = (415, 3, False)
    THROTTLED = (429, 8, True)
    STOPPING = (503, 14, True)
    # Something in the receiver failed. 500 and INTERNAL would make senders drop the request.
    BROKEN = (503, 14, True)

    def __init__(self, status: int, code: int, retry: bool) -> None:
        self.status = status
        self.code = code
        self.retry = retry


class RefusedError(Exception):
    """Ends a request; the text is for its sender."""

    def __init__(self, refusal: Refusal, text: str) -> None:
        super().__init__(text)
        self.refusal = refusal
