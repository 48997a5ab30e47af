"""The one filter bar: chain, component, version and environment at the top of every page.

What is chosen stands in the address. A page says what the choice narrows there (`Uses`). What narrows
nothing on a page cannot be chosen there; what was chosen before is said not to narrow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from dashboard import data, urls, viewer
from dashboard.data_filters import FilterChoices
from dashboard.text import plain

# What the page showed of one component says nothing of another; nor of a version or an environment.
_OF_COMPONENT = ("version", "page", "a", "b")
_OF_CHAIN = ("component", "incident", "trace", "monitor", "environment", *_OF_COMPONENT)


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What the filters narrow on a page.

    Attributes:
        component: `one` where the page is about one component, the application unless chosen.
        version: any `marker` or model of a span, or the component's `own` version, else its chain's.
        rest: what is of all versions and environments all the same; said when one of them is chosen.
        None, False: narrows nothing on the page.
    """

    component: Literal["one", "any"] | None = "any"
    version: Literal["marker", "own"] | None = "marker"
    environment: bool = True
    rest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the bar says. component: None for all."""

    component: str | None
    only: data.Only


def bar(chains: Sequence[str], chain: str, choices: FilterChoices, uses: Uses) -> Chosen:
    """Draw the bar and return what is chosen in it."""
    component = _wanted_component(chain, choices, uses)
    version, environment = urls.url("version"), urls.url("environment")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if len(chains) > 1:
            urls.choose("Chain", "chain", chains, chosen=chain, width=200, resets=_OF_CHAIN)
        _component(choices, component, uses)
        versions = choices.versions(component, own=uses.version == "own")
        _choice("Version", "version", versions, version, usable=uses.version is not None)
        environments = choices.environments(component)
        _choice("Environment", "environment", environments, environment, usable=uses.environment)
    _say(
        _Wish(name="version", value=version, offered=versions, usable=uses.version is not None),
        _Wish(name="environment", value=environment, offered=environments, usable=uses.environment),
        rest=uses.rest,
    )
    return Chosen(
        component=component,
        only=data.Only(
            version=version if uses.version else None,
            environment=environment if uses.environment else None,
        ),
    )


def _wanted_component(chain: str, choices: FilterChoices, uses: Uses) -> str | None:
    """The component in the address; that of an earlier page only where the page is about one."""
    names = [row.component for row in choices.components]
    first = names[0] if uses.component == "one" and names else None
    if uses.component is None:
        return None
    wanted = urls.url("component") if uses.component == "one" else st.query_params.get("component")
    if wanted is None or wanted in names:
        return wanted or first
    if names:
        st.warning(
            f"There is no component called {plain(wanted)} in {plain(chain)}.", icon=":material/link_off:"
        )
    return first


def _component(choices: FilterChoices, chosen: str | None, uses: Uses) -> None:
    applications = {row.component for row in choices.components if row.is_application}
    urls.choose(
        "Component",
        "component",
        [row.component for row in choices.components],
        chosen=chosen,
        words=lambda name: f"{name} (application)" if name in applications else name,
        resets=_OF_COMPONENT,
        width=230,
        **{
            "any_word": None if uses.component == "one" and choices.components else "All",
            **_closed(uses.component is None, "All components"),
        },
    )


def _choice(label: str, name: str, offered: Sequence[str], chosen: str | None, *, usable: bool) -> None:
    """A choice among what spans say. One from a link stays chosen, even where no span says it.

    What cannot be chosen stays in its place on a desk, but a phone has no room for it.
    """
    if not usable and viewer.on_phone():
        return
    options = [*offered, *([chosen] if chosen and chosen not in offered else [])]
    said = f"All {name}s" if options else f"No {name} is said"
    urls.choose(
        label,
        name,
        options,
        chosen=chosen if usable else None,
        resets=("page",),
        width=170,
        **{"any_word": "All", **_closed(not usable or not options, said)},
    )


def _closed(closed: bool, said: str) -> dict[str, Any]:
    """A box that cannot be opened says itself what it stands for: its label would be too pale to read."""
    return {"disabled": True, "any_word": said, "label_visibility": "collapsed"} if closed else {}


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """One choice of the bar. usable: whether the page can be narrowed by it."""

    name: str
    value: str | None
    offered: Sequence[str]
    usable: bool


def _say(*wishes: _Wish, rest: str | None) -> None:
    """What the choice narrows and what it does not, and what no span of the range says."""
    chosen = [wish for wish in wishes if wish.value]
    for wish in chosen:
        if wish.usable and wish.value not in wish.offered:
            st.warning(
                f"Nothing in this range is of {wish.name} {plain(wish.value or '')}. "
                "Choose another, or a longer range.",
                icon=":material/filter_alt_off:",
            )
    narrowing, ignored = (
        " and ".join(f"{wish.name} {wish.value}" for wish in chosen if wish.usable is usable)
        for usable in (True, False)
    )
    said = [
        f"Figures of {narrowing} only." if narrowing else "",
        f"Not narrowed by {ignored}." if ignored else "",
        rest if rest and chosen else "",
    ]
    if chosen:
        st.caption(plain(" ".join(part for part in said if part)))


def of_installation() -> None:
    """Instead of the bar, on a page that is of everything that is stored."""
    st.caption(
        "Of the whole installation: chain, component, version and environment do not narrow this page."
    )
