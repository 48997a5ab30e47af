"""The dashboard: pages, and where a visitor lands. Run by `chainwatch dashboard`."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, data, ui, urls

# Drawn here: an icon by name would be fetched from a font server.
_LINKS = (
    '<g fill="none" stroke="#2684C4" stroke-width="3.2">'
    '<rect x="2" y="8" width="16" height="12" rx="6"/><rect x="13" y="8" width="16" height="12" rx="6"/></g>'
    '<circle cx="15.5" cy="14" r="2.4" fill="#D55E00"/>'
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="28" viewBox="0 0 {0} 28">{1}</svg>'
_MARK = _SVG.format(31, _LINKS)
_NAME = (
    '<text x="38" y="19.5" font-family="sans-serif" font-size="16" font-weight="600" fill="#2684C4">'
    "Chainwatch</text>"
)
_LOGO = _SVG.format(150, _LINKS + _NAME)


def _land() -> None:
    """The open incident if there is one, else the overview."""
    warehouse = ui.warehouse_path()
    if warehouse.exists():
        landing = cached.load(data.landing, warehouse).value
        if landing.open_incident_id is not None:
            st.switch_page(urls.INCIDENT, query_params={"incident": landing.open_incident_id})
    st.switch_page(urls.OVERVIEW)


st.set_page_config(page_title="Chainwatch", page_icon=_MARK, layout="wide")
st.logo(_LOGO, size="medium")
_PAGES = [
    st.Page(_land, title="Chainwatch", default=True, visibility="hidden"),
    st.Page(
        urls.OVERVIEW,
        title="Overview",
        icon=":material/account_tree:",
        help="The health of the chain: each component's state, traffic, errors, latency, cost and quality.",
    ),
    st.Page(
        urls.INCIDENT,
        title="Incidents",
        icon=":material/local_fire_department:",
        help="What broke, since when, what was deployed before, the evidence, and what to do about it.",
    ),
    st.Page(
        urls.COMPONENT,
        title="Component",
        icon=":material/deployed_code:",
        help="One component over time: drift, lengths, latency, errors, cost, quality and versions.",
    ),
    st.Page(
        urls.TRACES,
        title="Traces",
        icon=":material/segment:",
        help="Find single requests and follow them step by step.",
    ),
    st.Page(
        urls.MONITORS,
        title="Monitors",
        icon=":material/monitor_heart:",
        help="Every monitor with its last result, and whether the runs themselves are healthy.",
    ),
]
ui.guarded(st.navigation(_PAGES, position="top").run)()
