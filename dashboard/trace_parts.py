"""One trace: the waterfall, and everything that is known of the step that is chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import charts_trace, formats, theme, ui, urls
from dashboard.chart_data import Query
from dashboard.data_traces import SpanRow, TraceView
from dashboard.frame import Frame
from dashboard.text import plain, visible

_LONGEST = 8000
# Above this many steps the bars are thinner than their labels.
_MOST = 60


def draw(view: TraceView, frame: Frame) -> None:
    """The trace's headline, its waterfall, and the chosen step (the root if none is)."""
    root = view.spans[0]
    said = headline(view.spans)
    with st.container(border=True):
        wanted = urls.url("span")
        chosen = next((s for s in view.spans if s.span_id == wanted), root)
        picked = ui.chart(
            said,
            charts_trace.waterfall(view.spans[:_MOST], chosen=chosen.span_id if wanted else None),
            key=f"waterfall_{view.trace_id}",
            note=f"{frame.when(root.started_at)} ({frame.zone_name}) · trace {view.trace_id}",
            query=Query(
                name="trace",
                parameters={
                    "trace_id": view.trace_id,
                    "low": min(s.started_at for s in view.spans),
                    "high": max(s.started_at for s in view.spans),
                },
            ),
            rows=[
                {
                    "Step": s.component,
                    "Began": s.started_at,
                    "Seconds": s.duration_s,
                    "First token, seconds": s.time_to_first_token_s,
                    "Status": s.status,
                }
                for s in view.spans
            ],
            chooses="point",
        )
        if picked is not None and picked != chosen.span_id:
            urls.set_url("span", picked)
            st.rerun()
        if len(view.spans) > _MOST:
            st.caption(f"The first {_MOST} of {len(view.spans)} steps. The list below has all of them.")
        if any(s.time_to_first_token_s is not None for s in view.spans):
            st.caption("The tick inside a bar is the first token. Choose a bar to read that step.")
        by_id = {s.span_id: s for s in view.spans}
        urls.choose(
            "Step",
            "span",
            list(by_id),
            chosen=chosen.span_id,
            words=lambda i: _words(by_id[i]),
            width=420,
        )
        _step(view, chosen)


def headline(spans: Sequence[SpanRow]) -> str:
    """How long it took, what took longest, what went on after the root, and how many steps failed."""
    root = spans[0]
    late = charts_trace.going_on(spans)
    said = f"{formats.seconds(root.duration_s)} in {len(spans)} step{'s' if len(spans) > 1 else ''}"
    slowest = max((s for s in spans if s.duration_s is not None and s is not root), key=_took, default=None)
    if slowest is not None:
        said += f"; {slowest.component} takes {formats.seconds(slowest.duration_s)}"
        said += "" if slowest.span_id in late else " of it"
    if late:
        last = max((s for s in spans if s.span_id in late), key=lambda s: late[s.span_id])
        said += " and" if last is slowest else f"; {last.component}"
        said += f" ends {formats.seconds(late[last.span_id])} after {root.component}"
    failed = sum(s.status == "error" for s in spans)
    return f"{said}; {failed} failed" if failed else said


def _words(span: SpanRow) -> str:
    return "\u2003" * min(span.depth, 6) + f"{span.component} · {formats.seconds(span.duration_s)}"


def _took(span: SpanRow) -> float:
    return span.duration_s or 0.0


def _step(view: TraceView, span: SpanRow) -> None:
    with st.grid(6, min_column_width=130, gap="small"):
        st.metric(
            "Status",
            "✕ failed" if span.status == "error" else "✓ ok" if span.status == "ok" else "○ not said",
        )
        st.metric("Took", formats.seconds(span.duration_s))
        st.metric("First token", formats.seconds(span.time_to_first_token_s))
        tokens = (span.input_tokens, span.output_tokens)
        st.metric(
            "Tokens in, out",
            formats.UNKNOWN if tokens == (None, None) else ", ".join(map(formats.count, tokens)),
        )
        st.metric("Cost", plain(formats.dollars(span.cost_usd)))
        st.metric("Model", plain(span.model or formats.UNKNOWN))
    if span.status == "error":
        ui.badge(theme.HEALTH["error"], "This step failed")
        st.code(visible(span.error_type or "no error type was recorded"), language=None)
    tabs = st.tabs(["Messages", f"Documents ({len(span.documents)})", "Grades and feedback", "As stored"])
    with tabs[0]:
        _messages(span)
    with tabs[1]:
        _documents(span)
    with tabs[2]:
        _opinions(view, span)
    with tabs[3]:
        st.json(_jsonable(span.raw), expanded=1)


def _messages(span: SpanRow) -> None:
    left, right = st.columns(2, gap="medium")
    for column, word, text in ((left, "Input", span.input_text), (right, "Output", span.output_text)):
        with column:
            st.caption(word)
            _text(text)
    if span.reference_text:
        st.caption("Right answer, as given")
        _text(span.reference_text)


def _text(text: str | None) -> None:
    """A logged text as it stands; JSON is only indented."""
    if not text:
        st.text("Nothing was logged.")
        return
    shown = text
    if text[:1] in "[{" and len(text) < 200_000:
        try:
            shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            shown = text
    st.code(visible(shown[:_LONGEST]), language=None, wrap_lines=True)
    if len(shown) > _LONGEST:
        st.caption(f"The first {_LONGEST:,} of {len(shown):,} characters.")


def _documents(span: SpanRow) -> None:
    if not span.documents:
        st.text("This step returned no documents.")
        return
    st.dataframe(
        [
            {
                "Rank": index,
                "Score": formats.number(d.score),
                "Relevant": {True: "✓ yes", False: "✕ no", None: "○ not judged"}[d.relevant],
                "Id": d.id or "",
                "Text": formats.clip(d.text, 600),
            }
            for index, d in enumerate(span.documents, start=1)
        ],
        hide_index=True,
        column_config={"Text": st.column_config.TextColumn(width="large")},
        alt="Documents of this step",
    )


def _opinions(view: TraceView, span: SpanRow) -> None:
    grades = [g for g in view.grades if g.span_id == span.span_id]
    feedback = [f for f in view.feedback if f.span_id in (None, span.span_id)]
    if not grades and not feedback:
        st.text("Nobody has graded or commented on this step.")
        return
    if grades:
        st.dataframe(
            [
                {
                    "Judge": f"{g.judge} ({g.judge_kind})",
                    "Criterion": g.criterion,
                    "Score": formats.number(g.score) if g.status != "unscored" else "unscored",
                    "Why": g.rationale or g.reason or "",
                }
                for g in grades
            ],
            hide_index=True,
            column_config={"Why": st.column_config.TextColumn(width="large")},
            alt="Grades of this step",
        )
    if feedback:
        st.dataframe(
            [
                {
                    "Who": f.author,
                    "About": f.name,
                    "Said": f.label or formats.number(f.score),
                    "Comment": f.comment or "",
                }
                for f in feedback
            ],
            hide_index=True,
            column_config={"Comment": st.column_config.TextColumn(width="large")},
            alt="Feedback on this trace",
        )


def _jsonable(raw: Any) -> Any:
    return json.loads(json.dumps(raw, default=str, ensure_ascii=False))
