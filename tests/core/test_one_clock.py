"""Time is an argument: the machine's clock is read in one place, and no query asks the database for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("collectors", "monitors", "sample_logs", "dashboard")
READS_THE_CLOCK = re.compile(
    r"\bdatetime\.now\(|\.utcnow\(|\bdate\.today\(|\btime\.time(_ns)?\(|\bnow\(\)\)|\btoday\(\)"
    r"|\bcurrent_(date|time|timestamp)\b|\bget_current_time",
    re.IGNORECASE,
)
# The system's clock itself, and when a migration was applied, which decides nothing.
ALLOWED = {"collectors/context.py", "collectors/warehouse/migrate.py"}


def test_the_clock_is_read_in_one_place() -> None:
    files = [f for package in PACKAGES for f in (ROOT / package).rglob("*") if f.suffix in (".py", ".sql")]
    found = {str(file.relative_to(ROOT)) for file in files if READS_THE_CLOCK.search(file.read_text("utf-8"))}
    assert len(files) > 400
    assert found == ALLOWED


@pytest.mark.parametrize(
    "line", ["at=datetime.now(UTC)", "x = time.time()", "SELECT CURRENT_DATE", "VALUES (1, now())"]
)
def test_what_counts_as_reading_it(line: str) -> None:
    assert READS_THE_CLOCK.search(line)
