"""The words of the dashboard: one place for the menu, the tooltips and the help page (`terms.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, kw_only=True)
class PageTerm:
    """A page: its title and icon in the menu, and the question that it answers."""

    title: str
    icon: str
    answers: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do when an alert wakes somebody; `page` is the key of the page to do it on."""

    title: str
    does: str
    page: str


@dataclass(frozen=True, kw_only=True)
class Action:
    """What can be done about an incident; `command` is the same from a terminal, or empty."""

    name: str
    does: str
    command: str


@dataclass(frozen=True, kw_only=True)
class State:
    """A state, by its name in theme.py."""

    look: str
    means: str


@dataclass(frozen=True, kw_only=True)
class MarkTerm:
    """What a line, a colour or a sign in a chart stands for."""

    sign: str
    means: str


@dataclass(frozen=True, kw_only=True)
class ChartTerm:
    """A chart of one page."""

    page: str
    name: str
    means: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Everything in `terms.toml`, in its order. `words` is the glossary, `fields` the columns and figures."""

    pages: Mapping[str, PageTerm]
    first: tuple[Step, ...]
    actions: tuple[Action, ...]
    states: tuple[State, ...]
    marks: tuple[MarkTerm, ...]
    charts: tuple[ChartTerm, ...]
    words: Mapping[str, str]
    fields: Mapping[str, str]

    @property
    def by_path(self) -> dict[str, PageTerm]:
        """The pages by the path of their file, as Streamlit wants them."""
        return {page_path(key): page for key, page in self.pages.items()}


def page_path(key: str) -> str:
    """The file of the page called `key`.

    >>> page_path("data")
    'app_pages/data.py'
    """
    return f"app_pages/{key}.py"


@cache
def terms() -> Terms:
    """The words, read once."""
    raw = tomllib.loads((resources.files("dashboard") / "terms.toml").read_text("utf-8"))
    return Terms(
        pages={key: PageTerm(**page) for key, page in raw["pages"].items()},
        first=tuple(Step(**step) for step in raw["first"]),
        actions=tuple(Action(**action) for action in raw["actions"]),
        states=tuple(State(**state) for state in raw["states"]),
        marks=tuple(MarkTerm(**mark) for mark in raw["marks"]),
        charts=tuple(ChartTerm(**chart) for chart in raw["charts"]),
        words=raw["terms"],
        fields=raw["fields"],
    )


def field_help(name: str) -> str:
    """The tooltip of a column or figure. KeyError for one that nobody explained."""
    return terms().fields[name]
