"""What a page looks at, kept in the URL.

A link opens exactly one view, so chain, range, filters, incident and trace stand in the query
parameters. They are the truth; widgets follow them. When a page is reached by the menu, which drops
the parameters, the session's last choice is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.text import plain

OVERVIEW, INCIDENT, COMPONENT, TRACES, COMPARE, MONITORS = (
    "app_pages/overview.py",
    "app_pages/incident.py",
    "app_pages/component.py",
    "app_pages/traces.py",
    "app_pages/compare.py",
    "app_pages/monitors.py",
)
ALL = "*"
_STICKY = ("chain", "range", "component", "version", "environment", "incident")


def url(name: str) -> str | None:
    """A query parameter, or what the session chose last; None when neither is there.

    Whoever makes a link may ask for ALL of it.
    """
    value = st.query_params.get(name)
    if value == ALL:
        set_url(name, None)
        return None
    if value:
        if name in _STICKY:
            st.session_state[f"last_{name}"] = value
        return str(value)
    kept = st.session_state.get(f"last_{name}") if name in _STICKY else None
    return str(kept) if kept else None


def set_url(name: str, value: str | None) -> None:
    """Write a query parameter; None removes it."""
    if value is None:
        st.query_params.pop(name, None)
        st.session_state.pop(f"last_{name}", None)
    else:
        st.query_params[name] = value
        if name in _STICKY:
            st.session_state[f"last_{name}"] = value


def choose(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    chosen: str | None,
    words: Callable[[str], str] = str,
    any_word: str | None = None,
    resets: Sequence[str] = (),
    **layout: Any,
) -> None:
    """A select box that writes the query parameter `name`. `any_word` adds the choice of none."""
    key = f"choose_{name}"
    values: list[str] = ([""] if any_word is not None else []) + list(options)
    st.session_state[key] = chosen if chosen in values else values[0]

    def changed() -> None:
        set_url(name, st.session_state[key] or None)
        for other in resets:
            set_url(other, None)

    st.selectbox(
        label,
        values,
        key=key,
        on_change=changed,
        format_func=lambda v: (any_word or "") if v == "" else words(v),
        **layout,
    )


def switch(
    label: str,
    name: str,
    words: Mapping[str, str],
    *,
    chosen: str,
    resets: Sequence[str] = (),
    label_shown: bool = False,
) -> None:
    """A choice of a few, all in sight, that writes the query parameter `name`; `words` of each."""
    key = f"switch_{name}"
    st.session_state[key] = chosen

    def changed() -> None:
        set_url(name, st.session_state[key])
        for other in resets:
            set_url(other, None)

    st.segmented_control(
        label,
        list(words),
        key=key,
        on_change=changed,
        format_func=lambda value: words[value],
        label_visibility="visible" if label_shown else "collapsed",
        width="content",
        required=True,
    )


def params(**wanted: str | None) -> dict[str, str]:
    """Query parameters of a link: those given, with chain, range, version and environment as they are now.

    ALL: not narrowed by it, whatever was chosen before.
    """
    kept = {name: url(name) for name in ("chain", "range", "version", "environment")}
    return {name: value for name, value in {**kept, **wanted}.items() if value}


def link(page: str, label: str, *, icon: str | None = None, **wanted: str | None) -> None:
    """A link to another page of the dashboard. The label is shown as it stands."""
    st.page_link(page, label=plain(label), icon=icon, query_params=params(**wanted))
