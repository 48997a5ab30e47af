"""The table of monitors: what each said last, how often it was right, and what it can see."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import formats, theme, urls
from dashboard.data_monitors import MonitorRow
from dashboard.frame import Frame
from monitors.alerting.words import field_words

# The longest sentence of what a monitor can see, and what the columns before it may take: names of components
# have any length, and are shown in full where the cell is pointed at or the row chosen.
_SENTENCE_PX = 340
_WIDTHS_PX = {
    "State": 76,
    "Component": 112,
    "What": 104,
    "Check": 116,
    "Measured": 80,
    "Threshold": 84,
    "Out of band": 90,
    "Called noise": 94,
}
_MEANS = {
    "Out of band": "Windows of the range beyond the threshold.",
    "Called noise": "Incidents that its alerts were part of, and how many of them people called noise.",
}


def table(frame: Frame, rows: Sequence[MonitorRow]) -> None:
    """The monitors that fit the filters; choosing one puts it into the URL."""

    def chosen() -> None:
        picked = st.session_state["monitor_table"]["selection"]["rows"]
        urls.set_url("monitor", rows[picked[0]].monitor if picked and picked[0] < len(rows) else None)

    st.dataframe(
        [
            {
                "State": theme.RESULT_WORDS.get(r.status, r.status),
                "Component": r.component,
                "What": field_words(r.field),
                "Check": r.check_name.replace("_", " "),
                "Measured": formats.bare(r.value, r.unit),
                "Threshold": formats.bare(r.threshold, r.unit),
                "Out of band": f"{r.breaches} of {r.windows}" if r.windows else formats.UNKNOWN,
                "Called noise": f"{r.noise} of {r.incidents}" if r.incidents else formats.UNKNOWN,
                "Can see": _short(r.sees),
                "Against": theme.AGAINST.get(r.reference_kind, r.reference_kind),
                "Rows": formats.count(r.n_current),
                "Chance under no change": formats.probability(r.p_value)
                if r.p_value is not None
                else formats.UNKNOWN,
                "Last window": frame.when(r.window_end),
                "In words": r.reason,
            }
            for r in rows
        ],
        hide_index=True,
        height=min(38 + 36 * max(len(rows), 1), 520),
        on_select=chosen,
        selection_mode="single-row",
        key="monitor_table",
        column_config={
            name: st.column_config.TextColumn(width=width, help=_MEANS.get(name))
            for name, width in _WIDTHS_PX.items()
        }
        | {
            "Can see": st.column_config.TextColumn(
                width=_SENTENCE_PX, help="What it finds four times in five, with as many requests as now."
            ),
            "In words": st.column_config.TextColumn(width="large"),
        },
        alt="Monitors and their last results",
    )


def _short(sees: str | None) -> str:
    """What a monitor can see without how many requests that takes, which the chosen row says.

    >>> _short("with 18 texts an hour, a new topic of 26% within a day, 8% within a week")
    'a new topic of 26% in a day, 8% in a week'
    """
    if sees is None:
        return formats.UNKNOWN
    return sees.partition(", ")[2].replace(" within ", " in ")
