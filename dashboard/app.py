"""The dashboard: pages, and where a visitor lands. Run by `chainwatch dashboard`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import access, cached, data, ui, urls
from dashboard.terms import terms

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
_CHARTS = Path(__file__).with_name("charts.css")


def _land() -> None:
    """What was wanted before signing in, else the open incident if there is one, else the overview."""
    wanted = access.wanted_before()
    by_path = {Path(path).stem: path for path in terms().by_path}
    if wanted is not None and wanted[0] in by_path:
        st.switch_page(by_path[wanted[0]], query_params=wanted[1])
    warehouse = ui.warehouse_path()
    if warehouse.exists():
        landing = cached.load(data.landing, warehouse).value
        if landing.open_incident_id is not None:
            st.switch_page(urls.INCIDENT, query_params={"incident": landing.open_incident_id})
    st.switch_page(urls.OVERVIEW)


st.set_page_config(page_title="Chainwatch", page_icon=_MARK, layout="wide")
st.logo(_LOGO, size="medium")
st.html(_CHARTS)
_PAGES = [
    st.Page(_land, title="Chainwatch", default=True, visibility="hidden"),
    *(
        st.Page(path, title=page.title, icon=page.icon, help=page.answers)
        for path, page in terms().by_path.items()
    ),
]


def _draw() -> None:
    # A menu of pages that nobody may see yet leads nowhere.
    page = st.navigation(
        [*_PAGES, *access.account_pages()], position="top" if access.is_inside() else "hidden"
    )
    if access.entered(page.url_path, st.query_params.to_dict()):
        page.run()


ui.guarded(_draw)()
