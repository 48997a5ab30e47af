"""Spooled requests as records that are ready to be stored: the part that takes processor time.

It opens nothing and keeps nothing, so that it can run in processes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from collectors.ingest_batch import Batch, Prepared
from collectors.ingest_rules import Rules, RulesSpec
from collectors.model import QuarantinedRecord
from collectors.otlp_request import BadRequestError, TooLargeError, unpack
from collectors.sources.base import shorten
from collectors.sources.otlp import Decoded, decode
from collectors.spool_frame import Entry

SOURCE = "otlp"
# The receiver has already held the body to its own limit; this one only bounds a forged spool.
_UNPACK_LIMIT = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some requests of the spool, in order: (segment, what stands there), and when they are decoded."""

    entries: Sequence[tuple[str, Entry]]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """A chunk after decoding. `ends` is how far each segment is read when this is stored."""

    prepared: Prepared
    requests: int
    ends: dict[str, int]
    size: int


def decoder(spec: RulesSpec) -> Callable[[], Callable[[Chunk], Decoding]]:
    """What makes the decoding function, in whichever process it is to run."""
    return partial(_decoder, spec)


def _decoder(spec: RulesSpec) -> Callable[[Chunk], Decoding]:
    return partial(_decode_chunk, Rules(spec))


def _decode_chunk(rules: Rules, chunk: Chunk) -> Decoding:
    batch = Batch()
    ends: dict[str, int] = {}
    requests = size = 0
    for segment, entry in chunk.entries:
        decoded, unpacked = _decode_entry(rules, segment, entry)
        batch.spans += decoded.spans
        batch.feedback += decoded.feedback
        batch.annotations += decoded.annotations
        batch.contents += decoded.span_contents
        batch.quarantined += [
            QuarantinedRecord(
                file=f"spool/{segment}",
                line=None,
                source=SOURCE,
                reason=reason,
                raw=raw,
                quarantined_at=chunk.now,
            )
            for reason, raw in decoded.rejected
        ]
        ends[segment] = entry.end
        requests += entry.record is not None
        size += unpacked
    return Decoding(prepared=rules.prepare(batch, now=chunk.now), requests=requests, ends=ends, size=size)


def _decode_entry(rules: Rules, segment: str, entry: Entry) -> tuple[Decoded, int]:
    """The entry's records and its unpacked bytes; whatever it holds, this does not raise."""
    record = entry.record
    if record is None:
        where = f"{entry.end - entry.start} bytes at {entry.start} of spool segment {segment}"
        return _refused(entry.damage, where), 0
    body = record.body
    try:
        body = unpack(record.body, record.encoding, _UNPACK_LIMIT)
        decoded = decode(
            "logs" if record.signal == "logs" else "traces",
            body,
            record.content_type,
            source=SOURCE,
            index=rules.index,
        )
    except (BadRequestError, TooLargeError) as error:
        return _refused(str(error), shorten(record.body[:500])), len(body)
    except Exception as error:
        # Hostile input must not stop the spool, whatever the decoder makes of it.
        return _refused(f"{type(error).__name__}: {error}", shorten(body[:500])), len(body)
    return decoded, len(body)


def _refused(reason: str, raw: str) -> Decoded:
    return Decoded(rejected=((reason, raw),))
