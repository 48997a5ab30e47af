"""Spooled requests as records that are ready to be stored: the part that takes processor time.

It opens nothing and keeps nothing, so that it can run in processes of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import pyarrow as pa

from collectors.ingest_batch import DATA_ERRORS, Batch, Prepared
from collectors.ingest_rules import Rules, RulesSpec
from collectors.model import QuarantinedRecord
from collectors.otlp_request import BadRequestError, TooLargeError, unpack
from collectors.sources._otlp_columns import Columns
from collectors.sources._otlp_raw import Raw, RawSpan
from collectors.sources.base import shorten
from collectors.sources.otlp import Decoded, decode_raw, parse
from collectors.spool_frame import Entry
from collectors.spool_privacy import ColumnPrivacy

SOURCE = "otlp"
# The receiver has already held the body to its own limit; this one only bounds a forged spool.
_UNPACK_LIMIT = 1 << 30
_SHOWN = 500


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
    return _Decoder(Rules(spec)).chunk


@dataclass(frozen=True, kw_only=True)
class _Request:
    """One request after parsing: its records as they came, or why there are none."""

    segment: str
    raws: Sequence[Raw] = ()
    refusal: tuple[str, str] | None = None
    head: bytes = b""
    size: int = 0


class _Decoder:
    """The rules, and what spans were found to share."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        privacy = rules.privacy if rules.privacy is not None and rules.privacy.config.enabled else None
        redaction = None if privacy is None else ColumnPrivacy.of(privacy)
        # Where whole fields are hashed or dropped there are no columns: each span goes the ordinary way.
        has_columns = privacy is None or redaction is not None
        self._columns = Columns(rules.index, redaction, source=SOURCE) if has_columns else None

    def chunk(self, chunk: Chunk) -> Decoding:
        """The chunk's records, ready to be stored."""
        requests = [_parsed(segment, entry) for segment, entry in chunk.entries]
        return Decoding(
            prepared=self._prepared(requests, chunk.now),
            requests=sum(entry.record is not None for _, entry in chunk.entries),
            ends={segment: entry.end for segment, entry in chunk.entries},
            size=sum(request.size for request in requests),
        )

    def _prepared(self, requests: Sequence[_Request], now: datetime) -> Prepared:
        if self._columns is None:
            return self._in_records(requests, now)
        try:
            raws = _lone(requests)
            table, others = self._columns.table(raws)
        except DATA_ERRORS:
            # Some value that no column can hold; record by record it is found and set aside.
            return self._in_records(requests, now)
        left = {id(raw) for raw in raws} - {id(raw) for raw in others}
        rest = self._in_records(
            [replace(r, raws=[raw for raw in r.raws if id(raw) not in left]) for r in requests], now
        )
        if rest.spans.num_rows and not _keys(table).isdisjoint(_keys(rest.spans)):
            # An attribute gave a span the ids of another.
            return self._in_records(requests, now)
        spans = pa.concat_tables([table, rest.spans]) if rest.spans.num_rows else table
        return replace(rest, spans=spans)

    def _in_records(self, requests: Sequence[_Request], now: datetime) -> Prepared:
        batch = Batch()
        for request in requests:
            decoded = self._meaning(request)
            batch.spans += decoded.spans
            batch.feedback += decoded.feedback
            batch.annotations += decoded.annotations
            batch.contents += decoded.span_contents
            batch.quarantined += [
                QuarantinedRecord(
                    file=f"spool/{request.segment}",
                    line=None,
                    source=SOURCE,
                    reason=reason,
                    raw=raw,
                    quarantined_at=now,
                )
                for reason, raw in decoded.rejected
            ]
        return self._rules.prepare(batch, now=now)

    def _meaning(self, request: _Request) -> Decoded:
        if request.refusal is not None:
            return Decoded(rejected=(request.refusal,))
        try:
            return decode_raw(request.raws, source=SOURCE, index=self._rules.index)
        except Exception as error:
            # Hostile input must not stop the spool, whatever becomes of it.
            return Decoded(rejected=(_refusal(error, request.head),))


def _lone(requests: Sequence[_Request]) -> list[RawSpan]:
    """The spans whose ids no other one has: parts of a span and duplicates are for records to merge."""
    spans = [raw for request in requests for raw in request.raws if isinstance(raw, RawSpan)]
    count = Counter((raw.trace_id, raw.span_id) for raw in spans)
    if len(count) == len(spans):
        return spans
    return [raw for raw in spans if count[raw.trace_id, raw.span_id] == 1]


def _keys(spans: pa.Table) -> set[tuple[str, str]]:
    return set(zip(spans["trace_id"].to_pylist(), spans["span_id"].to_pylist(), strict=True))


def _parsed(segment: str, entry: Entry) -> _Request:
    """The entry's records; whatever it holds, this does not raise."""
    record = entry.record
    if record is None:
        where = f"{entry.end - entry.start} bytes at {entry.start} of spool segment {segment}"
        return _Request(segment=segment, refusal=(entry.damage, where))
    body = record.body
    try:
        body = unpack(record.body, record.encoding, _UNPACK_LIMIT)
        raws = list(parse("logs" if record.signal == "logs" else "traces", body, record.content_type))
    except (BadRequestError, TooLargeError) as error:
        return _Request(segment=segment, refusal=(str(error), shorten(record.body[:_SHOWN])), size=len(body))
    except Exception as error:
        return _Request(segment=segment, refusal=_refusal(error, body), size=len(body))
    return _Request(segment=segment, raws=raws, head=body[:_SHOWN], size=len(body))


def _refusal(error: Exception, body: bytes) -> tuple[str, str]:
    return f"{type(error).__name__}: {error}", shorten(body[:_SHOWN])
