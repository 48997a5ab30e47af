"""A pandas DataFrame into the warehouse, by the rules that files go by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.config import Config, load
from collectors.context import Context, system_clock
from collectors.errors import ConfigError
from collectors.frame_rows import FrameSource
from collectors.home import Home

if TYPE_CHECKING:
    import pandas as pd

    from collectors.ingest import FileReport

_GIVEN = "frame"


def ingest_frame(
    frame: pd.DataFrame,
    *,
    name: str = "dataframe",
    field_map: str | Mapping[str, Any] | None = None,
    home: Path | str | None = None,
    config: Path | None = None,
    clock: Callable[[], datetime] = system_clock,
) -> FileReport:
    """Load the rows of a frame and say what became of them.

    Columns are named as fields of a span, one row a record, as in JSON lines and Parquet. Other names need
    `field_map`: the name of a map of chainwatch.toml, or a map as it would stand there:
    `{"fields": {"started_at": "ts", "component": {"constant": "chat"}}}`. Missing values (NaN, NaT, NA, None)
    are unknown; times without a zone are UTC; time deltas are seconds. Named index levels are columns too,
    and an unnamed index of times is `started_at` where there is no such column.

    `name` is what the records carry as their source, and the quarantine as file; the line there is the row
    number from 1. `home` is the folder of the warehouse (default: CHAINWATCH_HOME, else ./.chainwatch).
    Loading the same rows again stores nothing new.

    Returns counts: `read`, `spans`, `new`, `known`, `feedback`, `annotations`, `skipped` and `quarantined` by
    reason. Raises ConfigError for a wrong map or column names, WarehouseBusyError when the warehouse stays
    locked. A row that cannot be taken is set aside and does not raise.
    """
    from collectors.ingest import FileReport, Ingest
    from collectors.ingest_pieces import FileSpec, Reader
    from collectors.ingest_rules import rules_spec

    place = Home.from_environment() if home is None else Home(root=Path(home).expanduser().absolute())
    settings, map_name = _with_map(load(config, home_config=place.config), field_map)
    context = Context(home=place, config=settings, clock=clock)
    spec = FileSpec(
        format_name="dataframe",
        map_name=map_name,
        path=Path(name),
        source=f"dataframe:{name}",
        shown=name,
        rules=rules_spec(context),
    )
    reader = Reader(spec, FrameSource(frame))
    mapped = reader.context.field_map
    report = FileReport(
        path=name, format="dataframe", title=FrameSource.title, field_map=mapped.name if mapped else None
    )
    return Ingest(context.migrated(), spec.rules, clock).read(reader, report)


def _with_map(config: Config, given: str | Mapping[str, Any] | None) -> tuple[Config, str | None]:
    """The configuration with a map that was given as a mapping added to it."""
    if given is None or isinstance(given, str):
        return config, given
    if not isinstance(given, Mapping):
        raise ConfigError(f"field_map = {type(given).__name__}: must be a name or a mapping with `fields`")
    ingest = config.raw.get("ingest", {})
    maps = {**ingest.get("maps", {}), _GIVEN: dict(given)}
    origin = f"{config.origin} and field_map"
    return Config({**config.raw, "ingest": {**ingest, "maps": maps}}, origin), _GIVEN
