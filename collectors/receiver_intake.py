"""One OTLP request into the spool, whichever protocol brought it: acknowledged when it is on disk."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from collectors.errors import SpoolFullError
from collectors.otlp_answer import answer
from collectors.otlp_request import BadRequestError, Checked, Signal, TooLargeError, check, unpack
from collectors.receiver_config import ReceiverConfig
from collectors.receiver_metrics import ReceiverMetrics
from collectors.receiver_refusal import Refusal, RefusedError
from collectors.spool_frame import SpoolRecord

# Parsing a larger body, unpacked, would hold up the other connections.
_INLINE_BYTES = 1 << 20
# Larger bodies wait for one another: parsed, they may take many times their size.
_LARGE_AT_ONCE = 2
# A spool that has no room for this much is called full, though a small request might still fit.
_ROOM_BYTES = 1 << 16
_log = logging.getLogger(__name__)


class SpoolWriter(Protocol):
    """What the receiver needs of the spool."""

    @property
    def used_bytes(self) -> int: ...

    def has_room(self, size: int) -> bool: ...

    def append(self, record: SpoolRecord) -> Future[None]: ...


class Intake:
    """What the protocols share: who may send, how much at once, the check, the spool, the answer."""

    def __init__(
        self,
        spool: SpoolWriter,
        *,
        settings: ReceiverConfig,
        metrics: ReceiverMetrics,
        clock: Callable[[], datetime],
        token: str | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        # Set when the process was told to stop: what is at work is finished, nothing new is begun.
        self.stopping = False
        self._spool = spool
        self._clock = clock
        self._token = token.encode() if token else None
        self._waiting_bytes = 0
        self._refused_bytes = 0
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    @property
    def spool_bytes(self) -> int:
        """Bytes that the spool holds on disk."""
        return self._spool.used_bytes

    @property
    def has_room(self) -> bool:
        """Whether the spool would take a request like the last one that it refused."""
        if self._spool.has_room(max(_ROOM_BYTES, self._refused_bytes)):
            self._refused_bytes = 0
            return True
        return False

    def knows(self, authorization: str) -> bool:
        """Whether the header carries the bearer token; always when none is asked for."""
        if self._token is None:
            return True
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)

    def admit(self, authorization: str) -> None:
        """RefusedError when this sender may not enter, or nobody may any more."""
        if not self.knows(authorization):
            raise RefusedError(Refusal.UNAUTHENTICATED, "missing or wrong bearer token")
        if self.stopping:
            raise RefusedError(Refusal.STOPPING, "the receiver is stopping; try again later")

    @contextmanager
    def room(self, size: int) -> Iterator[Callable[[int], None]]:
        """Memory for `size` bytes of body, and a function that asks for so many more.

        RefusedError when too much is in memory already; a single request always fits.
        """
        held = 0

        def more(size: int) -> None:
            nonlocal held
            others = self._waiting_bytes - held
            if others and self._waiting_bytes + size > self.settings.max_waiting_bytes:
                raise RefusedError(Refusal.THROTTLED, "too many requests at once; try again later")
            self._waiting_bytes += size
            held += size

        try:
            more(size)
            yield more
        finally:
            self._waiting_bytes -= held

    async def take(self, signal: Signal, content_type: str, encoding: str, packed: bytes) -> bytes:
        """Check, spool, and answer once it is on disk; RefusedError otherwise."""
        if signal == "metrics":
            return answer(signal, content_type, 0, "Chainwatch keeps traces and logs; metrics are not stored")
        checked = await self._checked(signal, content_type, encoding, packed)
        if checked.items:
            await self._keep(signal, content_type, encoding, packed, checked)
        return answer(signal, content_type, checked.rejected, checked.reason)

    def broken(self, error: Exception) -> RefusedError:
        """What the sender hears of an error of ours; the log has the rest."""
        _log.error("a request failed in the receiver", exc_info=error)
        return RefusedError(Refusal.BROKEN, "the receiver failed on this request; try again later")

    async def _checked(self, signal: Signal, content_type: str, encoding: str, packed: bytes) -> Checked:
        limit = self.settings.max_request_bytes
        inline = min(limit, _INLINE_BYTES)
        try:
            try:
                body = unpack(packed, encoding, inline)
            except TooLargeError:
                async with self._large:
                    return await asyncio.to_thread(
                        lambda: check(signal, content_type, unpack(packed, encoding, limit))
                    )
            return check(signal, content_type, body)
        except TooLargeError as error:
            raise RefusedError(Refusal.TOO_LARGE, str(error)) from error
        except BadRequestError as error:
            raise RefusedError(Refusal.INVALID, str(error)) from error

    async def _keep(
        self, signal: Signal, content_type: str, encoding: str, packed: bytes, checked: Checked
    ) -> None:
        self.metrics.count("received", signal, checked.items)
        self.metrics.count("rejected", signal, checked.rejected)
        record = SpoolRecord(
            signal=signal,
            content_type=content_type,
            encoding="" if encoding == "identity" else encoding,
            received_at=self._clock(),
            items=checked.items,
            body=packed,
        )
        try:
            await asyncio.wrap_future(self._spool.append(record))
        except SpoolFullError as error:
            if self.stopping:
                raise RefusedError(Refusal.STOPPING, "the receiver is stopping; try again later") from error
            self._refused_bytes = len(packed)
            raise RefusedError(Refusal.THROTTLED, f"{error}; try again later") from error
        self.metrics.count("acknowledged", signal, checked.items - checked.rejected)
