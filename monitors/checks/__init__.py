"""One file is one check; the file name is its registered name, and `CHECK` is the check."""

from __future__ import annotations

from collectors.registry import Registry
from monitors.checks.base import Check

CHECKS: Registry[Check] = Registry("monitors.checks", "CHECK", "check")
