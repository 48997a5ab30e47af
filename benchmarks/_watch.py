"""One made-up component under the product's own evaluator: samples, references, promise, as in a run."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from _traffic import MONDAY, Requests

from monitors.checks import CHECKS
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.evaluate import Evaluator
from monitors.plan import Monitor, plan, wanted
from monitors.result import Result, Window
from monitors.streams import NUMBER_FIELDS, TEXT_FIELDS, Stream
from monitors.summaries import Sample, SampleStore, compact
from monitors.topology import Topology

CHAIN, COMPONENTS = "made-up", 8
_KEYS = tuple(f"t/{i}" for i in range(1000))
_NUMBER = itertools.count()
_NEVER = Window(start=datetime.min.replace(tzinfo=UTC), end=MONDAY)
_KEPT = timedelta(days=9)  # a reference of a week, a gap of a day, and the present day


def installation(components: int = COMPONENTS) -> list[Monitor]:
    """Every monitor that is on by default, of that many components with two fields of text."""
    config = MonitorsConfig()
    checks = wanted([check for _, check in CHECKS.all()], config)
    fields = (*TEXT_FIELDS, *NUMBER_FIELDS)
    streams = [Stream(CHAIN, name_of(i), field) for i in range(components) for field in fields]
    return plan(streams, checks=checks, config=config, topology=Topology(), pools=())


def name_of(component: int) -> str:
    """What a component is called here."""
    return f"component-{component}"


class Watched:
    """One component of the installation: takes windows in order, says what its monitors say.

    Args:
        monitors: of the whole installation, among which the promise is divided.
        cap: texts of a field and window that are looked at, `[embedding] sample_per_window`.
        only, fields: names of checks and fields to evaluate; all if empty.
    """

    def __init__(
        self,
        monitors: Sequence[Monitor],
        component: int,
        *,
        length: timedelta,
        cap: int = 64,
        only: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> None:
        self._monitors, self._component, self._cap, self.length = monitors, name_of(component), cap, length
        self._share = frozenset(
            m.name
            for m in monitors
            if m.stream.component == self._component
            and (not only or m.check.name in only)
            and (not fields or m.stream.field in fields)
        )
        self._store = SampleStore(length)
        self._windows = WindowsConfig(length=length)
        self._evaluator = Evaluator(
            store=self._store,
            pools={},
            breaches={},
            windows=self._windows,
            monitors=MonitorsConfig(),
            seed=0,
            # Nobody reads what quiet monitors would see.
            last=_NEVER,
        )

    def see(self, requests: Requests) -> Window:
        """Take a window in without judging it."""
        window = Window(start=requests.start, end=requests.start + self.length)
        fields: Mapping[str, np.ndarray] = {
            **{name: rows[: self._cap] for name, rows in requests.texts.items()},
            **{name: values[:1000, None] for name, values in requests.numbers.items()},
        }
        for name, rows in fields.items():
            stream = Stream(CHAIN, self._component, name)
            sample = Sample(
                stream=stream,
                window=window,
                basis="made up",
                n=requests.n,
                n_missing=0,
                rows=compact(rows, stream),
                # What checks work out for a window is remembered by its first key: no two have the same.
                keys=(f"{next(_NUMBER)}/0", *_KEYS[1 : len(rows)]),
                seed=0,
            )
            self._store.add([sample])
        return window

    def fork(self) -> Watched:
        """The same, to go on with other windows; samples and what was learnt are shared."""
        evaluator = self._evaluator
        shared = [s for by_start in self._store._samples.values() for s in by_start.values()]
        kept = [*shared, *self._monitors, *evaluator._fits.values(), *evaluator._learnt.values()]
        return copy.deepcopy(self, {id(one): one for one in kept})

    def judge(self, window: Window) -> list[Result]:
        """What the component's monitors say of the window."""
        self._store.drop_before(window.end - _KEPT)
        return self._evaluator.evaluate(window, self._monitors, share=self._share)
