"""Lengths by the Jensen-Shannon distance. See docs/checks/length_jensen_shannon.md."""

from __future__ import annotations

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT
from monitors.statistics.number_distances import js_distance

CHECK = LengthCheck(
    name="length_jensen_shannon",
    title="Jensen-Shannon distance",
    unit="JS distance",
    distance=NumberDistance(of=js_distance, power=ROOT),
    margin=0.05,
    skew_margin=0.15,
)
