"""Warehouses of millions of spans over 90 days, for benchmarks of what reads them.

Two weeks of the sample assistant, monitored by the product, are tiled in SQL: over 90 days, over three
chains of unlike traffic (6 : 3 : 1), and in as many copies of its traces as make the number. Results, alerts,
incidents, grades, feedback and sketches are tiled with them. A warehouse that is there is used again.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._otlp_load import ROOT, chainwatch
from collectors.home import Home
from collectors.warehouse.connection import Connection, Warehouse, in_memory, prepare
from collectors.warehouse.migrate import migrate

END = datetime(2026, 6, 1, tzinfo=UTC)
DAYS, SAMPLE_DAYS = 90, 14
_DAY = timedelta(days=1)
SHARES = {"support-assistant": 0.6, "search": 0.3, "billing": 0.1}
_SPANS, _RUNS = (
    (Path(__file__).parent / f"_large_warehouse{part}.sql").read_text() for part in ("", "_runs")
)
# Tables whose rows are tiled over time and chains, and the time of a row.
_TILED = {
    "grades": "span_started_at",
    "feedback": "created_at",
    "annotations": "created_at",
    "drawn_spans": "span_started_at",
    "deploys": "deployed_at",
    "results": "window_end",
    "alerts": "fired_at",
    "incidents": "detected_at",
    "notifications": "created_at",
    "audit": "occurred_at",
    "number_sketches": "window_end",
    "text_sketches": "window_end",
    "number_sketch_days": "window_end",
    "text_sketch_days": "window_end",
    "quality_estimates": "day",
}
# Rows of the present: once for each chain.
_PRESENT = ("components", "component_versions", "alert_state", "samples")
_ID = ("_id", "fingerprint", "merged_into")
_OF_TRACE = "to_seconds((hash(trace_id || $salt || '0') % 3600)::BIGINT - 1800)"
Say = Callable[[str], None]


def large_home(folder: Path, spans: int, *, say: Say) -> Home:
    """The home of a warehouse of about `spans` spans in `folder`; made now unless it is there, whole.

    One that is there is brought to the newest schema.
    """
    home = Home(root=folder / f"{spans}")
    done = home.root / "whole"
    if not done.exists():
        sample = _sample(folder / "sample", say)
        shutil.rmtree(home.root, ignore_errors=True)
        home.create()
        say(f"a warehouse of {spans:,} spans")
        _build(Warehouse(home.warehouse), sample.warehouse, spans, say)
        done.touch()
    migrate(Warehouse(home.warehouse))
    return home


def _sample(root: Path, say: Say) -> Home:
    """The sample assistant, monitored."""
    home = Home(root=root)
    if not (root / "whole").exists():
        shutil.rmtree(root, ignore_errors=True)
        say("the sample: two weeks of traffic, monitored")
        done = subprocess.run(
            chainwatch("demo", "--no-dashboard", "--json", "--days", str(SAMPLE_DAYS)),
            env={**os.environ, "CHAINWATCH_HOME": str(root)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(done.stderr)
        (root / "whole").touch()
    return home


def _build(warehouse: Warehouse, sample: Path, spans: int, say: Say) -> None:
    migrate(warehouse)
    con = in_memory()
    try:
        prepare(con)
        con.execute(f"ATTACH '{warehouse.path}' AS large")
        con.execute(f"ATTACH '{sample}' AS sample (READ_ONLY)")
        con.execute("USE large")
        # Every checkpoint writes the last rows again: a few of them are enough.
        con.execute("SET wal_autocheckpoint = '512MB'")
        end, rows = con.execute(
            "SELECT date_trunc('hour', max(started_at)) + INTERVAL 1 HOUR, count(*) FROM sample.spans "
            "WHERE dataset = 'production'"
        ).fetchall()[0]
        tiles = [(chain, tile) for tile in range(-(-DAYS // SAMPLE_DAYS)) for chain in SHARES]
        for day in range(DAYS):
            for chain, share in SHARES.items():
                _fill_day(con, chain, spans * share / rows * SAMPLE_DAYS / DAYS, day, end)
            if day % 10 == 9:
                say(f"spans of {day + 1} days")
        for chain, tile in tiles:
            _tile(con, chain, tile, end)
        for table, chain in itertools.product(_PRESENT, SHARES):
            _copy(con, table, chain, "", END - end, "true")
        con.execute(_RUNS, {"end": END, "hours": 24 * DAYS})
        con.execute("CHECKPOINT")
    finally:
        con.close()


def _fill_day(con: Connection, chain: str, copies: float, day: int, end: datetime) -> None:
    """One day of one chain. end: of the sample, which becomes END."""
    tile, place = divmod(DAYS - 1 - day, SAMPLE_DAYS)
    low = end - (place + 1) * _DAY
    bounds = {
        "low": low,
        "high": low + _DAY,
        "shift": END - end - tile * SAMPLE_DAYS * _DAY,
        "salt": _salt(chain, tile),
        "copies": int(copies) + 1,
        "share": round(1000 * (copies % 1)),
        "chain": chain,
    }
    con.execute(_SPANS, bounds)


def _tile(con: Connection, chain: str, tile: int, end: datetime) -> None:
    """What was said and decided in one tile."""
    shift = END - end - tile * SAMPLE_DAYS * _DAY
    first = (END - DAYS * _DAY - shift).isoformat()
    for table, time in _TILED.items():
        inside = f"{time} >= TIMESTAMPTZ '{first}'"
        if "dataset" in _columns(con, table):
            inside += " AND dataset = 'production'"
        _copy(con, table, chain, _salt(chain, tile), shift, inside)


def _copy(con: Connection, table: str, chain: str, salt: str, shift: timedelta, where: str) -> None:
    """Rows of the sample's table under another chain, moved in time, with ids of their own."""
    changes = []
    for name, kind in _columns(con, table).items():
        if name == "chain":
            changes.append("$chain AS chain")
        elif name == "monitor":
            changes.append("replace(monitor, '/' || chain || '/', '/' || $chain || '/') AS monitor")
        elif name == "trace_id":
            changes.append("md5(trace_id || $salt || '0') AS trace_id")
        elif name == "span_id":
            changes.append("left(md5(span_id || $salt || '0'), 16) AS span_id")
        elif name == "span_started_at":
            # With its span, which _large_warehouse.sql moves as its trace.
            changes.append(f"{name} + $shift::INTERVAL + {_OF_TRACE} AS {name}")
        elif name.endswith(_ID) and name != "run_id":
            changes.append(f"md5({name} || $salt || $chain) AS {name}")
        elif kind == "TIMESTAMP WITH TIME ZONE":
            changes.append(f"{name} + $shift::INTERVAL AS {name}")
        elif kind == "DATE":
            changes.append(f"({name} + $shift::INTERVAL)::DATE AS {name}")
    statement = (
        f"INSERT INTO {table} SELECT * REPLACE ({', '.join(changes)}) FROM sample.{table} WHERE {where}"
    )
    bounds = {"chain": chain, "salt": salt, "shift": shift}
    con.execute(statement, {k: v for k, v in bounds.items() if f"${k}" in statement})


def _columns(con: Connection, table: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}


def _salt(chain: str, tile: int) -> str:
    return f"{chain}/{tile}/"
