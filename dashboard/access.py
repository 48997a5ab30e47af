"""Who looks, and what they may do: signed in with OpenID Connect, or whoever sits at this machine.

Without `[dashboard.auth]` there is no login: the dashboard listens on this machine only, and whoever uses it
may do everything. With it, nothing is shown before somebody signed in whose claims give them a role.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from collectors.errors import ChainwatchError
from dashboard import formats, ui
from dashboard.config import AuthConfig
from dashboard.text import plain

# Streamlit's own cookie of the browser; the only thing that is the same before and after signing in.
_BROWSER = "_streamlit_xsrf"
_MOST_WANTED = 256
_EVERYBODY = "*"
# What the menu has room for.
_MOST_OF_NAME = 24


class NotAllowedError(ChainwatchError):
    """Whoever is signed in may look, but not do that."""


class Role(IntEnum):
    """What somebody may do; each may do what those before may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks. name: as it goes into the audit log; None where nobody has to sign in."""

    name: str | None
    role: Role | None


_wanted: OrderedDict[str, tuple[str, Mapping[str, str]]] = OrderedDict()
_guard = threading.Lock()


def claims() -> Mapping[str, Any]:
    """What the provider says of whoever is signed in; empty when nobody is."""
    return dict(st.user.to_dict()) if st.user.get("is_logged_in") else {}


def viewer() -> Viewer:
    """Whoever looks at this page."""
    auth = ui.settings().auth
    if auth is None:
        return Viewer(name=None, role=Role.ADMIN)
    return viewer_of(claims(), auth)


def viewer_of(said: Mapping[str, Any], auth: AuthConfig) -> Viewer:
    """Name and highest role that the claims of a signed-in person give; no role without a name."""
    name = " ".join(str(said.get(auth.name_claim) or "").split())[:120]
    given = said.get(auth.role_claim)
    held = (
        {str(value) for value in given}
        if isinstance(given, list | tuple)
        else {str(given)}
        if given
        else set()
    )
    if not name:
        return Viewer(name=None, role=None)
    for role, allowed in (
        (Role.ADMIN, auth.admins),
        (Role.OPERATOR, auth.operators),
        (Role.VIEWER, auth.viewers),
    ):
        if _EVERYBODY in allowed or held & set(allowed):
            return Viewer(name=name, role=role)
    return Viewer(name=name, role=None)


def may_act() -> bool:
    """Whether whoever looks may acknowledge, assign, silence, label and resolve."""
    role = viewer().role
    return role is not None and role >= Role.OPERATOR


def require_operator() -> None:
    """NotAllowedError for those who may only look; asked again right before each action."""
    if not may_act():
        raise NotAllowedError("your role lets you look, but not act: ask for the role of an operator")


def is_inside() -> bool:
    """Whether whoever looks may see pages at all."""
    return viewer().role is not None


def entered(page: str, query: Mapping[str, str]) -> bool:
    """Whether the page may be drawn; else draws how to get in, and keeps in mind what was wanted."""
    if ui.settings().auth is None:
        return True
    found = viewer()
    if found.name is None:
        _keep(page, query)
        _sign_in(known=bool(claims()))
        return False
    if found.role is None:
        st.title("You have no role here", anchor=False)
        st.text(
            f"You are signed in as {found.name}. None of your groups is a viewer, operator or admin of "
            "this dashboard: whoever runs it can add one to [dashboard.auth]."
        )
        _sign_out()
        return False
    return True


def account_pages() -> list[StreamlitPage]:
    """The last entry of the menu: who is signed in. It takes no line of a page away; none without a login."""
    found = viewer()
    if found.name is None or found.role is None:
        return []
    name = plain(formats.clip(found.name, _MOST_OF_NAME))
    return [st.Page(_account, title=name, icon=":material/account_circle:", url_path="account")]


def _account() -> None:
    """Who is signed in, what they may do, and the way out."""
    found = viewer()
    st.title("Signed in", anchor=False)
    if found.name is None or found.role is None:
        return
    st.text(f"{found.name} · {found.role.name.lower()}")
    st.text(
        "You see every page, and you acknowledge, assign, silence, resolve and label."
        if may_act()
        else "You see every page. Operators acknowledge, assign, silence, resolve and label."
    )
    _sign_out()


def wanted_before() -> tuple[str, Mapping[str, str]] | None:
    """The page that this browser asked for before it was sent to sign in, once."""
    browser = st.context.cookies.get(_BROWSER)
    with _guard:
        return _wanted.pop(_key(browser), None) if browser else None


def _keep(page: str, query: Mapping[str, str]) -> None:
    browser = st.context.cookies.get(_BROWSER)
    if browser and page:
        with _guard:
            _wanted[_key(browser)] = (page, dict(query))
            while len(_wanted) > _MOST_WANTED:
                _wanted.popitem(last=False)


def _key(cookie: str) -> str:
    """The token of the cookie `2|mask|masked token|time`, which is masked anew in each answer.

    >>> _key("2|01020304|60606060|1") == _key("2|00000000|61626364|2") == "61626364"
    True
    """
    parts = cookie.strip('"').split("|")
    try:
        mask, masked = (bytes.fromhex(part) for part in parts[1:3])
    except ValueError:
        return cookie
    return (
        bytes(byte ^ mask[index % len(mask)] for index, byte in enumerate(masked)).hex() if mask else cookie
    )


def _sign_in(*, known: bool) -> None:
    st.title("Chainwatch", anchor=False)
    if known:
        st.text(
            "The provider did not say who you are: the claim that [dashboard.auth] name_claim names is empty."
        )
        _sign_out()
        return
    st.text("Sign in to see this page.")
    auth = ui.settings().auth
    if auth is not None:
        st.caption(plain(f"{urlsplit(auth.metadata_url).netloc} asks who you are and sends you back here."))
    st.button("**Sign in**", icon=":material/login:", on_click=st.login, key="sign_in")


def _sign_out() -> None:
    st.button("Sign out", type="tertiary", icon=":material/logout:", on_click=st.logout, key="sign_out")
