"""From what a run read to the sketches of its windows: numbers of all spans, texts of the embedded sample."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.result import Window
from monitors.sketches.number_sketch import GAMMA, ZERO_OFFSET, NumberSketch
from monitors.sketches.text_sketch import TextSketch
from monitors.sql import query
from monitors.streams import (
    ESTIMATED_TOKENS,
    FEEDBACK_FIELDS,
    NUMBER_FIELDS,
    QUALITY,
    TEXT_FIELDS,
    UNITS,
    Stream,
)
from monitors.summaries import Sample

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Sketched:
    """The sketch of one stream in one bucket; basis as in `Sample`."""

    stream: Stream
    window: Window
    basis: str
    sketch: TextSketch | NumberSketch
    dataset: str = PRODUCTION


def read_bins(con: Connection, period: Window, step_us: int, *, dataset: str = PRODUCTION) -> list[Row]:
    """The numbers of all spans of a stretch of time, counted in bins; its cost follows these spans."""
    bounds = {"start": period.start, "end": period.end, "dataset": dataset, "length_us": step_us}
    return fetch(con, query("number_bins"), {**bounds, "offset": ZERO_OFFSET, "log_gamma": math.log(GAMMA)})


def number_sketches(
    bins: Sequence[Row],
    counts: Sequence[Row],
    step_us: int,
    *,
    whole: Window | None = None,
    dataset: str = PRODUCTION,
) -> list[Sketched]:
    """Of every stream of numbers that has a value. counts: what `counts.sql` says of the same spans; whole:
    the one window of an evaluation set.
    """
    told = {(row["chain"], row["component"], row["bucket"], row["field"]): row for row in bins}
    made = []
    for count in counts:
        place = (count["chain"], count["component"], count["bucket"])
        start = _EPOCH + place[2] * step_us * _MICROSECOND
        window = whole or Window(start=start, end=start + step_us * _MICROSECOND)
        for field in NUMBER_FIELDS:
            basis, column, n = UNITS[field], field, count[field]
            if n == 0 and field.endswith("_tokens"):
                basis, column = ESTIMATED_TOKENS, field.replace("_tokens", "_length")
            found = told.get((*place, column))
            if found is not None:
                stream = Stream(place[0], place[1], field)
                sketch = _of_bins(found, count["spans"])
                made.append(
                    Sketched(stream=stream, window=window, basis=basis, sketch=sketch, dataset=dataset)
                )
    return made


def _of_bins(row: Mapping[str, Any], spans: int) -> NumberSketch:
    return NumberSketch(
        n_missing=max(0, spans - sum(row["counts"])),
        codes=tuple(row["codes"]),
        counts=tuple(row["counts"]),
        total=row["total"],
        low=row["low"],
        high=row["high"],
    )


def sample_sketches(samples: Iterable[Sample], *, but: Collection[tuple[Any, ...]] = ()) -> list[Sketched]:
    """Of the sampled streams that no other sketch stands for: embeddings, grades, and users' signs.

    but: (stream, start of window, basis) of those that are stored already.
    """
    made = []
    for sample in samples:
        if (sample.stream, sample.window.start, sample.basis) in but:
            continue
        sketch: TextSketch | NumberSketch
        if sample.stream.field in TEXT_FIELDS:
            sketch = sample.sketch
        elif sample.stream.field.startswith(QUALITY) or sample.stream.field in FEEDBACK_FIELDS:
            sketch = NumberSketch.of(sample.as_window_sample().rows[:, 0], n_missing=sample.n_missing)
        else:
            continue
        made.append(
            Sketched(
                stream=sample.stream,
                window=sample.window,
                basis=sample.basis,
                sketch=sketch,
                dataset=sample.dataset,
            )
        )
    return made
