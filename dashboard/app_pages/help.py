"""What a word or a chart means, and what to do first. It needs no warehouse."""

from __future__ import annotations

import streamlit as st

from dashboard import theme, ui, urls
from dashboard.terms import Terms, page_path, terms

_LOOKS = {**theme.HEALTH, **theme.INCIDENT}
_HARDER = (
    "chainwatch status   # what is stored, what ran last, what is wrong\nchainwatch alerts   # what fires"
)


def _first(words: Terms) -> None:
    ui.heading("An alert woke you: do this")
    for number, step in enumerate(words.first, start=1):
        page = words.pages[step.page]
        with st.container(border=True, gap=None):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                st.markdown(f"**{number}. {step.title}**", width="content")
                with st.container(width="content"):
                    urls.link(page_path(step.page), page.title, icon=page.icon)
            st.text(step.does)
    st.text("When the dashboard does not open, ask in a terminal:")
    st.code(_HARDER, language=None, wrap_lines=True)


def _pages(words: Terms) -> None:
    ui.heading("Which page answers what")
    for key, page in words.pages.items():
        if key != "help":
            with st.container(gap=None):
                urls.link(page_path(key), page.title, icon=page.icon)
                st.text(page.answers)


def _actions(words: Terms) -> None:
    ui.heading(
        "Acknowledge, silence, resolve",
        "On the page of the incident, each asks for a name, which goes into the audit log with the note.",
    )
    for action in words.actions:
        st.markdown(f"**{action.name}**")
        st.text(action.does)
        if action.command:
            st.code(action.command, language=None, wrap_lines=True)


def _signs(words: Terms) -> None:
    ui.heading(
        "What the signs mean", "Each colour has one meaning everywhere, and a symbol and a word beside it."
    )
    for state in words.states:
        look = _LOOKS[state.look]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            ui.badge(look, f"{look.symbol} {look.word}")
            st.text(state.means, width="stretch")
    ui.facts({mark.sign[0].upper() + mark.sign[1:]: mark.means for mark in words.marks})


def _charts(words: Terms) -> None:
    ui.heading("What each chart shows")
    for key, page in words.pages.items():
        mine = [chart for chart in words.charts if chart.page == key]
        if mine:
            with st.expander(page.title, icon=page.icon):
                for chart in mine:
                    st.markdown(f"**{chart.name}**")
                    st.text(chart.means)
                urls.link(page_path(key), f"Open {page.title}", icon=page.icon)


def _glossary(words: Terms) -> None:
    ui.heading("Glossary")
    asked = _find()
    found = {
        word: meaning
        for word, meaning in words.words.items()
        if asked in word.lower() or asked in meaning.lower()
    }
    if not found:
        ui.nothing("No such word", "Clear the field to see every word.")
    for word, meaning in found.items():
        st.markdown(f"**{word}**: {meaning}")


def _find() -> str:
    """What is looked for, from the address; in small letters."""
    st.session_state["find_word"] = urls.url("find") or ""
    st.text_input(
        "Find a word",
        key="find_word",
        max_chars=60,
        placeholder="skew, window, quarantine",
        icon=":material/search:",
        on_change=lambda: urls.set_url("find", st.session_state["find_word"] or None),
        width=320,
    )
    return (urls.url("find") or "").strip().lower()


words = terms()
st.title(words.pages["help"].title, anchor=False)
st.caption(words.pages["help"].answers)
left, right = st.columns([3, 2], gap="large")
with left:
    _first(words)
    _charts(words)
    _signs(words)
with right:
    _pages(words)
    _actions(words)
_glossary(words)
