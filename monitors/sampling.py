"""From spans to samples: what a stretch of time holds, read once, and made into rows for the checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.embedding.encoder import Encoder, encode_present, unit_rows
from monitors.judges.feedback import FeedbackConfig
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.grading import judged_spans
from monitors.result import Window
from monitors.sampling_feedback import RawFeedback, feedback_extras, read_feedback
from monitors.sampling_names import RawNames, extras, grouped, key_of, read_names
from monitors.sketches.made import Sketched, number_sketches, read_bins, sample_sketches
from monitors.sql import query
from monitors.streams import (
    ESTIMATED_TOKENS,
    FEEDBACK_FIELDS,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    UNITS,
    Stream,
    quality_field,
)
from monitors.summaries import Sample, compact

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Numbers are cheap to keep and to compare; the bound is there for windows of millions.
NUMBERS_PER_WINDOW = 1000
_PLACE = ("chain", "component", "bucket")
_NOTHING_MORE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What was read of a stretch of time; the connection can be closed."""

    counts: list[Row]
    numbers: list[Row]
    texts: list[Row]
    judged: list[JudgedSpan]
    grades: list[Row]
    bins: list[Row] = dataclasses.field(default_factory=list)
    names: RawNames = dataclasses.field(default_factory=RawNames)
    feedback: RawFeedback = dataclasses.field(default_factory=RawFeedback)

    @property
    def spans(self) -> int:
        """Spans that the stretch holds, sampled or not."""
        return sum(row["spans"] for row in self.counts)


class Sampler:
    """Reads spans and makes samples, by one length of window, one cap and one seed.

    `wanted`: the optional fields (`streams.OPTIONAL_FIELDS`) that a check asks for; `feedback`: how users'
    signals are read.
    """

    def __init__(
        self,
        *,
        length: timedelta,
        cap: int,
        max_characters: int,
        seed: int,
        encoder: Encoder,
        wanted: frozenset[str] = _NOTHING_MORE,
        feedback: FeedbackConfig | None = None,
    ) -> None:
        self._feedback = feedback or FeedbackConfig()
        self._length = length
        self._cap = cap
        self._max_characters = max_characters
        self._seed = seed
        self._wanted = wanted
        self.encoder = encoder

    def read(self, con: Connection, period: Window, *, dataset: str = PRODUCTION) -> Raw:
        """Everything that evaluating `period` needs of the spans. An evaluation set is one window."""
        bounds: dict[str, Any] = {"start": period.start, "end": period.end, "dataset": dataset}
        buckets = bounds | {"length_us": self._step(dataset)}
        lots = buckets | {"seed": self._seed}
        cap, numbers_cap = self._cap, NUMBERS_PER_WINDOW
        # Users speak of production; what runs through an evaluation set has none.
        signs = self._wanted if dataset == PRODUCTION else _NOTHING_MORE
        if dataset != PRODUCTION:
            cap = numbers_cap
        texts = fetch(con, query("texts"), lots | {"cap": cap, "max_characters": self._max_characters})
        return Raw(
            counts=fetch(con, query("counts"), buckets),
            numbers=fetch(con, query("numbers"), lots | {"cap": numbers_cap}),
            texts=texts,
            judged=_judged(con, period, texts, dataset),
            grades=fetch(con, query("grades"), bounds),
            bins=read_bins(con, period, self._step(dataset), dataset=dataset),
            names=read_names(con, self._wanted, lots | {"cap": numbers_cap}),
            feedback=read_feedback(con, signs, lots | {"cap": numbers_cap}, self._feedback),
        )

    def judged(self, con: Connection, period: Window) -> list[JudgedSpan]:
        """What the local scorer will grade of production in `period`: the `judged` of `read`, by itself."""
        lots = {"start": period.start, "end": period.end, "dataset": PRODUCTION, "seed": self._seed}
        lots |= {"length_us": self._step(PRODUCTION), "cap": self._cap, "max_characters": 1}
        return _judged(con, period, fetch(con, query("texts"), lots), PRODUCTION)

    def samples(
        self, raw: Raw, grades: Sequence[Grade], period: Window, *, dataset: str = PRODUCTION
    ) -> list[Sample]:
        """The samples of everything read; `grades` are the local scorer's of `raw.judged`."""
        made = _Maker(seed=self._seed, dataset=dataset, step=self._step(dataset), period=period)
        counts = {tuple(row[name] for name in _PLACE): row for row in raw.counts}
        numbers = grouped(raw.numbers)
        for place, rows in numbers.items():
            made.numbers(place, rows, counts[place])
        vectors = self._vectors(raw.texts)
        for field in TEXT_FIELDS:
            with_vector = [row for row in raw.texts if (key_of(row), field) in vectors]
            for place, rows in grouped(with_vector).items():
                keys = tuple(key_of(row) for row in rows)
                stacked = np.stack([vectors[key, field] for key in keys])
                n = counts[place][field]
                missing = counts[place]["spans"] - n
                made.add(place, field, stacked, basis=self.encoder.identity, n=n, missing=missing, keys=keys)
        made.grades(raw, grades, counts)
        if self._wanted:
            by_text = grouped(raw.texts)
            named = extras(self._wanted, raw.names, numbers=numbers, texts=by_text, counts=counts)
            for extra in (*named, *feedback_extras(raw.feedback, self._feedback)):
                # A place without a count has no span of its own here: a tool's caller began earlier.
                spans = counts.get(extra.place, {}).get("spans", extra.n)
                made.add(
                    extra.place,
                    extra.field,
                    extra.rows,
                    basis=extra.basis,
                    n=extra.n,
                    # Feedback is of the answers of other windows, so none of these lacks any.
                    missing=0 if extra.field in FEEDBACK_FIELDS else max(0, spans - extra.n),
                    keys=extra.keys,
                )
        return made.samples

    def sketches(
        self, raw: Raw, samples: Sequence[Sample], period: Window, *, dataset: str = PRODUCTION
    ) -> list[Sketched]:
        """The sketches of everything read: of all its numbers, and of the texts and grades in `samples`."""
        whole = None if dataset == PRODUCTION else period
        step = self._step(dataset)
        numbers = number_sketches(raw.bins, raw.counts, step, whole=whole, dataset=dataset)
        return [*numbers, *sample_sketches(samples)]

    def _step(self, dataset: str) -> int:
        """The length of a bucket in microseconds; an evaluation set is one bucket, however long."""
        return self._length // _MICROSECOND if dataset == PRODUCTION else 2**62

    def _vectors(self, rows: Sequence[Row]) -> dict[tuple[str, str], NDArray[np.float32]]:
        """A unit vector for each span and text field. Documents count by the mean of their vectors."""
        owners: list[tuple[str, str]] = []
        texts: list[str | None] = []
        for row in rows:
            for field in TEXT_FIELDS:
                said = row["documents"] if field == "output_text" and row["documents"] else [row[field]]
                owners.extend([(key_of(row), field)] * len(said))
                texts.extend(said)
        encoded, places = encode_present(self.encoder, texts)
        sums: dict[tuple[str, str], NDArray[np.float32]] = {}
        for vector, place in zip(encoded, places, strict=True):
            owner = owners[place]
            sums[owner] = sums[owner] + vector if owner in sums else vector
        if not sums:
            return {}
        return dict(zip(sums, unit_rows(np.stack(list(sums.values()))), strict=True))


