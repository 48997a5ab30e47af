"""Numbered SQL migrations. Those that a file lacks are applied in one transaction: all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from collectors.errors import WarehouseError
from collectors.warehouse.connection import Connection, Warehouse

_VERSIONS = """
    CREATE TABLE IF NOT EXISTS schema_migrations
    (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMPTZ)
"""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One numbered step of the schema."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """Every shipped migration in order; WarehouseError when two share a number."""
    found: list[Migration] = []
    folder = resources.files("collectors.warehouse") / "migrations"
    for entry in folder.iterdir():
        if entry.name.endswith(".sql"):
            number, _, rest = entry.name.partition("_")
            name = rest.removesuffix(".sql")
            found.append(Migration(number=int(number), name=name, sql=entry.read_text("utf-8")))
    found.sort(key=lambda m: m.number)
    numbers = [m.number for m in found]
    if len(set(numbers)) != len(numbers):
        raise WarehouseError(f"two migrations share a number: {numbers}")
    return found


def applied(warehouse: Warehouse) -> set[int]:
    """The numbers that the file already has; empty when there is no file."""
    if not warehouse.exists():
        return set()
    with warehouse.read() as con:
        return _applied(con)


def is_newest(con: Connection) -> bool:
    """Whether nothing is left to apply: for who is about to write anyway, and need not look before."""
    return _applied(con) == {step.number for step in migrations()}


def _applied(con: Connection) -> set[int]:
    known = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'schema_migrations'").fetchall()
    if not known:
        return set()
    return {row[0] for row in con.execute("SELECT number FROM schema_migrations").fetchall()}


def migrate(warehouse: Warehouse) -> list[Migration]:
    """Bring the file to the newest schema; returns what was applied now.

    Raises WarehouseError when the file was written by a newer Chainwatch, and leaves it untouched.
    """
    have = applied(warehouse)
    steps = migrations()
    newest = max(m.number for m in steps)
    if have and max(have) > newest:
        raise WarehouseError(
            f"{warehouse.path} has schema {max(have)}, this Chainwatch knows {newest}; upgrade Chainwatch"
        )
    if all(step.number in have for step in steps):
        return []
    with warehouse.write() as con:
        con.execute(_VERSIONS)
        # Another process may have applied some between the look and the lock.
        now_there = {row[0] for row in con.execute("SELECT number FROM schema_migrations").fetchall()}
        missing = [step for step in steps if step.number not in now_there]
        for step in missing:
            con.execute(step.sql)
            con.execute("INSERT INTO schema_migrations VALUES (?, ?, now())", [step.number, step.name])
    return missing
