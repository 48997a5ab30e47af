"""One monitor pass: everything between cron's call and a message in Slack.

Drain the spool, evaluate every complete window since the last run, turn results into alerts, deliver.
Runs exclude each other, a missed hour is caught up, and a pass that is repeated changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import uuid4

from filelock import FileLock, Timeout

from collectors.context import Context
from collectors.errors import RunInProgressError
from collectors.warehouse.connection import Connection, Warehouse
from monitors.alerting.book import AlertBook
from monitors.checks import CHECKS
from monitors.checks.base import Check
from monitors.embedding.encoder import Encoder, Say, open_encoder
from monitors.explain_refine import FRESH, Refiner, are_due
from monitors.fit_cache import FitCache
from monitors.judges.estimates import days_due, update_estimates
from monitors.notify.deliver import DeliveryReport, deliver_pending
from monitors.plan import settings_of, wanted
from monitors.result import Window
from monitors.run_batch import Batches
from monitors.run_judge import judge_new
from monitors.run_log import RunLog, Totals
from monitors.run_machine import Machine
from monitors.run_settings import RunSettings
from monitors.run_state import RunState, read_state
from monitors.run_summary import RunSummary
from monitors.window import days

Progress = Callable[[int, int], None]


def run_pass(
    context: Context,
    *,
    now: datetime,
    seed: int = 0,
    since: datetime | None = None,
    wait: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
    deliver: bool = True,
    environ: Mapping[str, str] | None = None,
    run_id: str | None = None,
) -> RunSummary:
    """One pass; raises RunInProgressError when another is at work and `wait` is false.

    Args:
        now: windows that are complete by then are evaluated.
        since: evaluate the windows from here on again, and never begin before it.
        progress: told how many windows are done, and of how many. say: one line when something slow begins.
        deliver: whether messages are sent; they are queued in any case.
        environ: names the channels, by their secrets; None is the process's own.
        run_id: names the run in the warehouse; None makes a new name.
    """
    settings = RunSettings.of(context.config, os.environ if environ is None else environ)
    lock = FileLock(context.home.create().run_lock)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise RunInProgressError(
            "another run is at work; this one leaves it to that (--wait waits)"
        ) from error
    with lock:
        warehouse = context.warehouse
        log = RunLog(
            run_id=run_id or uuid4().hex,
            started_at=context.clock(),
            now=now,
            seed=seed,
            config_hash=context.config.hash,
        )
        log.begin(warehouse)
        work = _Pass(context, settings, warehouse, log, now=now, seed=seed, progress=progress, say=say)
        try:
            summary = work.run(since=since, deliver=deliver)
        except BaseException as error:
            log.end(warehouse, work.totals, at=context.clock(), error=error)
            raise
        log.end(warehouse, work.totals, at=context.clock(), error=None)
        return summary


class _Pass:
    """The steps of one pass; keeps the totals, so that a pass that fails says how far it came.

    While it judges windows and sends, the warehouse is free for others: that is why an hour's pass opens it
    five times: to begin, to read what is known and then the hour, to write, and to end once messages are
    sent. Each breach that begins opens it a few times more, to read the texts that explain it.
    """

    def __init__(
        self,
        context: Context,
        settings: RunSettings,
        warehouse: Warehouse,
        log: RunLog,
        *,
        now: datetime,
        seed: int,
        progress: Progress | None,
        say: Say | None,
    ) -> None:
        self._context = context
        self._settings = settings
        self._warehouse = warehouse
        self._log = log
        self._now = now
        self._seed = seed
        self._progress = progress
        self._say = say
        self._due: set[date] = set()
        self._encoder: Encoder | None = None
        self._refines = False
        self._fresh = now - FRESH
        self._batch: Sequence[Window] = ()
        self.totals = Totals()

    def run(self, *, since: datetime | None, deliver: bool) -> RunSummary:
        """Everything after the lock."""
        spooled = self._drain()
        checks = wanted((check for _, check in CHECKS.all()), self._settings.monitors)
        scales = max((settings_of(c, self._settings.monitors).scales[-1] for c in checks), default=1)
        with self._warehouse.read() as con:
            state = read_state(
                con,
                windows=self._settings.windows,
                alerts=self._settings.alerts,
                now=self._now,
                since=since,
                scales=scales,
                sketches=any(getattr(check, "from_sketches", False) for check in checks),
            )
            self._note_due(con, ())
            self._refines = are_due(con, self._fresh)
        before = {i.incident_id: i.is_open for i in state.book.incidents}
        if len(state.pending):
            self._evaluate(state, checks)
        if self._due:
            update_estimates(self._warehouse, self._due, at=self._context.clock())
        report = self._deliver() if deliver else DeliveryReport()
        # Nobody who is woken waits for this.
        refined = self._refine() if self._refines else 0
        after = {i.incident_id: i.is_open for i in state.book.incidents}
        return RunSummary(
            run_id=self._log.run_id,
            now=self._now,
            until=state.pending.all[-1].end if len(state.pending) else None,
            windows=self.totals.windows,
            results=self.totals.results,
            breaches=self.totals.breaches,
            errors=self.totals.errors,
            spans=self.totals.spans,
            spooled=spooled,
            opened=sum(i not in before for i in after),
            resolved=sum(not is_open and before.get(i, True) for i, is_open in after.items()),
            firing=sum(after.values()),
            delivered=report.sent,
            undelivered=report.retried + report.dead,
            refined=refined,
            duration_s=(self._context.clock() - self._log.started_at).total_seconds(),
        )

    def _evaluate(self, state: RunState, checks: list[Check]) -> None:
        machine = Machine.open(
            self._warehouse,
            self._context.config,
            self._context.home,
            settings=self._settings,
            checks=checks,
            log=self._log,
            say=self._say,
        )
        self._encoder = machine.encoder
        if state.pending.new:
            self._judge(state.pending.new, machine)
        fits = FitCache(self._context.home.fits, now=self._context.clock())
        wants = self._settings.embedding.explain_with == "transformer"
        tools = machine.tools(
            sets=state.sets,
            fits=fits,
            flush=self._flush,
            refine_since=self._fresh if wants else None,
        )
        batches = Batches(tools, state)
        batches.mend()
        done, total = 0, len(state.pending) + len(state.warm)
        for batch in days(state.warm):
            batches.warm_up(batch)
            done += len(batch)
            self._tell(done, total)
        for batch in days(state.pending.all):
            self._batch = batch
            batches.run(batch)
            self.totals = batches.totals
            done += len(batch)
            self._tell(done, total)
        self._refines |= batches.are_due
        fits.prune()

    def _judge(self, new: Sequence[Window], machine: Machine) -> None:
        """Ask the LLM judge first, so that its grades are seen in the windows they belong to."""
        judge_new(
            self._context,
            self._warehouse,
            new,
            sampler=machine.sampler,
            scorer=machine.scorer,
            now=self._now,
            run_id=self._log.run_id,
            environ=self._settings.environ,
            say=self._say,
        )

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _note_due(self, con: Connection, windows: Sequence[Window]) -> None:
        """Remember which days' quality is to be estimated anew: of `windows`, and of new labels."""
        start, end = (windows[0].start, windows[-1].end) if windows else (self._now, self._now)
        self._due.update(days_due(con, start, end))

    def _flush(self, book: AlertBook, con: Connection) -> None:
        """What ends a batch, in its transaction."""
        self._note_due(con, self._batch)
        book.flush(
            con,
            now=self._now,
            channels=[n.name for n in self._settings.notifiers],
            notify=self._settings.notify,
            dashboard_url=self._settings.dashboard_url,
        )

    def _deliver(self) -> DeliveryReport:
        """Send what is queued. The clock is the pass's and goes on from there: what a pass of last March
        found is news to that pass, and not half a year old.
        """
        settings, wall = self._settings, self._context.clock
        began = self._log.started_at
        return deliver_pending(
            self._warehouse, settings.notifiers, lambda: self._now + (wall() - began), notify=settings.notify
        )

    def _refine(self) -> int:
        """Have the transformer rank the texts of what was explained."""
        embedding, home = self._settings.embedding, self._context.home
        return Refiner(
            warehouse=self._warehouse,
            embedding=embedding,
            encoder=lambda: self._encoder or open_encoder(embedding, home, say=self._say),
            since=self._fresh,
        ).run()

    def _drain(self) -> int:
        """Store what the spool holds; spans that were acknowledged are evaluated in this pass."""
        from collectors.ingest_rules import rules_spec
        from collectors.spool_ingest import drain

        home = self._context.home
        if not home.spool.exists():
            return 0
        spec = rules_spec(self._context)
        return drain(home, self._warehouse, clock=self._context.clock, spec=spec).spans
