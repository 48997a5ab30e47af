"""Bounded samples of streams, window by window: in memory for a run, and in the warehouse between runs.

A run costs what is new because of them: the reference of a week is read as samples, never as spans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.model import PRODUCTION
from collectors.text_rows import pack, unpack
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert
from monitors.checks.base import WindowSample
from monitors.result import Window
from monitors.sketches.text_sketch import TextSketch
from monitors.streams import CHARACTER_FIELDS, NAME_FIELDS, NUMBER_FIELDS, Stream


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A stream in one window (or in a whole evaluation set), as stored.

    Attributes:
        basis: what the rows are (encoder, unit, judge); samples of two bases are never compared.
        n: rows that had a value; n_missing: rows that had none.
        rows: (k, d) float16 vectors, (k, 1) float64 numbers, or (k, 1) objects: texts and names. NaN or None
            where a sampled span has none, so that all numbers and names of one component and window have the
            same keys.
        keys: k keys "trace_id/span_id".
        stored_sketch: of vectors, where it was read with them.
    """

    stream: Stream
    window: Window
    basis: str
    n: int
    n_missing: int
    rows: NDArray[Any]
    keys: tuple[str, ...]
    seed: int
    dataset: str = PRODUCTION
    stored_sketch: TextSketch | None = field(default=None, repr=False, compare=False)

    def as_window_sample(self) -> WindowSample:
        """What a check is given: float32 vectors, or the numbers and strings that are there."""
        if self.stream.data == "embedding":
            # Not kept: a week of float32 vectors of many streams is a lot of memory.
            rows = self.rows.astype(np.float32)
            return WindowSample(
                window=self.window,
                n=self.n,
                rows=rows,
                keys=self.keys,
                stored_sketch=lambda: self.sketch,
            )
        return self._told

    @cached_property
    def _there(self) -> NDArray[np.bool_]:
        """(k,) which rows have a value."""
        if self.stream.has_objects:
            return np.array([value is not None for value in self.rows[:, 0]], dtype=bool)
        numbers: NDArray[np.bool_] = ~np.isnan(self.rows[:, 0])
        return numbers

    @cached_property
    def _told(self) -> WindowSample:
        there = self._there
        keys = (
            self.keys
            if there.all()
            else tuple(k for k, is_there in zip(self.keys, there, strict=True) if is_there)
        )
        return WindowSample(window=self.window, n=self.n, rows=self.rows[there], keys=keys)

    @cached_property
    def digest(self) -> bytes:
        """Identifies window, counts and rows, whatever the stream: components pass texts on."""
        head = f"{self.window.start.isoformat()} {self.n} {self.basis} {self.rows.shape}".encode()
        return hashlib.blake2b(head + _bytes(self.rows), digest_size=16).digest()

    @cached_property
    def sketch(self) -> TextSketch:
        """The mergeable sketch of vectors: the stored one, which is equal to what the rows make."""
        if self.stored_sketch is not None:
            return self.stored_sketch
        return TextSketch.of(self.rows, self.keys, n=self.n, n_missing=self.n_missing)

    @property
    def kept(self) -> int:
        """Rows with a value that the sample has."""
        return int(np.count_nonzero(self._there))


def _bytes(rows: NDArray[Any]) -> bytes:
    return pack(list(rows[:, 0])) if rows.dtype == object else rows.tobytes()


def digest_of(samples: Iterable[Sample]) -> bytes:
    """Identifies a sequence of samples by what they hold."""
    return hashlib.blake2b(b"".join(s.digest for s in samples), digest_size=16).digest()


def with_sketch(sample: Sample, sketch: TextSketch | None) -> Sample:
    """The sample with its stored sketch, where there is one."""
    return sample if sketch is None else replace(sample, stored_sketch=sketch)


def compact(rows: NDArray[Any], stream: Stream) -> NDArray[Any]:
    """Rows as they are stored. Vectors lose their last digits at once, so that replay equals live."""
    if stream.has_objects:
        return rows.astype(object).reshape(-1, 1)
    return rows.astype("<f2") if stream.data == "embedding" else rows.astype("<f8").reshape(-1, 1)


