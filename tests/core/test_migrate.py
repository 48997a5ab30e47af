"""Numbered migrations: applied once, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.errors import WarehouseError
from collectors.warehouse import Warehouse
from collectors.warehouse import migrate as module
from collectors.warehouse.migrate import applied, migrate, migrations

RECORD = {
    "spans",
    "feedback",
    "annotations",
    "grades",
    "components",
    "deploys",
    "monitor_runs",
    "results",
    "incidents",
    "alerts",
    "silences",
    "notifications",
    "notification_attempts",
    "audit",
    "quarantine",
}


def test_the_record_is_there_after_a_migration_and_a_second_one_does_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    assert [m.number for m in migrate(warehouse)] == [m.number for m in migrations()]
    assert migrate(warehouse) == []
    with warehouse.read() as con:
        tables = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert tables >= RECORD


def test_a_file_of_a_newer_chainwatch_is_left_alone(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    migrate(warehouse)
    with warehouse.write() as con:
        con.execute("INSERT INTO schema_migrations VALUES (9999, 'future', now())")
    with pytest.raises(WarehouseError, match=r"schema 9999.*upgrade Chainwatch"):
        migrate(warehouse)
    assert 9999 in applied(warehouse)


def test_numbers_are_unique_and_increase() -> None:
    numbers = [m.number for m in migrations()]
    assert numbers == sorted(set(numbers))


def test_a_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(WarehouseError, match=r"the warehouse .*w\.duckdb is damaged"):
        migrate(Warehouse(path))
    assert path.read_bytes().startswith(b"this is not")


VALUES = {
    "TIMESTAMP WITH TIME ZONE": "now()", "VARCHAR": "'x'", "JSON": "'{}'", "BLOB": "'x'::BLOB",
    "BOOLEAN": "true",
    "DATE": "current_date", "INTERVAL": "INTERVAL 1 HOUR",
}  # fmt: skip


def fill(warehouse: Warehouse) -> dict[str, int]:
    """A row in every table that is there; how many rows each has."""
    with warehouse.write() as con:
        names = "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'schema_migrations'"
        tables = [row[0] for row in con.execute(names).fetchall()]
        for table in tables:
            kinds = [row[1] for row in con.execute(f"DESCRIBE {table}").fetchall()]
            values = ["[]" if kind.endswith("[]") else VALUES.get(kind, "1") for kind in kinds]
            con.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")
    return dict.fromkeys(tables, 1)


@pytest.mark.parametrize("number", [m.number for m in migrations()][:-1])
def test_a_file_of_any_earlier_version_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    warehouse, every = Warehouse(tmp_path / "w.duckdb"), migrations()
    with monkeypatch.context() as patched:
        patched.setattr(module, "migrations", lambda: every[:number])
        migrate(warehouse)
    # Rollups may be dropped: the next refresh makes them anew out of the spans.
    rows = {table: n for table, n in fill(warehouse).items() if not table.startswith("rollup_")}
    assert [m.number for m in migrate(warehouse)] == [m.number for m in every[number:]]
    with warehouse.read() as con:
        found = {t: con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in rows}
    assert found == rows


def test_grades_get_the_versions_of_their_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, every = Warehouse(tmp_path / "w.duckdb"), migrations()
    with monkeypatch.context() as patched:
        patched.setattr(module, "migrations", lambda: [m for m in every if m.number < 18])
        migrate(warehouse)
    # All ids are alike, and so are all times of one transaction.
    fill(warehouse)
    with warehouse.write() as con:
        con.execute("INSERT INTO grades BY NAME SELECT * REPLACE ('gone' AS span_id) FROM grades")
        con.execute("UPDATE spans SET prompt_version = 'v2', model = NULL")
    migrate(warehouse)
    with warehouse.read() as con:
        rows = con.execute("SELECT span_id, environment, prompt_version, model FROM grades").fetchall()
    assert sorted(rows) == [("gone", None, None, None), ("x", "x", "v2", None)]
