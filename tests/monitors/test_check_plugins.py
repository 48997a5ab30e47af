"""Checks of one's own: found, told apart, refused with a reason, and run like the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import tiny_encoder
from check_plugins import documented_example
from run_world import HOUR, START, rows, store, traffic

from collectors.config import load, parse
from collectors.context import Context
from collectors.errors import ConfigError
from collectors.home import Home
from monitors.checks import CHECKS
from monitors.checks import _registry as registry
from monitors.checks._registry import CheckRegistry
from monitors.config import MonitorsConfig
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    CHECKS.use([])


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_a_file_named_in_the_configuration_is_a_check_with_a_table(tmp_path: Path) -> None:
    documented_example(tmp_path)
    toml = write(
        tmp_path, "chainwatch.toml", '[monitors]\nplugins = ["links.py"]\n[monitors.links]\nmargin = 0.2\n'
    )
    config = load(toml, home_config=tmp_path / "home" / "chainwatch.toml", environ={})
    monitors = config.section("monitors", MonitorsConfig)
    assert monitors.of("links").margin == 0.2
    assert "links" in CHECKS.names()
    assert (CHECKS.get("links").title, CHECKS.get("links").data) == ("Answers with a link", "text")
    # The next configuration has none of it.
    parse("[monitors]\n", "chainwatch.toml")
    assert "links" not in CHECKS.names()
    with pytest.raises(ConfigError, match="unknown check 'links'"):
        CHECKS.get("links")


def test_a_file_in_the_home_needs_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    documented_example(tmp_path / "checks")
    write(tmp_path / "checks", "_helper.py", "raise RuntimeError('helpers are not run')")
    load(None, home_config=tmp_path / "chainwatch.toml", environ={}).section("monitors", MonitorsConfig)
    assert "links" in CHECKS.names()
    assert "_helper" not in CHECKS.names()


def test_a_changed_file_is_another_check(tmp_path: Path) -> None:
    file = documented_example(tmp_path)
    CHECKS.use([file])
    first = CHECKS.get("links")
    assert CHECKS.get("links") is first
    file.write_text(file.read_text("utf-8").replace("Answers with a link", "Links"), "utf-8")
    assert CHECKS.get("links").title == "Links"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = nowhere\n", r"broken\.py, line 2: NameError: name 'nowhere' is not defined"),
        ("x = 1\ndef f(:\n", r"broken\.py, line 2: SyntaxError"),
        ("CHECKS = 1\n", r"broken\.py: has no CHECK"),
        ("class CHECK:\n    name = 'broken'\n", "CHECK has no title, fields, kinds, data, default_on"),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_where(tmp_path: Path, text: str, said: str) -> None:
    CHECKS.use([write(tmp_path, "broken.py", text)])
    with pytest.raises(ConfigError, match=said):
        CHECKS.get("broken")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('name="links"', 'name="other"'), "its name is 'other' and has to be 'links'"),
        (('data="text"', 'data="texts"'), "data is 'texts'; choose one of embedding, number, text, category"),
        (('frozenset({"output_words"})', "frozenset()"), "fields is empty"),
        (("up_only=", 'kinds=("draft",), up_only='), "kinds is .'draft',.; choose from skew, drift"),
    ],
)
def test_a_check_that_is_not_one_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = documented_example(tmp_path)
    file.write_text(file.read_text("utf-8").replace(*change), "utf-8")
    CHECKS.use([file])
    with pytest.raises(ConfigError, match=said):
        CHECKS.get("links")


def test_names_are_taken_once_and_files_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is a check 'latency' already; rename the file"):
        CHECKS.use([write(tmp_path, "latency.py", "")])
    with pytest.raises(ConfigError, match=r"named like a variable, as in my_check\.py"):
        CHECKS.use([write(tmp_path, "my-check.py", "")])
    with pytest.raises(ConfigError, match=r"no check at .*gone\.py"):
        parse('[monitors]\nplugins = ["gone.py"]\n', str(tmp_path / "chainwatch.toml"))
    with pytest.raises(ConfigError, match="plugins"):
        parse("[monitors]\nplugins = 3\n", str(tmp_path / "chainwatch.toml"))


class Entry:
    """As importlib.metadata has one."""

    def __init__(self, name: str, loaded: object) -> None:
        self.name, self.value, self._loaded = name, "package:CHECK", loaded

    def load(self) -> object:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def test_other_packages_bring_checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    CHECKS.use([documented_example(tmp_path)])
    links = CHECKS.get("links")
    brought = [Entry("links", links), Entry("sick", ImportError("no such library"))]
    monkeypatch.setattr(registry, "entry_points", lambda group: brought if group == registry.GROUP else [])
    checks = CheckRegistry()
    assert {"links", "sick", "latency"} <= set(checks.names())
    assert checks.get("links") is links
    with pytest.raises(ConfigError, match=r"entry point sick = package:CHECK .*ImportError: no such library"):
        checks.get("sick")
    brought[:] = [Entry("latency", links)]
    with pytest.raises(ConfigError, match="'latency' is taken"):
        CheckRegistry().names()


def test_it_runs_raises_an_alarm_and_harms_nobody(home: Home) -> None:
    tiny_encoder.install(home)
    documented_example(write(home.root / "checks", "_.py", "").parent)
    sick = "from monitors.custom import CategoryCheck\ndef told(name):\n    raise ValueError('sick')\n"
    sick += "CHECK = CategoryCheck(\n"
    sick += "    name='sick', title='Sick', fields=frozenset({'model'}), margin=0.1, told=told\n)\n"
    write(home.root / "checks", "sick.py", sick)
    tables = "".join(
        f"[monitors.{name}]\nenabled = {str(name in ('links', 'sick')).lower()}\n"
        for name in [*CHECKS.names(), "links", "sick"]
    )
    text = f'[windows]\nreference = "1d"\ngap = "0s"\n[embedding]\nsample_per_window = 32\n{tables}'
    config = parse(text, str(home.config), home=home.root)
    context = Context(home=home, config=config, clock=lambda: START + 60 * HOUR)
    context.migrated()
    spans = traffic(range(32), a_window=30)
    store(
        context,
        [
            replace(s, output_text="see https://example.com")
            if s.component == "generator" and s.started_at >= START + 30 * HOUR
            else s
            for s in spans
        ],
    )
    summary = run_pass(context, now=START + 32 * HOUR + GRACE)
    told = rows(
        context, "SELECT DISTINCT check_name, component FROM results WHERE status = 'breach' ORDER BY 1"
    )
    # The broken one is told of, too, as a check that does not run.
    assert told == [
        {"check_name": "did_not_run", "component": "check sick"},
        {"check_name": "links", "component": "generator"},
    ]
    errors = rows(context, "SELECT DISTINCT check_name, reason FROM results WHERE status = 'error'")
    assert errors == [{"check_name": "sick", "reason": "the check failed: ValueError: sick"}]
    assert summary.opened == 2
