"""What a check of one's own is made of: see docs/checks/custom.md. These names stay."""

from __future__ import annotations

from monitors.checks._categories import CategoryCheck
from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT, ROOT_OF_SQUARES
from monitors.checks.base import (
    Check,
    CheckSettings,
    Fitted,
    NotReady,
    Outcome,
    Reference,
    WindowSample,
)

__all__ = [
    "ROOT",
    "ROOT_OF_SQUARES",
    "CategoryCheck",
    "Check",
    "CheckSettings",
    "Fitted",
    "LengthCheck",
    "NotReady",
    "NumberDistance",
    "Outcome",
    "Reference",
    "WindowSample",
]
