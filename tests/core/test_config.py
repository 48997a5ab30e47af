"""chainwatch.toml is read strictly, and its errors say what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from collectors.config import Config, Section, load, parse
from collectors.errors import ConfigError


class Inner(Section):
    depth: int = 1


class Outer(Section):
    width: float = Field(default=1.0, gt=0)
    inner: dict[str, Inner] = Field(default_factory=dict)


def test_an_unknown_section_names_the_choices() -> None:
    with pytest.raises(
        ConfigError, match=r"my\.toml: unknown section \[monitor\]; choose one of: .*monitors"
    ):
        parse("[monitor]\n", "my.toml")


def test_an_unknown_key_names_the_choices_at_its_place() -> None:
    config = Config({"ingest": {"inner": {"a": {"dept": 2}}}}, "my.toml")
    with pytest.raises(ConfigError) as caught:
        config.section("ingest", Outer)
    assert str(caught.value) == "my.toml: unknown key 'ingest.inner.a.dept'; choose one of: depth"


def test_a_bad_value_is_named_with_its_key() -> None:
    config = Config({"ingest": {"width": -1}}, "my.toml")
    with pytest.raises(ConfigError, match=r"my\.toml: ingest\.width = -1: .*greater than 0"):
        config.section("ingest", Outer)


def test_broken_toml_names_the_file_and_the_line() -> None:
    with pytest.raises(ConfigError, match=r"my\.toml: not valid TOML: .*line 2"):
        parse("[ingest]\nx = \n", "my.toml")


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no config file at"):
        load(tmp_path / "absent.toml", home_config=tmp_path / "x", environ={})


def test_the_home_config_is_used_when_nothing_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home_config = tmp_path / "home.toml"
    home_config.write_text("[windows]\n")
    assert load(None, home_config=home_config, environ={}).origin == str(home_config)
    named = tmp_path / "named.toml"
    named.write_text("")
    assert load(None, home_config=home_config, environ={"CHAINWATCH_CONFIG": str(named)}).origin == str(named)


def test_the_hash_follows_the_content_and_not_the_order() -> None:
    one = Config({"windows": {"a": 1, "b": 2}}, "x")
    other = Config({"windows": {"b": 2, "a": 1}}, "y")
    assert one.hash == other.hash
    assert one.hash != Config({"windows": {"a": 1, "b": 3}}, "x").hash
