"""One file is one check; the file name is its registered name, and `CHECK` is the check.

Checks of one's own join by `[monitors] plugins`, the folder `checks` of CHAINWATCH_HOME, or an entry point.
"""

from __future__ import annotations

from monitors.checks._registry import CheckRegistry, plugin_files

__all__ = ["CHECKS", "plugin_files"]

CHECKS = CheckRegistry()
