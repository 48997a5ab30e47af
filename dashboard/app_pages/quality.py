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
from dashboard.component_choice import component_row
from dashboard.data_feedback import signs
from dashboard.data_pairs import comparisons
from dashboard.data_quality import ALL_VERSIONS, judges, scores
from dashboard.data_safety import safety_monitors
from dashboard.filter_parts import Uses
from monitors.judges.rubric import load_rubric

_VIEWS = {"scores": "Scores", "judges": "Judge and people", "label": "Label answers"}
_USES = {
    "scores": Uses(
        component="one",
        version="own",
        environment=False,
        rest="What users say, local scores and safety are of all versions, and all is of all environments.",
    ),
    "judges": Uses(
        component=None, version=None, environment=False, rest="Judges are judged by all that they graded."
    ),
    "label": Uses(
        component="one",
        version=None,
        environment=False,
        rest="Answers are drawn from all of its own.",
    ),
}
_INTERVALS = {"always": "every look", "once": "one look"}


view = urls.url("view")
if view not in _VIEWS:
    view = "scores"
frame = ui.open_page("Quality", _USES[view])
settings = ui.judge_settings()
rubric = load_rubric(settings.rubric)
urls.switch("What to look at", "view", _VIEWS, chosen=view)
choices = st.container(horizontal=True, vertical_alignment="bottom")
if view == "scores":
    row = component_row(frame)
    chosen = row.component
    found = ui.fetch(frame, scores, frame.chain, chosen, frame.span, settings.rubric)
    said = ui.fetch(frame, signs, frame.chain, chosen, frame.span)
    if not found.estimates and not found.days:
        ui.nothing(
            "Nothing was graded in this range",
            f"No answer of {chosen} has a grade or a label. A run lets the local scorer grade some of every "
            "window; routers, guardrails and tools have no answer that it could grade.",
            ["chainwatch run"],
        )
        if said.days or row.is_application:
            feedback_parts.users(said, frame, chosen)
    else:
        interval = urls.url("interval")
        if interval not in _INTERVALS:
            interval = "always"
        if found.estimates:
            with choices:
                urls.switch("95 % intervals for", "interval", _INTERVALS, chosen=interval, label_shown=True)
            quality_parts.estimates(
                found,
                frame,
                rubric,
                version=frame.only.version or ALL_VERSIONS,
                always=interval == "always",
            )
            quality_parts.table(found, rubric, chosen)
        else:
            # What is known goes before what is missing.
            quality_parts.local(found, frame)
        if said.days or row.is_application:
            feedback_parts.users(said, frame, chosen)
        if found.estimates:
            quality_parts.local(found, frame)
        else:
            quality_parts.no_estimates(found)
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
    label_parts.queue(frame, component_row(frame).component, rubric, settings, choices)
