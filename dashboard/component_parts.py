"""The parts of the component page: quality, versions side by side, samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from dashboard import chart_data, charts, formats, ui, urls
from dashboard.data_component_checks import QualityPoint
from dashboard.data_component_versions import component_samples, component_versions
from dashboard.data_figures import BETWEEN
from dashboard.data_quality import OWN_SCALES
from dashboard.frame import Frame
from dashboard.layout import side_by_side
from dashboard.text import visible
from monitors.judges.scales import Scale, cut, scales_of

_MOST = 6
_LONGEST = 4000


def quality(
    grades: Sequence[QualityPoint],
    frame: Frame,
    component: str,
    marks: Sequence[charts.Mark],
    within: tuple[datetime, datetime],
) -> None:
    """The mean grade of each criterion with its interval."""
    answers = Counter[tuple[str, str]]()
    for point in grades:
        answers[point.criterion, point.judge_kind] += point.scored
    # What was graded most often says most.
    kinds = sorted(answers, key=lambda kind: (-answers[kind], kind))
    if not kinds:
        st.text("No answer of this component was graded in this range.")
        return
    ui.heading("Quality", "Mean grade with its 95 % interval. A gap is a time without grades.")
    buckets = frame.span.buckets()
    scales = scales_of(ui.rubric())
    with side_by_side(len(kinds[:_MOST])) as grid:
        for criterion, judge in kinds[:_MOST]:
            by_bucket = {p.bucket: p for p in grades if (p.criterion, p.judge_kind) == (criterion, judge)}
            points = [by_bucket.get(b) for b in buckets]
            means = [p.mean if p else None for p in points]
            halves = [p.half_width if p and p.mean is not None else None for p in points]
            scored = [p for p in points if p is not None and p.mean is not None]
            graded = sum(p.scored for p in scored)
            overall = sum((p.mean or 0) * p.scored for p in scored) / graded if graded else None
            by = next(iter(by_bucket.values())).judge
            scale = OWN_SCALES.get(by) or scales.get(criterion)
            line = charts.Line(
                name=criterion,
                x=buckets,
                y=means,
                low=[_moved(m, h, -1, scale) for m, h in zip(means, halves, strict=True)],
                high=[_moved(m, h, 1, scale) for m, h in zip(means, halves, strict=True)],
            )
            with grid.cell(), st.container(border=True, height="stretch"):
                word = formats.criterion(criterion)
                ui.chart(
                    f"{word}: {formats.grade(overall)} on average of {formats.count(graded)} answers "
                    f"({formats.JUDGES.get(by, f'{judge} judge')})",
                    charts.time_chart(
                        [line],
                        zone=frame.zone,
                        zone_name=frame.zone_name,
                        unit="grade",
                        marks=marks,
                        within=within,
                        height=200,
                    ),
                    key=f"quality_{criterion}_{judge}",
                    query=chart_data.Query(
                        name="quality_series",
                        parameters={
                            "chain": frame.chain,
                            "component": component,
                            **frame.span.parameters,
                        },
                    ),
                    chooses="time",
                )


def _moved(mean: float | None, half: float | None, sign: int, scale: Scale | None) -> float | None:
    """An end of the interval of a mean; no grade lies past the end of its scale."""
    return None if mean is None or half is None else cut(mean + sign * half, scale)


@st.fragment
@ui.guarded
def versions(frame: Frame, component: str) -> None:
    """Every version of the range side by side, the newest first; choosing one draws nothing else again."""
    ui.heading(
        "Versions side by side",
        "A version is what the spans say of themselves: component, prompt, index, model. "
        "Choose a row for its traces, or to compare it.",
    )
    found = ui.fetch(frame, component_versions, frame.chain, component, frame.span, frame.only)
    known = [v for v in found.rows if v.version]
    if not known:
        st.text("The spans of this component carry no version.")
        return
    criteria = sorted({c for grades in found.quality.values() for c in grades})
    event = st.dataframe(
        [
            {
                "Version": v.version,
                "First seen": frame.when(v.first_at),
                "Last seen": frame.when(v.last_at),
                "Requests": formats.count(v.requests),
                "Errors": formats.share(v.errors / v.requests),
                "p50": formats.seconds(v.p50_s),
                "p95": formats.seconds(v.p95_s),
                "Output tokens": formats.number(v.output_tokens),
                "Cost a request": formats.dollars(
                    v.cost_usd / v.requests if v.cost_usd is not None else None
                ),
                **{
                    formats.criterion(c): formats.grade(found.quality.get(v.version, {}).get(c))
                    for c in criteria
                },
            }
            for v in known
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="versions",
        alt="Versions of this component side by side",
    )
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(known):
        chosen = marker_of(known[picked[0]].version, [v.version for v in known])
        with st.container(horizontal=True):
            urls.link(
                urls.TRACES,
                f"Traces of {chosen}",
                component=component,
                version=chosen,
                icon=":material/segment:",
            )
            if len(known) > 1:
                urls.link(
                    urls.COMPARE,
                    f"{chosen} beside another version",
                    component=component,
                    by="version",
                    b=chosen,
                    icon=":material/compare_arrows:",
                )


def marker_of(version: str, versions: Sequence[str]) -> str:
    """The marker that sets a version apart: what lists of traces and comparisons are narrowed by.

    >>> marker_of("2.4 · prompt v13 · gpt", ["2.4 · prompt v12 · gpt", "2.4 · prompt v13 · gpt"])
    'v13'
    """
    others = {part for other in versions if other != version for part in other.split(BETWEEN)}
    parts = version.split(BETWEEN)
    mine = next((part for part in parts if part not in others), parts[0])
    return mine.removeprefix("prompt ").removeprefix("index ")


@st.fragment
@ui.guarded
def samples(frame: Frame, component: str) -> None:
    """The newest inputs and outputs; a click shows one in full, and draws nothing else again."""
    ui.heading(
        "What goes in and what comes out",
        "The newest requests of the range. Choose a row to read it in full.",
    )
    newest = ui.fetch(frame, component_samples, frame.chain, component, frame.span, frame.only)
    if not newest:
        st.text("No span of this range holds a text.")
        return
    event = st.dataframe(
        [
            {
                "When": frame.when(s.started_at),
                "Status": "✕ error" if s.status == "error" else "✓ ok",
                "Took": formats.seconds(s.duration_s),
                "Input": formats.clip(s.input_text, 300),
                "Output": formats.clip(s.output_text, 300)
                or (f"{s.documents} documents" if s.documents else ""),
            }
            for s in newest
        ],
        hide_index=True,
        height=320,
        on_select="rerun",
        selection_mode="single-row",
        key="samples",
        column_config={
            "Input": st.column_config.TextColumn(width="large"),
            "Output": st.column_config.TextColumn(width="large"),
        },
        alt="Newest inputs and outputs",
    )
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(newest):
        sample = newest[picked[0]]
        with st.container(border=True):
            left, right = st.columns(2)
            for column, word, text in (
                (left, "Input", sample.input_text),
                (right, "Output", sample.output_text),
            ):
                with column:
                    st.caption(word)
                    st.code(visible(text or "")[:_LONGEST] or "(empty)", language=None, wrap_lines=True)
            urls.link(urls.TRACES, "Its trace", trace=sample.trace_id, icon=":material/segment:")
