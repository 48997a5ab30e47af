"""One concept a file: none is longer than a reader can hold, tests and benchmarks included."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("collectors", "monitors", "sample_logs", "dashboard", "tests", "benchmarks")
MOST_LINES = 300


def test_no_file_has_more_than_300_lines() -> None:
    files = [
        file for folder in FOLDERS for end in ("py", "sql") for file in (ROOT / folder).rglob(f"*.{end}")
    ]
    assert len(files) > 500
    lengths = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
