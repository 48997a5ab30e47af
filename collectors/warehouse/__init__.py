"""The one DuckDB file that everything rests in."""

from collectors.warehouse.connection import Warehouse

__all__ = ["Warehouse"]
