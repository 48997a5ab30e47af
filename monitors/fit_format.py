"""Fitted checks as bytes and back, without running anything: no pickle.

A fit is a tree of numbers, strings, arrays, and objects of classes of this package. Its shape is written as
MessagePack, its arrays as they lie in memory. Reading makes objects of classes that this package already
has, and puts their attributes in place; nothing in the bytes can name any other code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module
from types import FunctionType
from typing import Any

import msgspec
import numpy as np

_OURS = "monitors."
_PLAIN = (type(None), bool, int, float, str, bytes)
_KINDS = "biuf"  # of arrays: whole numbers, floating point, truth
_BIG = 1 << 63


class CannotKeepError(ValueError):
    """The fit holds something that has no place in the format, such as a function made while running."""


def dumps(value: Any) -> bytes:
    """The bytes of a fit; CannotKeepError names what cannot be written."""
    writer = _Writer()
    tree = writer.node(value)
    return msgspec.msgpack.encode([tree, writer.arrays])


def loads(blob: bytes) -> Any:
    """What `dumps` was given; ValueError (or CannotKeepError) for bytes that are none."""
    try:
        tree, arrays = msgspec.msgpack.decode(blob, type=tuple[Any, list[Any]])
        return _Reader(arrays).value(tree)
    except (msgspec.MsgspecError, KeyError, IndexError, TypeError, AttributeError, ImportError) as error:
        raise ValueError(f"no fit: {error}") from error


class _Writer:
    """Nodes are plain values, or lists that begin with what they are."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self._known: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no id is used twice

    def node(self, value: Any) -> Any:
        if type(value) in _PLAIN:
            is_big = isinstance(value, int) and not -_BIG <= value < _BIG
            return ["int", str(value)] if is_big else value
        write = next((w for kind, w in self._leaves if isinstance(value, kind)), None)
        if write is not None:
            return write(value)
        if id(value) in self._known:
            return ["same", self._known[id(value)]]
        self._known[id(value)] = len(self._known)
        self._alive.append(value)
        return self._branches.get(type(value), self._object)(value)

    @cached_property
    def _leaves(self) -> tuple[tuple[Any, Callable[[Any], Any]], ...]:
        return (
            (datetime, lambda v: ["time", v.isoformat()]),
            (timedelta, lambda v: ["span", v.days, v.seconds, v.microseconds]),
            (np.generic, lambda v: ["scalar", *self._array(np.asarray(v))]),
            ((type, FunctionType), lambda v: ["code", _address(v)]),
        )

    @cached_property
    def _branches(self) -> dict[type, Callable[[Any], Any]]:
        def items(value: Any) -> Any:
            return [type(value).__name__, [self.node(item) for item in value]]

        return {
            np.ndarray: lambda v: ["array", *self._array(v)],
            dict: lambda v: ["dict", [[self.node(k), self.node(x)] for k, x in v.items()]],
            **dict.fromkeys((tuple, list, set, frozenset), items),
        }

    def _object(self, value: Any) -> Any:
        state = value.__getstate__()
        if not isinstance(state, dict):
            state = {} if state is None else None
        if state is None:
            raise CannotKeepError(f"the state of a {type(value).__qualname__}")
        return ["object", _address(type(value)), [[name, self.node(v)] for name, v in state.items()]]

    def _array(self, array: Any) -> list[Any]:
        if array.dtype.kind not in _KINDS:
            raise CannotKeepError(f"an array of {array.dtype}")
        # The order in memory is kept: products of matrices depend on it in their last digits.
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        self.arrays.append(array.tobytes(order))
        return [len(self.arrays) - 1, array.dtype.str, list(array.shape), order]


class _Reader:
    def __init__(self, arrays: list[Any]) -> None:
        self._arrays = arrays
        self._known: list[Any] = []

    def value(self, node: Any) -> Any:
        if not isinstance(node, list):
            return node
        kind, *rest = node
        read = getattr(self, f"_read_{kind}", None)
        if read is None:
            raise ValueError(f"no fit: a node of kind {kind!r}")
        return read(*rest)

    def _read_int(self, text: str) -> int:
        return int(text)

    def _read_time(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def _read_span(self, days: int, seconds: int, microseconds: int) -> timedelta:
        return timedelta(days=days, seconds=seconds, microseconds=microseconds)

    def _read_scalar(self, *array: Any) -> Any:
        return self._made(*array)[()]

    def _read_code(self, address: str) -> Any:
        return _found(address)

    def _read_same(self, place: int) -> Any:
        return self._known[place]

    def _read_array(self, *array: Any) -> Any:
        made = self._made(*array)
        self._known.append(made)
        return made

    def _read_tuple(self, items: list[Any]) -> Any:
        return self._filled(items, tuple)

    def _read_list(self, items: list[Any]) -> Any:
        return self._filled(items, list)

    def _read_set(self, items: list[Any]) -> Any:
        return self._filled(items, set)

    def _read_frozenset(self, items: list[Any]) -> Any:
        return self._filled(items, frozenset)

    def _filled(self, items: list[Any], kind: Any) -> Any:
        # Places are counted in the order in which writing came to them: the whole before its parts.
        place = len(self._known)
        self._known.append(None)
        self._known[place] = kind(self.value(item) for item in items)
        return self._known[place]

    def _read_dict(self, items: list[Any]) -> Any:
        made: dict[Any, Any] = {}
        self._known.append(made)
        made.update((self.value(key), self.value(value)) for key, value in items)
        return made

    def _read_object(self, address: str, state: list[Any]) -> Any:
        cls = _found(address)
        if not isinstance(cls, type):
            raise ValueError(f"no fit: {address} is no class")
        made: Any = object.__new__(cls)
        self._known.append(made)
        made.__dict__.update((name, self.value(node)) for name, node in state)
        return made

    def _made(self, place: int, dtype: str, shape: list[int], order: Any) -> Any:
        kind = np.dtype(dtype)
        if kind.kind not in _KINDS:
            raise ValueError(f"no fit: an array of {dtype}")
        # A copy: what is read from bytes cannot be written to.
        return np.frombuffer(self._arrays[place], dtype=kind).reshape(shape, order=order).copy(order="K")


def _address(code: Any) -> str:
    """Where a class or function of this package stands; CannotKeepError for any other."""
    module, name = code.__module__, code.__qualname__
    if not module.startswith(_OURS) or getattr(sys.modules[module], name, None) is not code:
        raise CannotKeepError(f"{module}.{name}")
    return f"{module}:{name}"


def _found(address: str) -> Any:
    module, _, name = address.partition(":")
    if not module.startswith(_OURS) or "." in name:
        raise ValueError(f"no fit: {address} is none of ours")
    found = getattr(import_module(module), name)
    # A module's name space also holds what it imports.
    if not isinstance(found, (type, FunctionType)) or found.__module__ != module:
        raise ValueError(f"no fit: {address} is none of ours")
    return found
