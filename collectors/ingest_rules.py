"""The rules that a record passes between its source and the warehouse, as the configuration sets them.

`RulesSpec` travels to the processes that decode; each makes its own `Rules` from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime

from collectors.context import Context
from collectors.ingest_batch import Batch, Prepared, prepare
from collectors.ingest_config import IngestConfig
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.privacy import Privacy
from collectors.semconv_index import Index


@dataclass(frozen=True, kw_only=True)
class RulesSpec:
    """What rules are made of; can be pickled. Without `privacy` records are stored as they came."""

    ingest: IngestConfig = field(default_factory=IngestConfig)
    privacy: Privacy | None = None


def rules_spec(context: Context) -> RulesSpec:
    """The rules of this call's configuration; ConfigError when a section is wrong."""
    settings = context.config.section("privacy", PrivacyConfig)
    return RulesSpec(
        ingest=context.config.section("ingest", IngestConfig),
        privacy=Privacy.from_config(settings, os.environ, context.home) if settings.enabled else None,
    )


class Rules:
    """Ready to be applied."""

    def __init__(self, spec: RulesSpec) -> None:
        self.index = Index(spec.ingest.lineage_names())
        self.privacy = spec.privacy

    def prepare(self, batch: Batch, *, now: datetime) -> Prepared:
        """The batch as it will be stored."""
        return prepare(batch if self.privacy is None else self.privacy.batch(batch), now=now)
