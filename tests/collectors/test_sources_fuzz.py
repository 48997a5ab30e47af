"""Every source by being there: sound files made unsound give a reasoned refusal or sound records, in time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import _fuzz_checks
from benchmarks._fuzz_checks import BrokenRuleError, Seed, attempt, read, seeds, sound
from collectors.errors import SourceError
from collectors.ingest import detect
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import SOURCES, Bad, Item, SpanContent

SEEDS = seeds()
CONTENTS = [seed.content for seed in SEEDS]
FUZZ = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
RECORDS = (Span, Feedback, Annotation, SpanContent)
HOSTILE = (
    b"", b" ", b"\n\n", b"\x00" * 50, b"null", b"[]", b"{}", b"[[[[", b'"text"', b"7", b"\xef\xbb\xbf",
    b"\xff\xfe{}", b"[" * 200_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 5_000 + b"}", b"PAR1",
    b"\x1f\x8b\x08\x00broken", b"x" * 1_000_000, b'{"started_at": NaN, "component": Infinity}',
    b'{"component": "\\ud800", "component": 1, "started_at": 1e400}',
    "\u202ecomponent,\u2066started_at\n\u202ex,1\n".encode(),
)  # fmt: skip


def test_every_source_has_sound_files_and_knows_them(tmp_path: Path) -> None:
    assert {seed.source for seed in SEEDS} == set(SOURCES.names())
    for number, seed in enumerate(SEEDS):
        path = tmp_path / f"{number}{seed.suffix}"
        found = read(seed.source, seed.content, path)
        assert any(isinstance(item, RECORDS) for item in found), seed.kind
        assert not any(isinstance(item, Bad) for item in found), [i for i in found if isinstance(i, Bad)]
        assert detect(path) == seed.source
        for item in found:
            sound(item)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"{seed.source}{seed.suffix}-{len(seed.content)}")
@FUZZ
@given(number=st.integers(0, 10**9))
def test_any_change_of_a_sound_file(seed: Seed, number: int) -> None:
    with TemporaryDirectory() as folder:
        attempt(seed, number, CONTENTS, Path(folder))


@pytest.mark.parametrize("name", SOURCES.names())
@pytest.mark.parametrize("suffix", ["", ".jsonl", ".csv", ".pb", ".parquet"])
def test_files_that_are_nothing(name: str, suffix: str, tmp_path: Path) -> None:
    for content in HOSTILE:
        found: list[Item] = []
        with suppress(SourceError):
            found = read(name, content, tmp_path / f"file{suffix}")
        for item in found:
            sound(item)
        assert 0.0 <= SOURCES.get(name).detect(tmp_path / f"file{suffix}", content[:65_536]) <= 1.0


def test_the_rules_can_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    whole = Span(trace_id="t", span_id="s", component="c", name="n", started_at=at)
    sound(whole)
    unsound: list[Item] = [
        replace(whole, output_text="a\x00b"),
        replace(whole, model="\ud800"),
        replace(whole, cost_usd=float("nan")),
        Bad(line=1, reason=" ", raw=""),
        Bad(line=1, reason="too long", raw="x" * 2_001),
    ]
    for item in unsound:
        with pytest.raises(BrokenRuleError):
            sound(item)
    with pytest.raises(ValueError, match="Out of range float"):
        sound(replace(whole, attributes={"a": float("inf")}))
    lines = next(seed for seed in SEEDS if seed.kind == "jsonl (.jsonl)")
    monkeypatch.setattr(_fuzz_checks, "read", lambda *given: read(*given)[:1])
    with pytest.raises(BrokenRuleError, match="a neighbour of a broken line is lost"):
        [attempt(lines, number, CONTENTS, tmp_path) for number in range(20)]
