"""One file is one plug-in: whatever stands in a plug-in folder is found by its file name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from typing import Generic, TypeVar

from collectors.errors import ConfigError

T = TypeVar("T")


class Registry(Generic[T]):
    """The plug-ins of one package, by name.

    Each module of the package that has the attribute `attribute` is one plug-in and its file
    name is the registered name. Modules are imported when asked for, not before: some pull in
    heavy libraries.
    """

    def __init__(self, package: str, attribute: str, noun: str) -> None:
        self._package = package
        self._attribute = attribute
        self._noun = noun

    def names(self) -> list[str]:
        """Every registered name, sorted. `base` and modules that start with an underscore are helpers."""
        return list(self._packaged)

    @cached_property
    def _packaged(self) -> tuple[str, ...]:
        """Read from the folder once: a run asks for names by the hundred."""
        package = importlib.import_module(self._package)
        found = (m.name for m in pkgutil.iter_modules(package.__path__))
        return tuple(sorted(name for name in found if name != "base" and not name.startswith("_")))

    def get(self, name: str) -> T:
        """The plug-in called `name`; ConfigError that lists the choices when there is none."""
        if name not in self.names():
            raise ConfigError(f"unknown {self._noun} {name!r}; choose one of: {', '.join(self.names())}")
        module = importlib.import_module(f"{self._package}.{name}")
        plugin: T = getattr(module, self._attribute)
        return plugin

    def all(self) -> Iterator[tuple[str, T]]:
        """Every plug-in with its name."""
        for name in self.names():
            yield name, self.get(name)
