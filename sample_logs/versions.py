"""Which version of everything was deployed at a moment: harmless deploys, and those that are faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sample_logs.truth import TruthIncident


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Version markers that spans carry."""

    chain: str = "2.4.0"
    reranker: str = "1.7.2"
    prompt: str = "v12"
    index: str = "kb-1"


def versions_at(truth: Sequence[TruthIncident], *, start: datetime, days: int, at: datetime) -> Versions:
    """The versions at `at`. Two deploys are harmless: that a version changed proves nothing."""
    scale = days / 14
    found = Versions()
    if at >= start + timedelta(days=3.4 * scale):
        found = replace(found, chain="2.4.1")
    if at >= start + timedelta(days=8.4 * scale):
        found = replace(found, reranker="1.8.0")
    for fault in truth:
        if fault.deploy_value is None or at < fault.started_at:
            continue
        over = fault.ended_at is not None and at >= fault.ended_at
        if fault.deploy_field == "index_version":
            found = replace(found, index="kb-3" if over else fault.deploy_value)
        elif fault.deploy_field == "prompt_version":
            found = replace(found, prompt="v12" if over else fault.deploy_value)
    return found
