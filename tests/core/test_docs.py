"""Documentation that fails the build: every command, check and config section is written about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.config import SECTIONS
from collectors.registry import Registry
from dashboard.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def pages() -> Iterator[Path]:
    yield ROOT / "README.md"
    yield from sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert f"`chainwatch {name}" in (DOCS / "reference" / "commands.md").read_text()


def test_every_check_has_a_page_that_says_when_not_to_use_it() -> None:
    checks = [name for name in Registry("monitors.checks", "CHECK", "check").names() if name != "base"]
    assert checks
    for name in checks:
        text = (DOCS / "checks" / f"{name}.md").read_text().lower()
        assert "when not to use" in text, name


def test_every_config_key_is_documented() -> None:
    import importlib

    text = (DOCS / "reference" / "config.md").read_text()
    for section, place in SECTIONS.items():
        assert f"[{section}]" in text, section
        module, _, attribute = place.partition(":")
        model = getattr(importlib.import_module(module), attribute)
        for key in model.model_fields:
            assert re.search(rf"\b{re.escape(key)}\b", text), f"[{section}] {key}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in pages():
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_project_speaks_of_itself_alone() -> None:
    """No path of a developer's machine may stand in what we ship."""
    for page in pages():
        assert not re.search(r"(?<![\w.])/(work|root|home/\w+)/", page.read_text()), page
