"""The quality page's comparisons: which of two sides a judge prefers, and how surely."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import formats, ui
from dashboard.data_pairs import Comparison
from dashboard.frame import Frame
from dashboard.judge_parts import figure_words

_SURE = 0.05


def compared(found: Sequence[Comparison], frame: Frame) -> None:
    """Every comparison with both orders; the newest in words."""
    if not found:
        ui.heading("Two sides compared")
        ui.nothing(
            "No two sides were compared",
            "A judge that reads two answers to one question side by side sees differences that two columns "
            "of grades do not show. Compare two models, versions, prompts or evaluation sets:",
            ["chainwatch pairwise --a model=OLD --b model=NEW --component NAME --dry-run"],
        )
        return
    newest = found[0]
    ui.heading(
        _finding(newest),
        "Each pair is asked twice, with each answer first once. A side wins where both orders say so, or one "
        "with a tie in the other; where they contradict each other, the order decided and nobody wins. "
        "Position bias is above zero where the judge likes what it reads first: it leaves fewer pairs that "
        "decide, and makes neither side win.",
    )
    st.dataframe(
        [_row(c, frame) for c in found],
        hide_index=True,
        alt="Comparisons of two sides, the newest first, with 95 % intervals",
    )


def _finding(found: Comparison) -> str:
    """Who won, in a sentence; chance is called chance."""
    report = found.report
    decided = report.a + report.b
    if report.p_value is None:
        return f"Nobody won a pair: {found.side_a} against {found.side_b}"
    ahead, behind, won = (
        (found.side_a, found.side_b, report.a)
        if report.a >= report.b
        else (found.side_b, found.side_a, report.b)
    )
    counted = f"{formats.count(won)} of {formats.count(decided)} decided pairs"
    if report.p_value < _SURE:
        return f"{ahead} beats {behind} in {counted}"
    return f"{ahead} has {counted} against {behind}: no clear winner"


def _row(found: Comparison, frame: Frame) -> dict[str, str]:
    report = found.report
    return {
        "Side A": found.side_a,
        "Side B": found.side_b,
        "Won by A": formats.count(report.a),
        "Won by B": formats.count(report.b),
        "Ties": formats.count(report.tie),
        "Order decided": formats.count(report.order),
        "Share of A": figure_words(report.wins, share=True),
        "Were both equally good": formats.UNKNOWN
        if report.p_value is None
        else formats.probability(report.p_value),
        "Same in both orders": figure_words(report.position.consistent, share=True),
        "Position bias": figure_words(report.position.bias, signed=True),
        "Without a verdict": formats.count(report.unread),
        "Component": found.component,
        "Judge": f"{found.judge} ({found.judge_version})",
        "Rubric": f"{found.rubric} {found.rubric_version}",
        "Last": frame.when(found.last_at),
    }
