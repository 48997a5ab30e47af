"""Every statement of the dashboard prepares against the migrated schema, and each is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from empty_warehouse import empty_warehouse

import dashboard
from collectors.warehouse.connection import Warehouse

FOLDER = Path(dashboard.__file__).parent
FILES = sorted((FOLDER / "sql").glob("*.sql"))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return empty_warehouse(tmp_path_factory.mktemp("schema") / "warehouse.duckdb")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_statement_prepares(path: Path, migrated: Warehouse) -> None:
    with migrated.read() as con:
        con.execute(f"PREPARE statement AS {path.read_text('utf-8')}")


def test_every_statement_is_used_and_every_used_one_exists() -> None:
    used: set[str] = set()
    for module in FOLDER.glob("data*.py"):
        used |= set(re.findall(r'select\(\s*con,\s*"(\w+)"', module.read_text("utf-8")))
    assert used == {path.stem for path in FILES}


def test_only_the_reads_touch_the_warehouse() -> None:
    for path in [*FOLDER.glob("app_pages/*.py"), *FOLDER.glob("*_parts.py"), *FOLDER.glob("charts*.py")]:
        text = path.read_text("utf-8")
        assert ".read()" not in text, path
        assert "collectors.warehouse" not in text, path
