"""A warehouse that stays open between the connections of a test, where no other process needs it.

DuckDB registers thousands of functions each time it opens a file: 50 ms of computing, and a pass of the
monitors opens it a dozen times. Here it is opened once. Each connection still is a session of its own, one
for reading can only read, and what is written is in the file at once.

A file that is kept open is locked against other processes, so tests of those, and of
opening itself, are not in MODULES.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.warehouse import connection
from collectors.warehouse.connection import Connection, Warehouse

# Those that open a warehouse often enough for it to count.
MODULES = {
    "test_alert_book",
    "test_alert_cli",
    "test_alert_rules_run",
    "test_alert_rules_spans",
    "test_channel_conformance",
    "test_compare_cli",
    "test_delivery_queue",
    "test_feedback_signs",
    "test_fit_cache",
    "test_incident_story",
    "test_judge_draws",
    "test_judge_ensemble",
    "test_judge_pairwise",
    "test_judge_reference",
    "test_judge_run",
    "test_label_cli",
    "test_merging",
    "test_optional_fields",
    "test_outbox_queue",
    "test_retention_prune",
    "test_retention_run",
    "test_rollups",
    "test_run_estimates",
    "test_runner_late",
    "test_runner_pass",
    "test_runner_sends",
    "test_safety_scorers",
    "test_sketches_kept",
    "test_slack_delivery",
    "test_storm",
    "test_timeline",
}
# A module has many warehouses, one after the other, and each of them has threads.
_AT_MOST = 3


@contextmanager
def kept_open() -> Iterator[None]:
    """Until the end of the block, what is opened stays open."""
    kept: dict[Path, tuple[object, Connection]] = {}
    lock = threading.Lock()
    really_open = Warehouse._open

    def opened(warehouse: Warehouse, *, read_only: bool) -> Connection:
        with lock:
            identity, first = kept.pop(warehouse.path, (None, None))
            if first is not None and identity != warehouse.identity():
                # Another file has taken its place.
                first.close()
                first = None
            if first is None:
                first = really_open(warehouse, read_only=False)
                # As closing it would: what is committed goes from the log into the file.
                first.execute("SET checkpoint_threshold = '1 byte'")
            kept[warehouse.path] = (warehouse.identity(), first)
            while len(kept) > _AT_MOST:
                kept.pop(next(iter(kept)))[1].close()
            session = first.cursor()
        connection.prepare(session)
        if read_only:
            session.execute("BEGIN TRANSACTION READ ONLY")
        return session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Warehouse, "_open", opened)
        yield
    for _, first in kept.values():
        first.close()
