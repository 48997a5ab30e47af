"""Fields beside the one that a check watches: what the same requests say elsewhere, as context of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import Check, WindowSample
from monitors.streams import Stream
from monitors.summaries import SampleStore


@runtime_checkable
class WantsBeside(Protocol):
    """A check that also reads other fields of the component that it watches.

    Attributes:
        beside: their names. The windows it is given are then `SampleBeside`.
    """

    @property
    def beside(self) -> frozenset[str]: ...


@dataclass(frozen=True, kw_only=True)
class SampleBeside(WindowSample):
    """A window with the same window of other fields of the component, by field.

    Their rows are samples of the same requests, and go together by their keys. Fields without rows are left
    out.
    """

    beside: Mapping[str, WindowSample] = field(default_factory=dict)

    @classmethod
    def of(cls, sample: WindowSample, beside: Mapping[str, WindowSample]) -> SampleBeside:
        """The sample and what stands beside it."""
        return cls(**{f.name: getattr(sample, f.name) for f in fields(WindowSample)}, beside=beside)

    def matched(self, name: str) -> list[NDArray[Any] | None]:
        """For each row of the sample the row of that field of the same request; None where there is none."""
        other = self.beside.get(name)
        if other is None:
            return [None] * len(self.rows)
        place = {key: i for i, key in enumerate(other.keys)}
        found = (place.get(key) for key in self.keys)
        return [None if i is None else np.asarray(other.rows[i]) for i in found]


def fields_beside(check: Check) -> frozenset[str]:
    """The fields beside its own that the check reads."""
    return check.beside if isinstance(check, WantsBeside) else frozenset()


def with_beside(
    check: Check, stream: Stream, store: SampleStore, samples: Sequence[WindowSample]
) -> list[WindowSample]:
    """The samples of the stream with the other fields that the check asks for."""
    streams = {name: replace(stream, field=name) for name in sorted(fields_beside(check))}
    if not streams:
        return list(samples)
    made: list[WindowSample] = []
    for sample in samples:
        found = {name: store.get(other, sample.window) for name, other in streams.items()}
        told = {name: s.as_window_sample() for name, s in found.items() if s is not None}
        made.append(SampleBeside.of(sample, told))
    return made
