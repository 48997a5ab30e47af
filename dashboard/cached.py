"""Reads, kept while nothing is stored; the last good answer when the warehouse is busy.

All sessions share them. Only answers are kept, never a connection: a connection that stays open would lock
everybody else out.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import streamlit as st

from collectors.context import system_clock
from collectors.errors import WarehouseBusyError
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.resident import ResidentWarehouse

T = TypeVar("T")
P = ParamSpec("P")

# So often it is looked whether something was stored, and no longer than that an answer is kept after it was.
KEEP_S = 10.0
# What is read beside the warehouse, such as room on the disk, is no older than this.
_LONGEST_S = 600
# People wait for a page, so a busy warehouse is given up sooner than a command would.
WAIT_S = 4.0
_MOST_KEPT = 128


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[T]):
    """An answer, when it was read, and why it is not newer (None when it is fresh)."""

    value: T
    read_at: datetime
    stale: str | None = None


_State = tuple[tuple[int, int], ...]

_last_good: OrderedDict[tuple[Any, ...], Loaded[Any]] = OrderedDict()
_states: dict[Path, tuple[float, _State]] = {}
_guard = threading.Lock()
# One beside the page's own: what it shows first must not be read last because of what it shows later.
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")


def load(
    read: Callable[Concatenate[Warehouse, P], T], warehouse: Path, *args: P.args, **kwargs: P.kwargs
) -> Loaded[T]:
    """The answer of a `dashboard.data*` function on the warehouse at this path.

    Raises WarehouseBusyError when the warehouse is busy and nothing was read before.
    """
    key = (read.__module__, read.__name__, str(warehouse), args, tuple(sorted(kwargs.items())))
    try:
        value, read_at = _fresh(
            read.__module__, read.__name__, str(warehouse), args, kwargs, _state(warehouse)
        )
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


def ahead(
    read: Callable[Concatenate[Warehouse, P], T], warehouse: Path, *args: P.args, **kwargs: P.kwargs
) -> None:
    """Begin to read what will be loaded soon: whoever loads it then waits for the rest of it only.

    An error is not told here: who loads it meets it as well.
    """
    _reader.submit(lambda: load(read, warehouse, *args, **kwargs))


def _state(warehouse: Path) -> _State:
    """The sizes of the warehouse's files and when they were written, as they were at most KEEP_S ago."""
    now = time.monotonic()
    with _guard:
        seen = _states.get(warehouse)
    if seen is not None and now - seen[0] < KEEP_S:
        return seen[1]
    found = []
    for path in (warehouse, warehouse.with_name(f"{warehouse.name}.wal")):
        try:
            said = path.stat()
        except FileNotFoundError:
            continue
        found.append((said.st_mtime_ns, said.st_size))
    with _guard:
        _states[warehouse] = (now, tuple(found))
    return tuple(found)


@st.cache_data(ttl=_LONGEST_S, max_entries=_MOST_KEPT, show_spinner=False)
def _fresh(
    module: str, name: str, warehouse: str, args: tuple[Any, ...], kwargs: dict[str, Any], state: _State
) -> Any:
    """The answer, read anew when the warehouse is in another `state`."""
    read = getattr(importlib.import_module(module), name)
    return read(ResidentWarehouse(Path(warehouse), wait_s=WAIT_S), *args, **kwargs), system_clock()


def forget() -> None:
    """Read everything again: after an action that changed the warehouse."""
    _fresh.clear()
    with _guard:
        _states.clear()
