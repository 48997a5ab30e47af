"""How good the answers are, how sure that is, whether the judge can be trusted, and the labelling queue."""

from __future__ import annotations

import streamlit as st

from dashboard import (
    evidently_parts,
    feedback_parts,
    judge_parts,
    label_parts,
    pair_parts,
    quality_parts,
    safety_parts,
    ui,
    urls,
)
from dashboard.component_choice import offered
from dashboard.data_feedback import signs
from dashboard.data_pairs import comparisons
from dashboard.data_quality import ALL_VERSIONS, judges, scores
from dashboard.data_safety import safety_monitors
from monitors.judges.rubric import load_rubric

_VIEWS = {"scores": "Scores", "judges": "Judge and people", "label": "Label answers"}
_INTERVALS = {"always": "every look", "once": "one look"}


def _switch(label: str, name: str, words: dict[str, str], chosen: str, *, shown: bool = False) -> None:
    """A choice of a few that stands in the URL."""
    key = f"switch_{name}"
    st.session_state[key] = chosen

    def changed() -> None:
        urls.set_url(name, st.session_state[key])

    st.segmented_control(
        label,
        list(words),
        key=key,
        on_change=changed,
        format_func=lambda value: words[value],
        label_visibility="visible" if shown else "collapsed",
        width="content",
        required=True,
    )


frame = ui.open_page("Quality")
settings = ui.judge_settings()
rubric = load_rubric(settings.rubric)
rows, wanted = offered(frame)
names = [row.component for row in rows]
applications = {row.component for row in rows if row.is_application}
chosen = wanted or next((n for n in names if n in applications), names[0])
view = urls.url("view")
if view not in _VIEWS:
    view = "scores"
_switch("What to look at", "view", _VIEWS, view)
choices = st.container(horizontal=True, vertical_alignment="bottom")
if view != "judges":
    with choices:
        urls.choose(
            "Component",
            "component",
            names,
            chosen=chosen,
            width=260,
            words=lambda name: f"{name} (application)" if name in applications else name,
            resets=("version",),
        )
if view == "scores":
    found = ui.fetch(frame, scores, frame.chain, chosen, frame.span, settings.rubric)
    said = ui.fetch(frame, signs, frame.chain, chosen, frame.span)
    if not found.estimates and not found.days:
        ui.nothing(
            "Nothing was graded in this range",
            f"No answer of {chosen} has a grade or a label. A run lets the local scorer grade some of every "
            "window; routers, guardrails and tools have no answer that it could grade.",
            ["chainwatch run"],
        )
        if said.days or chosen in applications:
            feedback_parts.users(said, frame, chosen)
    else:
        version = urls.url("version")
        with choices:
            if len(found.versions) > 1:
                urls.choose(
                    "Version",
                    "version",
                    found.versions,
                    chosen=version,
                    any_word="all versions",
                    words=lambda name: name or "not known",
                    width=240,
                )
            interval = urls.url("interval") if urls.url("interval") in _INTERVALS else "always"
            _switch("95 % intervals for", "interval", _INTERVALS, interval or "always", shown=True)
        quality_parts.estimates(
            found,
            frame,
            rubric,
            version=version if version in found.versions and version else ALL_VERSIONS,
            always=interval == "always",
        )
        quality_parts.table(found, rubric, chosen)
        if said.days or chosen in applications:
            feedback_parts.users(said, frame, chosen)
        quality_parts.local(found, frame)
        evidently_parts.descriptors(found, frame)
        watched = ui.fetch(frame, safety_monitors, frame.chain, chosen, frame.span)
        safety_parts.safety(found, watched, frame)
        if not any(e.judge for e in found.estimates):
            judge_parts.no_judge(settings)
elif view == "judges":
    told = ui.fetch(frame, judges, frame.chain)
    if told.spent is None:
        judge_parts.no_judge(settings)
    judge_parts.agreement(told)
    pair_parts.compared(ui.fetch(frame, comparisons, frame.chain), frame)
    judge_parts.ledger(told, frame)
    judge_parts.rubrics(told, frame, rubric)
else:
    label_parts.queue(frame, chosen, rubric, settings, choices)
