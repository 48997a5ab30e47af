"""One batch of a run: the windows of a day, or the one window of an hourly run, from spans to rows.

Read, compute, write: the warehouse is open while reading and while writing, and never between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectors.model import Deploy
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import Row, fetch
from monitors import deploys as deploy_log
from monitors.alerting.book import AlertBook
from monitors.alerting.rules.applied import AppliedRules
from monitors.checks.base import Check
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.evaluate import Evaluator
from monitors.explain_run import Explanations
from monitors.fit_cache import FitCache
from monitors.judges.grade import Grade
from monitors.judges.grading import local_grades, write_grades
from monitors.judges.local import LocalScorer
from monitors.parallel import evaluate_batch, processors
from monitors.plan import plan, settings_of
from monitors.result import Result, Window
from monitors.run_log import RunLog, Totals
from monitors.run_state import RunState, write_evaluated, write_results
from monitors.sampling import Raw, Sampler
from monitors.sketches.made import Sketched, sample_sketches
from monitors.sketches.store import add_sketches, write_days_and_weeks, write_sketches
from monitors.sql import query
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore, prune_samples, write_samples
from monitors.topology import Sighting, merged, observe, write_sightings
from monitors.window import SILENCE, horizon

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Samples are kept a little longer than any window needs them, for windows that are evaluated again.
_KEEP_LONGER = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a run works with, in every batch the same.

    Attributes:
        flush: writes the alert book at the end of a batch. stepped: told of the book after each window.
        asks_judges: whether an LLM judge may have been at work in this run.
        refine_since: as of `Explanations`.
        only: says of a monitor's name whether it is evaluated; the promise is divided among all of them.
    """

    warehouse: Warehouse
    sampler: Sampler
    scorer: LocalScorer
    checks: Sequence[Check]
    pools: Mapping[Stream, Sample]
    windows: WindowsConfig
    monitors: MonitorsConfig
    fits: FitCache
    flush: Callable[[AlertBook, Connection], None]
    log: RunLog
    asks_judges: bool
    now: datetime
    seed: int
    config_hash: str
    stepped: Callable[[AlertBook, Window], None] | None = None
    only: Callable[[str], bool] | None = None
    refine_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What one batch read of the warehouse."""

    raw: Raw
    sightings: list[Sighting]
    versions: list[Row]


class Batches:
    """Evaluates batch after batch; what one learns, the next knows."""

    def __init__(self, tools: Tools, state: RunState) -> None:
        self._tools = tools
        self._state = state
        self._store = SampleStore(tools.windows.length)
        self._store.add(state.samples)
        self._evaluator = Evaluator(
            store=self._store,
            pools=tools.pools,
            breaches=state.breaches,
            windows=tools.windows,
            monitors=tools.monitors,
            seed=tools.seed,
            fits=tools.fits,
            last=state.pending.all[-1] if len(state.pending) else None,
        )
        self._explanations = Explanations(
            tools.warehouse,
            self._evaluator,
            self._store,
            tools.pools,
            settings=tools.monitors,
            known=state.explained,
            refine_since=tools.refine_since,
            before_reading=self._store_grades,
        )
        # Of the batch that is being evaluated.
        self._grades: list[Grade] = []
        self._topology = state.topology
        self._running = dict(state.running)
        self._deploys = list(state.deploys)
        self._new = frozenset(w.start for w in state.pending.new)
        self._rules = AppliedRules(state.book.settings, tools.windows.length)
        self.totals = Totals()

    @property
    def book(self) -> AlertBook:
        """Alerts and incidents as of the last window."""
        return self._state.book

    @property
    def are_due(self) -> bool:
        """Whether texts of an explanation are to be ranked again, by a transformer."""
        return self._explanations.are_due

    def warm_up(self, windows: Sequence[Window]) -> None:
        """Make the samples of windows that are only a reference; nothing is evaluated."""
        with self._tools.warehouse.read() as con:
            read = self._read(con, windows)
        grades = self._grade(read.raw)
        samples, sketched = self._sampled(read.raw, grades, windows)
        with self._tools.warehouse.write() as con:
            write_grades(con, grades)
            write_samples(con, samples, windows)
            self._write_sketches(con, sketched, windows)

    def mend(self) -> None:
        """Make the sketches that samples have none of: a user was forgotten, or an older version sampled."""
        state, until = self._state, self._state.evaluated_until
        texts = (s for s in state.samples if s.stream.data == "embedding")
        missing = sample_sketches(texts, but=state.sketched)
        if missing and until is not None:
            with self._tools.warehouse.write() as con:
                add_sketches(con, missing)
                write_days_and_weeks(con, since=min(s.window.start for s in missing), until=until)

    def run(self, windows: Sequence[Window]) -> None:
        """Evaluate the windows of one batch, in order of time, and store what came of it."""
        tools = self._tools
        with tools.warehouse.read() as con:
            read = self._read(con, windows)
        grades = self._grades = self._grade(read.raw)
        for window in windows:
            self._store.drop_window(window)
        samples, sketched = self._sampled(read.raw, grades, windows)
        self._topology = merged(self._topology, read.sightings)
        first_bucket = (windows[0].start - _EPOCH) // tools.windows.length
        inferred, self._running = deploy_log.infer(read.versions, self._running, first_bucket=first_bucket)
        self._deploys = sorted([*self._deploys, *inferred], key=lambda d: (d.deployed_at, d.deploy_id))
        is_last = windows[-1] == self._state.pending.all[-1]
        # A catch-up learns references that no later run will want: only the last are worth their room.
        tools.fits.keeps = is_last
        results = self._evaluate(windows)
        if self._rules.read_spans:
            self._store_grades()
        asked = tools.log.run_id if is_last and tools.asks_judges else None
        ruled = self._rules.of_batch(tools.warehouse, windows, held=self._store, run_id=asked)
        for window in windows:
            more = ruled(window, results[window], self.book.tracks)
            results[window] += [r for r in more if tools.only is None or tools.only(r.monitor)]
            # What was evaluated before is history to the alerts, but for streams whose data came late.
            if window.start in self._new or window.start in self._state.pending.late:
                deploys = [d for d in self._deploys if d.deployed_at < window.end]
                self.book.step(window.end, results[window], self._topology, deploys)
                if tools.stepped is not None:
                    tools.stepped(self.book, window)
        self._write(windows, [r for w in windows for r in results[w]], samples, sketched, read, inferred)
        self._store.drop_before(horizon(windows[-1], tools.windows, scales=self._scales))

    def _store_grades(self) -> None:
        """Store the batch's grades for who reads them next; else they are stored with all the rest."""
        if self._grades:
            with self._tools.warehouse.write() as con:
                write_grades(con, self._grades)
            self._grades = []

    @property
    def _scales(self) -> int:
        return max((settings_of(c, self._tools.monitors).scales[-1] for c in self._tools.checks), default=1)

    def _read(self, con: Connection, windows: Sequence[Window]) -> _Read:
        period = Window(start=windows[0].start, end=windows[-1].end)
        look_back = deploy_log.LOOK_BACK * self._tools.windows.length
        bounds = {
            "start": period.start - look_back,
            "end": period.end,
            "length_us": self._tools.windows.length // _MICROSECOND,
        }
        return _Read(
            raw=self._tools.sampler.read(con, period),
            sightings=observe(con, period),
            versions=fetch(con, query("versions"), bounds),
        )

    def _grade(self, raw: Raw) -> list[Grade]:
        tools = self._tools
        encoder = tools.sampler.encoder
        return local_grades(raw.judged, encoder, tools.now, tools.log.run_id, scorer=tools.scorer)

    def _sampled(
        self, raw: Raw, grades: Sequence[Grade], windows: Sequence[Window]
    ) -> tuple[list[Sample], list[Sketched]]:
        """The samples and sketches of exactly these windows; what else was read between them is left."""
        wanted = {w.start for w in windows}
        period = Window(start=windows[0].start, end=windows[-1].end)
        samples = [s for s in self._tools.sampler.samples(raw, grades, period) if s.window.start in wanted]
        self._store.add(samples)
        sketched = [s for s in self._tools.sampler.sketches(raw, samples, period) if s.window.start in wanted]
        return samples, sketched

    def _write_sketches(
        self, con: Connection, sketched: Sequence[Sketched], windows: Sequence[Window]
    ) -> None:
        write_sketches(con, sketched, windows)
        until = max(windows[-1].end, self._state.evaluated_until or windows[-1].end)
        write_days_and_weeks(con, since=windows[0].start, until=until)

    def _evaluate(self, windows: Sequence[Window]) -> dict[Window, list[Result]]:
        """Results by window. Texts are read in one go at the end, for the breaches only."""
        tools = self._tools
        planned = [
            (
                window,
                plan(
                    self._store.streams(window.end - SILENCE, window.end),
                    checks=tools.checks,
                    config=tools.monitors,
                    topology=self._topology,
                    pools=tools.pools,
                ),
            )
            for window in windows
        ]
        asked = {m.name: m for _, monitors in planned for m in monitors}
        if tools.only is not None:
            asked = {name: m for name, m in asked.items() if tools.only(name)}
        found = evaluate_batch(self._evaluator, planned, workers=processors(), only=frozenset(asked))
        return {
            window: self._explanations.of(
                window, [asked[r.monitor] for r in results], results, deploys=self._deploys
            )
            for (window, _), results in zip(planned, found, strict=True)
        }

    def _write(
        self,
        windows: Sequence[Window],
        results: list[Result],
        samples: Sequence[Sample],
        sketched: Sequence[Sketched],
        read: _Read,
        inferred: Sequence[Deploy],
    ) -> None:
        tools = self._tools
        totals = self.totals.plus(
            Totals(
                windows=len(windows),
                results=len(results),
                breaches=sum(r.status == "breach" for r in results),
                errors=sum(r.status == "error" for r in results),
                spans=sum(self._state.counts.get(w.start, 0) for w in windows),
            )
        )
        oldest = horizon(windows[-1], tools.windows, scales=self._scales) - _KEEP_LONGER
        with tools.warehouse.write() as con:
            write_grades(con, self._grades)
            write_results(con, results, run_id=tools.log.run_id, config_hash=tools.config_hash, at=tools.now)
            write_samples(con, samples, windows)
            self._write_sketches(con, sketched, windows)
            prune_samples(con, oldest)
            write_evaluated(con, windows, self._state, tools.log.run_id)
            write_sightings(con, self._topology, read.sightings)
            deploy_log.write_deploys(con, inferred)
            deploy_log.write_running(con, self._running)
            tools.flush(self.book, con)
            tools.log.note(con, totals)
        self.totals = totals