class SampleStore:
    """The samples that a run works with, by stream and start of window."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._samples: dict[Stream, dict[datetime, Sample]] = {}
        # Float32 vectors of the windows that were last asked for: the next question wants all but one again.
        self._told: dict[Stream, dict[datetime, tuple[Sample, WindowSample]]] = {}

    def add(self, samples: Iterable[Sample]) -> None:
        """Take samples in; one of the same stream and window is replaced."""
        for sample in samples:
            self._samples.setdefault(sample.stream, {})[sample.window.start] = sample

    def drop_window(self, window: Window) -> None:
        """Forget a window that is about to be read again."""
        for by_start in self._samples.values():
            by_start.pop(window.start, None)

    def drop_before(self, at: datetime) -> None:
        """Forget windows that end before `at`."""
        for by_start in self._samples.values():
            for start in [s for s in by_start if s + self._length <= at]:
                del by_start[start]

    def get(self, stream: Stream, window: Window) -> Sample | None:
        """The sample of one window, if the stream had any row in it."""
        return self._samples.get(stream, {}).get(window.start)

    def has(self, stream: Stream, start: datetime) -> bool:
        """Whether the stream had a row in the window that starts then."""
        return start in self._samples.get(stream, {})

    def by_start(self, stream: Stream) -> Mapping[datetime, Sample]:
        """The samples of a stream by start of their window."""
        return self._samples.get(stream, {})

    def known(self) -> list[Stream]:
        """Every stream that had a row in any window that is held."""
        return sorted(stream for stream, by_start in self._samples.items() if by_start)

    def streams(self, start: datetime, end: datetime) -> list[Stream]:
        """Streams that had a row in a window that starts in [start, end), sorted."""
        return sorted(
            stream
            for stream, by_start in self._samples.items()
            # The latest came last, and decides nearly always.
            if any(start <= at < end and sample.n for at, sample in reversed(by_start.items()))
        )

    def recent(self, stream: Stream, window: Window, count: int, basis: str) -> list[WindowSample]:
        """The last `count` windows up to `window`, oldest first; those without rows have n = 0."""
        found: list[WindowSample] = []
        by_start = self._samples.get(stream, {})
        known, told = self._told.get(stream, {}), {}
        for back in range(count - 1, -1, -1):
            start = window.start - back * self._length
            sample = by_start.get(start)
            if sample is None or sample.basis != basis:
                empty = np.zeros((0, 1))
                found.append(
                    WindowSample(
                        window=Window(start=start, end=start + self._length), n=0, rows=empty, keys=()
                    )
                )
            else:
                was, window_sample = known.get(start, (None, None))
                if window_sample is None or was is not sample:
                    window_sample = sample.as_window_sample()
                told[start] = sample, window_sample
                found.append(window_sample)
        self._told[stream] = told
        return _same_width(found)

    def between(self, stream: Stream, period: Window, basis: str) -> list[Sample]:
        """Samples with rows of `basis` in windows inside `period`, in time order."""
        inside, last = self._samples.get(stream, {}), period.end - self._length
        starts = sorted(start for start in inside if period.start <= start <= last)
        return [inside[at] for at in starts if inside[at].basis == basis and inside[at].n]


def _same_width(samples: Sequence[WindowSample]) -> list[WindowSample]:
    """Empty windows get (0, d) rows like the others, so that rows can be stacked."""
    width = next((s.rows.shape[1] for s in samples if len(s.rows)), 1)
    kind = next((s.rows.dtype for s in samples if len(s.rows)), np.dtype(np.float64))
    return [
        s
        if len(s.rows)
        else WindowSample(window=s.window, n=s.n, rows=np.zeros((0, width), dtype=kind), keys=())
        for s in samples
    ]


def read_samples(con: Connection, start: datetime, end: datetime) -> list[Sample]:
    """Production's samples of windows that lie in [start, end]."""
    sql = "SELECT * FROM samples WHERE dataset = ? AND window_end <= ? AND window_start >= ?"
    return _from_rows(fetch(con, sql, [PRODUCTION, end, start]))


def read_pools(con: Connection, dataset: str) -> list[Sample]:
    """The samples of one evaluation set."""
    return _from_rows(fetch(con, "SELECT * FROM samples WHERE dataset = ?", [dataset]))


def write_samples(con: Connection, samples: Sequence[Sample], windows: Sequence[Window]) -> None:
    """Store production's samples of `windows`, replacing what was there."""
    con.execute(
        "DELETE FROM samples WHERE dataset = ? AND list_contains(?, window_start)",
        [PRODUCTION, [w.start for w in windows]],
    )
    insert(con, "samples", [_to_row(s) for s in samples])


def write_pools(con: Connection, dataset: str, samples: Sequence[Sample]) -> None:
    """Store the samples of one evaluation set, replacing what was there."""
    con.execute("DELETE FROM samples WHERE dataset = ?", [dataset])
    insert(con, "samples", [_to_row(s) for s in samples])


def prune_samples(con: Connection, before: datetime) -> None:
    """Forget production's samples that no later window can be compared with."""
    con.execute("DELETE FROM samples WHERE dataset = ? AND window_end < ?", [PRODUCTION, before])


def _to_row(sample: Sample) -> Row:
    return {
        "dataset": sample.dataset,
        "chain": sample.stream.chain,
        "component": sample.stream.component,
        "field": sample.stream.field,
        "basis": sample.basis,
        "window_start": sample.window.start,
        "window_end": sample.window.end,
        "n": sample.n,
        "n_missing": sample.n_missing,
        "dimensions": sample.rows.shape[1],
        "rows": _bytes(sample.rows),
        # Every sampled span has a status, so its keys are those of the other numbers too.
        "keys": [] if _shares_keys(sample.stream) else list(sample.keys),
        "seed": sample.seed,
    }


def _shares_keys(stream: Stream) -> bool:
    return stream.field != "status" and stream.field in (*NUMBER_FIELDS, *NAME_FIELDS, *CHARACTER_FIELDS)


def _from_rows(rows: Sequence[Row]) -> list[Sample]:
    keys = {
        (row["chain"], row["component"], row["window_start"]): tuple(row["keys"])
        for row in rows
        if row["field"] == "status"
    }
    return [_from_row(row, keys) for row in rows]


def _from_row(row: Row, shared: Mapping[tuple[str, str, datetime], tuple[str, ...]]) -> Sample:
    stream = Stream(row["chain"], row["component"], row["field"])
    own = tuple(row["keys"])
    return Sample(
        stream=stream,
        window=Window(start=row["window_start"], end=row["window_end"]),
        basis=row["basis"],
        n=row["n"],
        n_missing=row["n_missing"],
        rows=_unpacked(row["rows"], stream).reshape(-1, row["dimensions"]),
        keys=shared[stream.chain, stream.component, row["window_start"]] if _shares_keys(stream) else own,
        seed=row["seed"],
        dataset=row["dataset"],
    )


def _unpacked(blob: bytes, stream: Stream) -> NDArray[Any]:
    if stream.has_objects:
        return np.array(unpack(blob), dtype=object)
    return np.frombuffer(blob, dtype="<f2" if stream.data == "embedding" else "<f8")
