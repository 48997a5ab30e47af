"""What a run works with, put together in one way, whether it is live or replays history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from collectors.config import Config
from collectors.home import Home
from collectors.warehouse.connection import Connection, Warehouse
from monitors.alerting.book import AlertBook
from monitors.checks.base import Check
from monitors.embedding.encoder import Encoder, Say, open_encoder
from monitors.extra_scorers import extra_scorers
from monitors.fit_cache import FitCache
from monitors.judges.grading import local_grades
from monitors.judges.local import LocalScorer
from monitors.plan import asked_for
from monitors.pools import EvaluationSets, evaluation_pools
from monitors.result import Window
from monitors.run_batch import Tools
from monitors.run_log import RunLog
from monitors.run_settings import RunSettings
from monitors.sampling import Sampler


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Encoder, scorer and sampler of a run's configuration, over a warehouse."""

    warehouse: Warehouse
    settings: RunSettings
    checks: list[Check]
    log: RunLog
    encoder: Encoder
    scorer: LocalScorer
    sampler: Sampler

    @classmethod
    def open(
        cls,
        warehouse: Warehouse,
        config: Config,
        home: Home,
        *,
        settings: RunSettings,
        checks: list[Check],
        log: RunLog,
        say: Say | None,
    ) -> Machine:
        """Loads the encoder, which is made at first use; `say` is told when that takes time."""
        encoder = open_encoder(settings.embedding, home, say=say)
        return cls(
            warehouse=warehouse,
            settings=settings,
            checks=checks,
            log=log,
            encoder=encoder,
            scorer=LocalScorer(
                encoder,
                clock=lambda: log.now,
                also=extra_scorers(config, checks, encoder=encoder, home=home, say=say),
                reference=settings.reference,
            ),
            sampler=Sampler(
                length=settings.windows.length,
                cap=settings.embedding.sample_per_window,
                max_characters=settings.embedding.max_characters,
                seed=log.seed,
                encoder=encoder,
                wanted=asked_for(checks, settings.monitors),
                feedback=settings.feedback,
            ),
        )

    def tools(
        self,
        *,
        sets: EvaluationSets,
        fits: FitCache,
        flush: Callable[[AlertBook, Connection], None],
        stepped: Callable[[AlertBook, Window], None] | None = None,
        only: Callable[[str], bool] | None = None,
        refine_since: datetime | None = None,
    ) -> Tools:
        """For the batches of windows; evaluation `sets` are scored where they are not yet."""
        log = self.log
        pools = evaluation_pools(
            self.warehouse,
            self.sampler,
            lambda spans: local_grades(spans, self.encoder, log.now, log.run_id, scorer=self.scorer),
            sets,
        )
        return Tools(
            warehouse=self.warehouse,
            sampler=self.sampler,
            scorer=self.scorer,
            checks=self.checks,
            pools=pools,
            windows=self.settings.windows,
            monitors=self.settings.monitors,
            fits=fits,
            flush=flush,
            stepped=stepped,
            only=only,
            refine_since=refine_since,
            log=log,
            asks_judges=self.settings.asks_judges,
            now=log.now,
            seed=log.seed,
            config_hash=log.config_hash,
        )
