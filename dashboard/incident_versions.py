"""The versions of the component to blame before the change and after it, side by side."""

from __future__ import annotations

import streamlit as st

from dashboard import formats, ui
from dashboard.data_incident import IncidentView


def versions(view: IncidentView) -> None:
    """One row a version and side; nothing where the spans are gone, or tell of one side and no version."""
    known = view.versions
    if not known or (len(known) == 1 and not known[0].version):
        return
    ui.heading(
        f"{view.incident.component} before and after, by version",
        "Three days before the change could have begun, and at most a week from where it had.",
    )
    criteria = sorted({name for one in known for name in one.grades})
    st.dataframe(
        [
            {
                "When": "after" if v.after else "before",
                "Version": v.version or "none told",
                "Requests": formats.count(v.requests),
                "Errors": formats.share(v.errors / v.requests),
                "p50": formats.seconds(v.p50_s),
                "p95": formats.seconds(v.p95_s),
                "Output tokens": formats.number(v.output_tokens),
                "Cost a request": formats.dollars(v.cost_usd),
                **{formats.criterion(c): formats.grade(v.grades.get(c)) for c in criteria},
            }
            for v in known
        ],
        hide_index=True,
        alt="Figures of each version before and after the change",
    )
