"""A plug-in is one file, found by its name."""

from __future__ import annotations

import pytest

from collectors.errors import ConfigError
from collectors.registry import Registry


def test_names_are_file_names_and_an_unknown_one_lists_the_choices() -> None:
    registry: Registry[object] = Registry("collectors.warehouse", "Warehouse", "part")
    assert {"connection", "lock", "migrate", "store"} <= set(registry.names())
    with pytest.raises(ConfigError, match=r"unknown part 'sotre'; choose one of: .*connection, .*store"):
        registry.get("sotre")
    assert registry.get("connection").__name__ == "Warehouse"  # type: ignore[attr-defined]
