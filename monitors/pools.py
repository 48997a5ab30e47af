"""Evaluation sets: what production is held against to see skew. Sampled once, and again when they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from collectors.errors import ConfigError
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row, fetch
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.grading import write_grades
from monitors.result import Window
from monitors.sampling import Sampler
from monitors.sketches.store import write_sets
from monitors.sql import query
from monitors.streams import TEXT_FIELDS, Stream
from monitors.summaries import Sample, read_pools, write_pools

Grader = Callable[[Sequence[JudgedSpan]], list[Grade]]


def evaluation_pools(
    warehouse: Warehouse, sampler: Sampler, grade: Grader, *, configured: str | None
) -> dict[Stream, Sample]:
    """The rows of each chain's evaluation set, by stream; a stream without any is missing.

    `configured` names the set; None takes each chain's newest. ConfigError when there are evaluation
    sets and none has that name.
    """
    with warehouse.read() as con:
        sets = fetch(con, query("evaluation_sets"))
        chosen = choose(sets, configured)
        stored = {
            dataset: read_pools(con, dataset) for dataset in sorted({s["dataset"] for s in chosen.values()})
        }
    pools: dict[Stream, Sample] = {}
    for dataset, samples in stored.items():
        mine = [s for s in sets if s["dataset"] == dataset]
        fresh = samples if _is_current(samples, mine, sampler) else _sample(warehouse, sampler, grade, mine)
        pools.update({s.stream: s for s in fresh if chosen.get(s.stream.chain, {}).get("dataset") == dataset})
    return pools


def choose(sets: Sequence[Row], configured: str | None) -> Mapping[str, Row]:
    """The evaluation set of each chain. `sets` come newest first."""
    names = sorted({s["dataset"] for s in sets})
    if configured is not None and names and configured not in names:
        raise ConfigError(f"windows.evaluation_set = {configured!r}: choose one of: {', '.join(names)}")
    chosen: dict[str, Row] = {}
    for row in sets:
        if configured in (None, row["dataset"]):
            chosen.setdefault(row["chain"], row)
    return chosen


def _is_current(samples: Sequence[Sample], sets: Sequence[Row], sampler: Sampler) -> bool:
    """Whether the stored samples are of all the spans that there are, and by this encoder."""
    held = sum(s.n for s in samples if s.stream.field == "status")
    encoders = {s.basis for s in samples if s.stream.field in TEXT_FIELDS}
    return held == sum(row["spans"] for row in sets) and encoders <= {sampler.encoder.identity}


def _sample(warehouse: Warehouse, sampler: Sampler, grade: Grader, sets: Sequence[Row]) -> list[Sample]:
    dataset = sets[0]["dataset"]
    period = Window(
        start=min(row["first_at"] for row in sets),
        end=max(row["last_at"] for row in sets) + timedelta(microseconds=1),
    )
    with warehouse.read() as con:
        raw = sampler.read(con, period, dataset=dataset)
    grades = grade(raw.judged)
    samples = sampler.samples(raw, grades, period, dataset=dataset)
    sketched = sampler.sketches(raw, samples, period, dataset=dataset)
    with warehouse.write() as con:
        write_grades(con, grades)
        write_pools(con, dataset, samples)
        write_sets(con, dataset, sketched)
    return samples
