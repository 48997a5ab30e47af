"""Lengths by the largest shift of five quantiles. See docs/checks/length_quantiles.md."""

from __future__ import annotations

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT
from monitors.statistics.number_distances import quantile_shift

CHECK = LengthCheck(
    name="length_quantiles",
    title="Quantile shift",
    unit="share of the usual spread",
    distance=NumberDistance(of=quantile_shift, power=ROOT),
    margin=0.15,
    skew_margin=0.3,
)
