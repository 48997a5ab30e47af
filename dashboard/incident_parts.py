"""The parts of the incident page: facts, propagation, evidence, texts, messages, actions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import charts_chain, explained_parts, formats, theme, ui, urls
from dashboard.chart_data import Query
from dashboard.data_incident import IncidentRow, IncidentView
from dashboard.frame import Frame
from dashboard.incident_finding import lead_first
from dashboard.text import plain, visible
from monitors.alerting.words import field_words

_SHOWN_AT_ONCE = 4
_LONGEST = 600
_RANKED = {
    "due": " Ranked quickly; the transformer is still to read and rank them again.",
    "reread": " Ranked by the transformer.",
    "quick": " Ranked quickly, by the encoder of the run alone.",
}
_MOST_LOG_ODDS = 7.0  # a thousand times; beyond that a number says nothing more


def fact(label: str, value: str, note: str) -> DeltaGenerator:
    """One fact in a card: what, its value, a line of detail. Returns the card, for what belongs to it."""
    card = st.container(border=True, height="stretch", gap="xsmall")
    with card:
        st.caption(plain(label))
        st.markdown(f"**{plain(value)}**")
        st.caption(plain(note))
    return card


def interval_words(incident: IncidentRow, zone: tzinfo) -> str:
    """Between when and when the change began."""
    low, high = incident.started_at_low, incident.started_at_high
    if low is None or high is None or low == high:
        return "best estimate of the change point"
    return f"between {formats.when(low, zone)} and {formats.when(high, zone)}"


def ruled_out_names(view: IncidentView) -> list[str]:
    """The components that it was not."""
    return [e["component"] for e in _entries(view.evidence.get("ruled_out")) if e.get("ruled_out", True)]


def propagation(view: IncidentView, frame: Frame) -> None:
    """The chain with the cause, the path that the change took, and who it was not."""
    incident = view.incident
    path = [str(name) for name in view.evidence.get("path") or [incident.component]]
    verdicts = {str(e["component"]): e for e in _entries(view.evidence.get("ruled_out"))}
    hit = {a.component for a in view.alerts}
    shown = [c for c in view.components if not c.is_application] or list(view.components)
    nodes = [
        charts_chain.Node(
            component=c.component,
            health="breach"
            if c.component in hit
            else "no_data"
            if _unknown(verdicts.get(c.component))
            else "ok",
            notes=(_verdict(c.component, incident.component, hit, verdicts),),
            details=(str(verdicts.get(c.component, {}).get("reason", "")),),
            is_cause=c.component == incident.component,
            on_path=c.component in path,
            ruled_out=c.component != incident.component and c.component not in hit,
        )
        for c in shown
    ]
    application = next((c.component for c in view.components if c.is_application and c not in shown), None)
    touched = [name for name in path[1:] if name != incident.component]
    title = (
        f"It began in {incident.component} and shows in {', '.join(touched)}"
        if touched
        else f"It stays inside {incident.component}"
    )
    label = None
    if application is not None:
        label = f"{'▲' if application in hit else '✓'} {application} (application)"
        if application == incident.component:
            label += ": the cause"
    ui.chart(
        title,
        charts_chain.chain_figure(
            nodes, application=label, application_is_cause=application == incident.component
        ),
        key="propagation",
        query=Query(name="incident_evidence", parameters={"incident_id": incident.incident_id}),
        rows=[{"Component": n.component, "Verdict": n.notes[0], "Why": n.details[0]} for n in nodes],
    )
    if verdicts:
        with st.expander(f"Why not the others ({len(verdicts)})"):
            st.dataframe(
                [
                    {
                        "Component": name,
                        "Verdict": "ruled out" if e.get("ruled_out", True) else "not known",
                        "Why": str(e.get("reason", "")),
                    }
                    for name, e in verdicts.items()
                ],
                hide_index=True,
                column_config={"Why": st.column_config.TextColumn(width="large")},
                alt="Why the other components are not to blame",
            )


def _unknown(entry: Mapping[str, Any] | None) -> bool:
    return entry is not None and not entry.get("ruled_out", True)


def _verdict(name: str, cause: str, hit: set[str], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    if name == cause:
        return "cause"
    if name in hit:
        return "affected"
    return "not known" if _unknown(verdicts.get(name)) else "ruled out" if name in verdicts else "unaffected"


def evidence(view: IncidentView, frame: Frame) -> None:
    """One row a check: value against threshold, how sure, how much, on how many rows."""
    checks, firing = len(view.alerts), sum(a.state == "firing" for a in view.alerts)
    agree = "1 check saw it" if checks == 1 else f"{checks} checks saw it"
    st.markdown(f"**{agree}, {f'{firing} still firing' if firing else 'none fires any more'}**")
    st.dataframe(
        [
            {
                "State": "▲ firing" if a.state == "firing" else "✓ resolved",
                "Component": a.component,
                "What": field_words(a.field),
                "Check": a.check_name.replace("_", " "),
                "Effect": formats.effect(a.effect, a.effect_unit),
                "Measured": formats.bare(a.value, a.unit),
                "Threshold": formats.bare(a.threshold, a.unit),
                "Chance under no change": formats.probability(a.p_value),
                "Rows": formats.count(a.n_current),
                "Since": frame.when(a.started_at),
                "Reference": a.reference_name or theme.AGAINST.get(a.reference_kind, a.reference_kind),
                "In words": a.reason,
            }
            for a in view.alerts
        ],
        hide_index=True,
        column_config={"In words": st.column_config.TextColumn(width="large")},
        alt="Evidence of each check",
    )
    _before_and_after(view)


def _before_and_after(view: IncidentView) -> None:
    """The figures that were measured both before and in the strongest breach."""
    figures = view.evidence.get("before_after")
    before = figures.get("before") if isinstance(figures, Mapping) else None
    after = figures.get("after") if isinstance(figures, Mapping) else None
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    both = [name for name in after if _is_number(after[name]) and _is_number(before.get(name))]
    if not both or not isinstance(figures, Mapping):
        return
    field = str(figures.get("field", ""))
    unit = next((a.unit for a in view.alerts if a.field == field), None)
    st.caption(plain(f"{field_words(field).capitalize()} in the strongest breach, and before"))
    with st.grid(6, min_column_width=130, gap="small"):
        for name in both[:6]:
            st.metric(
                plain(str(name).replace("_", " ")),
                plain(_figure(after[name], unit)),
                delta=f"was {plain(_figure(before[name], unit))}",
                delta_color="off",
                delta_arrow="off",
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(value: float, unit: str | None) -> str:
    """In the unit of the check where that is a unit of the figures too: seconds, dollars."""
    return formats.measured(value, unit) if unit in ("s", "USD") else formats.number(value)


def explained(view: IncidentView) -> None:
    """What goes with the change, of the leading alert that has it."""
    found = next((a for a in lead_first(view) if explained_parts.has_explanation(a.evidence)), None)
    if found is None:
        return
    ui.heading("What changed", f"{found.component}, {field_words(found.field)}, against what was before.")
    explained_parts.explanation(
        found.evidence,
        key="incident",
        query=Query(name="incident_alerts", parameters={"incident_id": view.incident.incident_id}),
    )


def terms(view: IncidentView) -> None:
    """Words that came and words that went, of the component to blame."""
    found = next((t for a in lead_first(view) if isinstance(t := a.evidence.get("terms"), Mapping)), None)
    if found is None:
        return
    new, lost = _entries(found.get("new")), _entries(found.get("lost"))
    if not new and not lost:
        return
    sides = [(title, rows) for title, rows in (("Came", new), ("Went", lost)) if rows]
    with st.container(border=True):
        st.markdown(
            "**Words that came, and words that went**"
            if len(sides) == 2
            else f"**Words that {sides[0][0].lower()}**"
        )
        st.caption(
            "How much likelier a text holds the word now than before, or held it before than now. "
            "The surest first."
        )
        for column, (title, rows) in zip(st.columns(len(sides)), sides, strict=True):
            with column:
                st.dataframe(
                    [{title: str(r.get("term", "")), "Odds": _odds(r.get("odds"))} for r in rows[:10]],
                    hide_index=True,
                    width="content",
                    alt=f"Words that {title.lower()}",
                )


def _odds(log_odds: Any) -> str:
    """The evidence holds the logarithm of the odds ratio."""
    if not _is_number(log_odds):
        return formats.UNKNOWN
    return f"{formats.number(math.exp(min(abs(log_odds), _MOST_LOG_ODDS)))} times"


def examples(view: IncidentView) -> None:
    """The texts furthest from what was usual, ranked, each with why and its trace."""
    found = _entries(view.evidence.get("examples"))
    if not found:
        found = [e for a in view.alerts for e in _entries(a.evidence.get("examples"))]
    if not found:
        return
    ranked = _RANKED.get(_ranking(view) or "", "")
    ui.heading(
        "Texts that show it", f"What is most of now and least of before comes first.{ranked} Shown as logged."
    )
    with st.grid(2, min_column_width=330, gap="small"):
        for index, example in enumerate(found[:_SHOWN_AT_ONCE]):
            _example(index, example)
    if len(found) > _SHOWN_AT_ONCE:
        with (
            st.expander(f"{len(found[:10]) - _SHOWN_AT_ONCE} more texts"),
            st.grid(2, min_column_width=330, gap="small"),
        ):
            for index, example in enumerate(found[_SHOWN_AT_ONCE:10], start=_SHOWN_AT_ONCE):
                _example(index, example)


def _ranking(view: IncidentView) -> str | None:
    """What the texts are ranked by; None where they are not ranked, or by an earlier version."""
    ranking = view.evidence.get("ranking")
    if not isinstance(ranking, Mapping):
        return None
    return "reread" if ranking.get("reread") else "due" if ranking.get("due") else "quick"


def _example(index: int, example: Mapping[str, Any]) -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.caption(plain(f"{index + 1}. {example.get('why') or ''}"))
        text = visible(str(example.get("text", "")))
        # Enough to see what it is about; ten whole answers would be a dozen screens of a phone.
        st.code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…", language=None, wrap_lines=True)
        if example.get("trace_id"):
            span = example.get("span_id")
            urls.link(
                urls.TRACES,
                "Its trace",
                trace=str(example["trace_id"]),
                span=str(span) if span else None,
                icon=":material/segment:",
            )


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return (
        [e for e in value if isinstance(e, Mapping)]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else []
    )
