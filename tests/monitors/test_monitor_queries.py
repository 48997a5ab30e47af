"""Every query of the monitors prepares against the migrated schema."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import resources

import pytest
from run_world import HOUR, START

from collectors.warehouse import Warehouse
from monitors.sql import query

NAMES = sorted(
    f.name[:-4] for f in (resources.files("monitors") / "sql").iterdir() if f.name.endswith(".sql")
)
GIVEN = {
    "start": START,
    "end": START + HOUR,
    "cutoff": START,
    "since": START,
    "ranking_of": "r",
    "until": None,
    "dataset": "production",
    "length_us": HOUR // timedelta(microseconds=1),
    "seed": 0,
    "cap": 8,
    "max_characters": 100,
    "chain": "support",
    "component": "generator",
    "field": "output_text",
    "keys": ["t/s"],
    "most": 10,
    "reach": HOUR,
    "within": HOUR,
    "idle": HOUR,
    "likeness": 0.8,
    "slow_s": 10.0,
    "longest": 200,
    "offset": 100_000,
    "log_gamma": 0.02,
    "starts": [START],
    "ends": [START],
    "places": [0],
    "monday": START,
    "longest_days": 448,
    "low": START,
    "high": START + HOUR,
    "length": HOUR,
    "days": True,
    "whole": True,
}


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_an_empty_warehouse(warehouse: Warehouse, name: str):
    sql = query(name)
    given = {key: value for key, value in GIVEN.items() if re.search(rf"\${key}\b", sql)}
    values = ["c", "a", "llm", True, None, 0, START, START]
    with warehouse.write() as con:
        con.execute(sql, values if "?" in sql else given)
