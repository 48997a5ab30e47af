"""The explanations of a run: which breaches texts are read for, and what was told of them before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from numpy.typing import NDArray

from collectors.model import Deploy
from collectors.warehouse.connection import Warehouse
from monitors.config import MonitorsConfig
from monitors.evaluate import Evaluator
from monitors.explain import Told, carried, explain, is_fresh, taken_together
from monitors.plan import Monitor, settings_of
from monitors.result import Result, Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore


class Explanations:
    """Gives breaches what explains them: read anew when one begins, and now and then while it lasts.

    Attributes:
        are_due: whether texts of any are to be ranked again, by a transformer.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        evaluator: Evaluator,
        store: SampleStore,
        pools: Mapping[Stream, Sample],
        *,
        settings: MonitorsConfig,
        known: Mapping[str, Mapping[str, Any]],
        refine_since: datetime | None,
        before_reading: Callable[[], None],
    ) -> None:
        """known: evidence of the breaches that may go on, by monitor.

        refine_since: windows that end later are ranked again by a transformer; None: none are.
        before_reading: called before the warehouse is read, to store what is not yet.
        """
        self._before_reading = before_reading
        self._warehouse, self._evaluator = warehouse, evaluator
        self._store, self._pools = store, pools
        self._settings, self._refine_since = settings, refine_since
        self.are_due = False
        self._known: dict[str, Mapping[str, Any]] = dict(known)

    def of(
        self,
        window: Window,
        monitors: Sequence[Monitor],
        results: Sequence[Result],
        *,
        deploys: Sequence[Deploy],
    ) -> list[Result]:
        """The results of a window, each with its monitor, with the breaches explained."""
        told_of, begun = list(results), list[int]()
        for i, result in enumerate(results):
            if result.status != "breach":
                self._known.pop(result.monitor, None)
            elif is_fresh(earlier := self._known.get(result.monitor, {}), window):
                told_of[i] = carried(result, earlier)
            else:
                begun.append(i)
        if begun:
            self._before_reading()
            told: Told = {}
            for i in begun:
                told_of[i] = self._now(window, monitors[i], results[i], deploys, told)
        return told_of

    def _now(
        self,
        window: Window,
        monitor: Monitor,
        result: Result,
        deploys: Sequence[Deploy],
        told: Told,
    ) -> Result:
        scales = settings_of(monitor.check, self._settings).scales
        current = taken_together(result, self._evaluator.recent_of(monitor, window, scales[-1]))
        reference = self._evaluator.reference_of(monitor)
        made = explain(
            self._warehouse,
            result,
            monitor,
            current=current,
            reference=reference,
            given=self._given(monitor, [*(s.window for s in current), *(s.window for s in reference)]),
            earlier=self._known.get(result.monitor, {}),
            deploys=deploys,
            told=told,
            refines=self._refine_since is not None and window.end > self._refine_since,
        )
        self._known[result.monitor] = made.evidence
        self.are_due |= "to_read" in made.evidence
        return made

    def _given(self, monitor: Monitor, windows: Sequence[Window]) -> dict[str, NDArray[Any]]:
        """What the requests of these windows gave to the component, by key; empty for other fields."""
        if monitor.stream.field != "output_text":
            return {}
        stream = replace(monitor.stream, field="input_text")
        pool = self._pools.get(stream) if monitor.kind == "skew" else None
        asked = [*(self._store.get(stream, window) for window in windows), pool]
        found = [sample for sample in asked if sample is not None]
        return {
            key: row
            for sample in found
            # Embeddings of two encoders are never compared; the windows of now come first.
            if sample.basis == found[0].basis
            for key, row in zip(sample.keys, sample.rows, strict=True)
        }
