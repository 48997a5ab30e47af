"""What a backtest is given: candidate configurations and known incidents; and the reports that are kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.home import Home
from dashboard.cli import cli
from monitors.backtest import saved
from monitors.backtest.candidate import candidate
from monitors.backtest.known import read_known
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.scoring import FoundIncident, score

USED = parse(
    '[windows]\nlength = "1h"\n[monitors.latency]\nmargin = 0.2\nfields = ["duration_s"]\n', "c.toml"
)
TEN = datetime(2026, 3, 9, 10, tzinfo=UTC)


def test_sections_and_keys_lie_over_the_configuration_in_use(tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    file.write_text("[monitors.latency]\nmargin = 0.5\n[monitors.mmd]\nenabled = false\n")
    made = candidate(USED, file, ["windows.length=30m", "monitors.latency.skew_margin=0.7"])
    monitors = made.section("monitors", MonitorsConfig)
    assert monitors.of("latency").model_dump(include={"margin", "skew_margin", "fields"}) == {
        "margin": 0.5,
        "skew_margin": 0.7,
        "fields": ("duration_s",),
    }
    assert monitors.of("mmd").enabled is False
    assert made.section("windows", WindowsConfig).length.total_seconds() == 1800
    assert made.hash != USED.hash
    assert candidate(USED, None, []) is USED


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("monitors.latncy.margin=1", "unknown check"),
        ("windows.length=7m", "divide a day evenly"),
        ("windows.lenth=1h", "unknown key 'windows.lenth'; choose one of: .*length"),
        ("margin", "give KEY=VALUE"),
        ("a b=1", "give KEY=VALUE"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(assignment: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        candidate(USED, None, [assignment])


def test_a_candidate_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[monitors\n")
    with pytest.raises(ConfigError, match=r"bad\.toml: not valid TOML"):
        candidate(USED, file, [])
    with pytest.raises(ConfigError, match="No such file"):
        candidate(USED, tmp_path / "none.toml", [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "k.toml",
            '[[incident]]\nid = "a"\ncomponent = "r"\nfrom = 2026-03-09T10:00:00Z\n'
            'to = 2026-03-09T18:00:00Z\n'
            '[[incident]]\nid = "b"\nfrom = "2026-03-10T00:00:00"\n',
        ),
        ("k.csv", "id,component,from,to\na,r,2026-03-09T11:00:00+01:00,2026-03-09T18:00Z\nb,,2026-03-10,\n"),
        (
            "k.json",
            json.dumps(
                {
                    "incidents": [
                        {"id": "a", "component": "r", "started_at": "2026-03-09T10:00:00+00:00",
                         "ended_at": "2026-03-09T18:00:00+00:00", "kind": "index"},
                        {"id": "b", "started_at": "2026-03-10T00:00:00Z", "ended_at": None},
                    ]
                }
            ),
        ),
    ],
)  # fmt: skip
def test_known_incidents_of_every_format(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    first, second = read_known(file)
    assert (first.fault_id, first.component, first.started_at) == ("a", "r", TEN)
    assert first.ended_at == TEN.replace(hour=18)
    assert (second.component, second.started_at, second.ended_at) == (None, TEN.replace(day=10, hour=0), None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("k.csv", "id,from\na,\n", "incident 1 has no time it began"),
        ("k.csv", "id,from\na,yesterday\n", "from = 'yesterday' is not an ISO 8601 time"),
        ("k.csv", "id,from,to\na,2026-03-09,2026-03-08\n", "before it begins"),
        ("k.csv", "id,from\na,2026-03-09\na,2026-03-10\n", "two incidents are called 'a'"),
        ("k.txt", "a", r"use \.toml .* \.csv .* or \.json"),
        ("k.toml", "incident = 3\n", r"use \.toml with \[\[incident\]\]"),
        ("k.json", "[1, 2", "k.json"),
    ],
)
def test_known_incidents_that_cannot_be_read(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_known(file)


def test_a_known_incident_without_a_component_is_found_by_any(tmp_path: Path) -> None:
    file = tmp_path / "k.csv"
    file.write_text("id,component,from,to\na,,2026-03-09T10:00Z,2026-03-09T12:00Z\n")
    found = FoundIncident(
        incident_id="i", component="whoever", started_at=TEN, detected_at=TEN.replace(hour=11)
    )
    assert score(read_known(file), [found]).matched == {"a": "i"}


def test_reports_are_kept_for_their_owner_and_the_oldest_go(home: Home) -> None:
    for minute in range(saved.KEPT + 2):
        path = saved.save(home, {"n": minute, "start": TEN}, at=TEN.replace(minute=minute))
    assert path.stat().st_mode & 0o077 == 0
    names = saved.names(home)
    assert len(names) == saved.KEPT
    newest = saved.load(home, names[0])
    assert newest == {"made_at": "2026-03-09T10:21:00+00:00", "n": 21, "start": "2026-03-09T10:00:00+00:00"}
    assert saved.load(home, "../chainwatch") is None
    path.write_text("[]")
    assert saved.load(home, path.stem) is None


def test_the_command_refuses_before_it_works(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    run = CliRunner().invoke
    late = run(cli, ["backtest", "--from", "2026-03-02", "--to", "2026-03-01"])
    assert "must be before --to 2026-03-01" in str(late.exception)
    empty = run(cli, ["backtest", "--from", "2026-03-01", "--to", "2026-03-02"])
    assert "there is no warehouse at" in str(empty.exception)