def _judged(con: Connection, period: Window, texts: Sequence[Row], dataset: str) -> list[JudgedSpan]:
    """Judges see the texts that the embeddings see: one bounded sample."""
    keys = [key_of(row) for row in texts]
    return judged_spans(con, period.start, period.end, dataset=dataset, keys=keys) if keys else []


class _Maker:
    """Collects the samples of one stretch of time."""

    def __init__(self, *, seed: int, dataset: str, step: int, period: Window) -> None:
        self._seed = seed
        self._dataset = dataset
        self._step = step
        self._period = period
        self.samples: list[Sample] = []

    def add(
        self,
        place: tuple[Any, ...],
        field: str,
        rows: NDArray[Any],
        *,
        basis: str,
        n: int,
        missing: int,
        keys: tuple[str, ...],
    ) -> None:
        """One more sample."""
        chain, component, bucket = place
        start = _EPOCH + bucket * self._step * _MICROSECOND
        whole = self._period if self._dataset != "production" else None
        stream = Stream(chain, component, field)
        self.samples.append(
            Sample(
                stream=stream,
                window=whole or Window(start=start, end=start + self._step * _MICROSECOND),
                basis=basis,
                n=n,
                n_missing=missing,
                rows=compact(rows, stream),
                keys=keys,
                seed=self._seed,
                dataset=self._dataset,
            )
        )

    def numbers(self, place: tuple[Any, ...], rows: Sequence[Row], count: Row) -> None:
        """The number streams of one component in one window; those without any value make no sample."""
        keys = tuple(key_of(row) for row in rows)
        for field in NUMBER_FIELDS:
            basis, column, n = UNITS[field], field, count[field]
            if n == 0 and field.endswith("_tokens"):
                basis, column = ESTIMATED_TOKENS, field.replace("_tokens", "_length")
                n = count[field.replace("_tokens", "_text")]
            values = np.array([row[column] for row in rows], dtype=np.float64)
            there = int(np.count_nonzero(~np.isnan(values)))
            if there:
                missing = count["spans"] - n
                self.add(place, field, values, basis=basis, n=max(n, there), missing=missing, keys=keys)

    def grades(self, raw: Raw, local: Sequence[Grade], counts: Mapping[tuple[Any, ...], Row]) -> None:
        """The quality streams: the local scorer's grades of now, and others' that were stored."""
        scores: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
        unscored: dict[tuple[Any, ...], int] = {}
        told = [
            (*(g.chain, g.component, g.span_started_at, g.judge, g.judge_version, g.criterion, g.score),
             f"{g.trace_id}/{g.span_id}", True)
            for g in local
        ] + [
            (*(row[k] for k in ("chain", "component", "span_started_at", "judge")),
             *(row[k] for k in ("judge_version", "criterion", "score")), key_of(row), False)
            for row in raw.grades
        ]  # fmt: skip
        for chain, component, at, judge, version, criterion, score, key, is_local in told:
            place = (chain, component, (at - _EPOCH) // _MICROSECOND // self._step)
            owner = (*place, quality_field(criterion, judge, local=is_local), f"{judge}/{version}")
            if score is None:
                unscored[owner] = unscored.get(owner, 0) + 1
            else:
                scores.setdefault(owner, []).append((key, score))
        for owner in sorted(scores):
            *place_parts, field, basis = owner
            place = tuple(place_parts)
            if place in counts:
                keys, values = zip(*sorted(scores[owner]), strict=True)
                missing = unscored.get(owner, 0)
                self.add(
                    place,
                    field,
                    np.array(values),
                    basis=basis,
                    n=len(keys),
                    missing=missing,
                    keys=tuple(keys),
                )
