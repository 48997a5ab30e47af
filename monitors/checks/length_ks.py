"""Lengths by the Kolmogorov-Smirnov distance. See docs/checks/length_ks.md."""

from __future__ import annotations

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT
from monitors.statistics.number_distances import ks_distance

CHECK = LengthCheck(
    name="length_ks",
    title="Kolmogorov-Smirnov distance",
    unit="KS distance",
    distance=NumberDistance(of=ks_distance, power=ROOT),
    margin=0.1,
    skew_margin=0.25,
)
