"""A new interpreter, for what is true only of one that has imported nothing yet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def imported_by(code: str, among: Iterable[str]) -> list[str]:
    """Which of these modules the code imports, sorted; if it prints anything or raises, the test fails."""
    tail = f"\nimport json, sys\nprint(json.dumps(sorted(set({sorted(among)!r}) & set(sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found
