"""The rows of a pandas DataFrame as plain Python values: what is missing is left out, numbers are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.errors import ConfigError
from collectors.sources._rows import items
from collectors.sources.base import Item, SourceContext

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 2_000
_STARTED = "started_at"


class FrameSource:
    """A frame in the place of a file."""

    title = "pandas DataFrame"

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = _with_index(frame)

    def detect(self, path: Path, head: bytes) -> float:
        """No file is a frame."""
        return 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        for number, row in enumerate(rows(self._frame), start=1):
            yield from items(row, context, number)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with text names, whose index holds nothing more. ConfigError when a name is there twice."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise ConfigError(f"frame = {type(frame).__name__}: must be a pandas DataFrame")
    columns = [_name(column) for column in frame.columns]
    whole = frame.set_axis(columns, axis="columns")
    for level, name in enumerate(frame.index.names):
        values = frame.index.get_level_values(level)
        label = _name(name) if name is not None else None
        if label is None and isinstance(values, pd.DatetimeIndex):
            label = _STARTED
        if label is not None and label not in columns:
            whole = whole.assign(**{label: values})
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ConfigError(f"frame: the column {', '.join(twice)} is there more than once")
    return whole.reset_index(drop=True)


def _name(column: Any) -> str:
    """A column's name; the levels of several are joined by dots."""
    return ".".join(str(part) for part in column if part != "") if isinstance(column, tuple) else str(column)


def rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Each row as a mapping of what it knows; a chunk at a time, so that memory stays flat."""
    whole = {name for name in frame.columns if _were_integers(frame[name])}
    for start in range(0, len(frame), _CHUNK):
        chunk = frame.iloc[start : start + _CHUNK]
        columns = {name: _column(chunk[name], name in whole) for name in chunk.columns}
        for position in range(len(chunk)):
            row = {}
            for name, values in columns.items():
                value = values[position]
                if value is not None:
                    row[name] = value
            yield row


def _were_integers(column: pd.Series[Any]) -> bool:
    """Whether the column is of floats only because pandas has no integer for a missing value."""
    import pandas as pd

    if not pd.api.types.is_float_dtype(column.dtype) or not column.isna().any():
        return False
    known = column.dropna()
    return bool(len(known)) and bool((known % 1 == 0).all()) and bool((known.abs() < 2**53).all())


def _column(column: pd.Series[Any], integers: bool) -> list[Any]:
    """The cells as Python knows them; None where one is missing."""
    import pandas as pd

    kind = column.dtype
    simple = pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)
    simple = simple or isinstance(kind, pd.StringDtype)
    make = int if integers else (lambda value: value) if simple else _value
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return [None if missing else make(value) for value, missing in cells]


def _value(value: Any) -> Any:
    """A cell that is no plain text or number. Nested values are left to the field's own rule."""
    import numpy as np
    import pandas as pd

    if isinstance(value, (str, list, tuple, set, dict)):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (pd.Timestamp, np.datetime64, pd.Period)):
        at = value.start_time if isinstance(value, pd.Period) else pd.Timestamp(value)
        return at.to_pydatetime(warn=False)
    if isinstance(value, (timedelta, np.timedelta64)):
        return pd.Timedelta(value).total_seconds()
    return value.item() if isinstance(value, np.generic) else value
