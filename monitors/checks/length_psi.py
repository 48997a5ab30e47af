"""Lengths by the population stability index. See docs/checks/length_psi.md."""

from __future__ import annotations

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.statistics.psi import psi

CHECK = LengthCheck(
    name="length_psi",
    title="Population stability index",
    unit="PSI",
    distance=NumberDistance(of=psi, power=ROOT_OF_SQUARES),
    margin=0.1,
    skew_margin=0.25,
)
