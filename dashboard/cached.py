"""Reads, kept for a few seconds; the last good answer when the warehouse is busy.

Only answers are kept, never a connection: a connection that stays open would lock everybody else out.
"""

from __future__ import annotations

import importlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import streamlit as st

from collectors.errors import WarehouseBusyError
from collectors.warehouse.connection import Warehouse

T = TypeVar("T")
P = ParamSpec("P")

KEEP_S = 10
# People wait for a page, so a busy warehouse is given up sooner than a command would.
WAIT_S = 4.0
_MOST_KEPT = 128


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[T]):
    """An answer, when it was read, and why it is not newer (None when it is fresh)."""

    value: T
    read_at: datetime
    stale: str | None = None


_last_good: OrderedDict[tuple[Any, ...], Loaded[Any]] = OrderedDict()
_guard = threading.Lock()


def load(
    read: Callable[Concatenate[Warehouse, P], T], warehouse: Path, *args: P.args, **kwargs: P.kwargs
) -> Loaded[T]:
    """The answer of a `dashboard.data*` function on the warehouse at this path.

    Raises WarehouseBusyError when the warehouse is busy and nothing was read before.
    """
    key = (read.__module__, read.__name__, str(warehouse), args, tuple(sorted(kwargs.items())))
    try:
        value, read_at = _fresh(read.__module__, read.__name__, str(warehouse), args, kwargs)
    except WarehouseBusyError as error:
        with _guard:
            kept = _last_good.get(key)
        if kept is None:
            raise
        return Loaded(value=kept.value, read_at=kept.read_at, stale=str(error))
    loaded = Loaded(value=value, read_at=read_at)
    with _guard:
        _last_good[key] = loaded
        _last_good.move_to_end(key)
        while len(_last_good) > _MOST_KEPT:
            _last_good.popitem(last=False)
    return loaded


@st.cache_data(ttl=KEEP_S, max_entries=_MOST_KEPT, show_spinner=False)
def _fresh(module: str, name: str, warehouse: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    read = getattr(importlib.import_module(module), name)
    return read(Warehouse(Path(warehouse), wait_s=WAIT_S), *args, **kwargs), datetime.now(UTC)


def forget() -> None:
    """Read everything again: after an action that changed the warehouse."""
    _fresh.clear()
