"""The stated data sets of the reference values in ../shared/data/drift_oracle.json, and the values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ORACLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "drift_oracle.json"


def oracle() -> dict[str, Any]:
    """The values; skips the test where the file is not there."""
    if not ORACLE.is_file():
        pytest.skip("the reference values ../shared/data/drift_oracle.json are not here")
    loaded: dict[str, Any] = json.loads(ORACLE.read_text("utf-8"))
    return loaded


def d1() -> tuple[Floats, Floats]:
    """(60, 5) and (50, 5), normal."""
    rng = np.random.default_rng(20240601)
    return rng.standard_normal((60, 5)), rng.standard_normal((50, 5)) + 0.3


def d2() -> tuple[Floats, Floats]:
    """(40, 4) and (30, 4), without randomness."""
    i, j = np.meshgrid(np.arange(40), np.arange(4), indexing="ij")
    return np.sin(1 + 0.7 * i + 1.3 * j), (np.sin(2 + 0.9 * i + 1.1 * j) + 0.1 * j)[:30]
