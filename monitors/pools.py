"""Evaluation sets: what production is held against to see skew. Sampled once, and again when they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from collectors.errors import ConfigError
from collectors.warehouse.connection import Connection, Warehouse
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


@dataclass(frozen=True, kw_only=True)
class EvaluationSets:
    """The evaluation sets that are stored.

    Attributes:
        sets: what there is of each chain, newest first. chosen: one of them by chain.
        samples: what was sampled of the chosen ones before, by name of the set.
    """

    sets: Sequence[Row] = ()
    chosen: Mapping[str, Row] = field(default_factory=dict)
    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)


def read_sets(con: Connection, configured: str | None) -> EvaluationSets:
    """The stored sets. `configured` names the one to take; None takes each chain's newest.

    ConfigError when there are evaluation sets and none has that name.
    """
    sets = fetch(con, query("evaluation_sets"))
    chosen = choose(sets, configured)
    names = sorted({row["dataset"] for row in chosen.values()})
    return EvaluationSets(sets=sets, chosen=chosen, samples={name: read_pools(con, name) for name in names})


def evaluation_pools(
    warehouse: Warehouse, sampler: Sampler, grade: Grader, stored: EvaluationSets
) -> dict[Stream, Sample]:
    """The rows of each chain's evaluation set, by stream; a stream without any is missing.

    The warehouse is opened only for a set that has changed since it was sampled.
    """
    pools: dict[Stream, Sample] = {}
    for dataset, samples in stored.samples.items():
        mine = [s for s in stored.sets if s["dataset"] == dataset]
        fresh = samples if _is_current(samples, mine, sampler) else _sample(warehouse, sampler, grade, mine)
        chosen = {chain for chain, row in stored.chosen.items() if row["dataset"] == dataset}
        pools.update({s.stream: s for s in fresh if s.stream.chain in chosen})
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
