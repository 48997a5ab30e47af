"""What a component was given is compared as one encoder sees it: vectors of another one are left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import pytest

from monitors.checks import CHECKS
from monitors.config import MonitorsConfig
from monitors.explain_run import Explanations
from monitors.plan import Monitor
from monitors.result import Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
ASKED = Stream(chain="support", component="generator", field="input_text")
WINDOWS = [Window(start=START + n * HOUR, end=START + (n + 1) * HOUR) for n in range(3)]


def asked(hour: int, basis: str, **more: Any) -> Sample:
    return Sample(
        stream=ASKED,
        window=WINDOWS[hour],
        basis=basis,
        n=1,
        n_missing=0,
        rows=np.full((1, 2), hour, dtype=np.float16),
        keys=(f"{hour}/s",),
        seed=0,
        **more,
    )


def given(*stored: Sample, pool: Sample | None = None, field: str = "output_text") -> dict[str, Any]:
    """What is known of the inputs of three windows, the last of them now."""
    store = SampleStore(HOUR)
    store.add(stored)
    nothing = cast(Any, None)
    explanations = Explanations(
        nothing,
        nothing,
        store,
        {} if pool is None else {ASKED: pool},
        settings=MonitorsConfig(),
        known={},
        refine_since=None,
        before_reading=lambda: None,
    )
    stream = Stream(chain="support", component="generator", field=field)
    monitor = Monitor(check=CHECKS.get("mmd"), stream=stream, kind="skew" if pool is not None else "drift")
    return explanations._given(monitor, [WINDOWS[2], WINDOWS[0], WINDOWS[1]])


@pytest.mark.parametrize(
    ("bases", "kept"),
    [
        (("new", "new", "new"), {"0/s", "1/s", "2/s"}),
        (("old", "new", "new"), {"1/s", "2/s"}),
        (("old", "old", "new"), {"2/s"}),
        (("new", "new", "old"), {"2/s"}),
    ],
)
def test_vectors_of_another_encoder_than_the_window_of_now_are_left_out(
    bases: tuple[str, ...], kept: set[str]
) -> None:
    found = given(*(asked(hour, basis) for hour, basis in enumerate(bases)))
    assert set(found) == kept
    assert found["2/s"].tolist() == [2, 2]


@pytest.mark.parametrize(("basis", "kept"), [("new", {"2/s", "0/s"}), ("old", {"2/s"})])
def test_so_are_those_of_an_evaluation_set(basis: str, kept: set[str]) -> None:
    assert set(given(asked(2, "new"), pool=asked(0, basis, dataset="golden"))) == kept


def test_only_answers_were_given_something() -> None:
    assert given(asked(2, "new"), field="input_text") == {}
