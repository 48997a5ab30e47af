"""Who may look and act: roles from claims, and who did it in the audit log."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Open, words
from seeded_warehouse import Seeded, build

from collectors.errors import ConfigError
from collectors.warehouse.store import fetch
from dashboard import access
from dashboard.access import Role, viewer_of
from dashboard.config import AuthConfig, DashboardConfig
from dashboard.sign_in import secrets_of

AUTH = """
[dashboard.auth]
metadata_url = "https://login.example/.well-known/openid-configuration"
client_id = "chainwatch"
viewers = ["everyone"]
operators = ["oncall"]
admins = ["platform"]
"""
SignIn = Callable[..., None]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return build(tmp_path_factory.mktemp("roles"), days=2, traces_per_day=15)


@pytest.fixture
def own(small: Seeded, tmp_path: Path) -> Seeded:
    """A copy of its own, on a dashboard that asks for a login."""
    home = Path(shutil.copytree(small.home, tmp_path / "own"))
    (home / "chainwatch.toml").write_text(AUTH)
    return replace(small, home=home)


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> SignIn:
    """`signed_in("ada@example.org", "oncall")`; without arguments nobody is."""

    def sign_in(email: str | None = None, *groups: str) -> None:
        said: Mapping[str, Any] = {"email": email, "groups": list(groups)} if email else {}
        monkeypatch.setattr(access, "claims", lambda: said)

    return sign_in


def test_nothing_is_shown_before_somebody_signs_in(open_page: Open, own: Seeded, signed_in: SignIn) -> None:
    signed_in()
    for page in ("overview", "incident", "traces", "help"):
        app = open_page(page, own.home)
        assert not app.exception
        assert "Sign in to see this page" in words(app)
        assert "asks who you are and sends you back here" in words(app)
        assert "retriever" not in words(app)
        assert [b.key for b in app.button] == ["sign_in"]


def test_without_a_role_there_is_nothing_to_see(open_page: Open, own: Seeded, signed_in: SignIn) -> None:
    signed_in("eve@example.org", "sales")
    said = words(open_page("incident", own.home))
    assert "You have no role here" in said
    assert "eve@example.org" in said
    assert "retriever" not in said


def test_a_viewer_sees_everything_and_no_action(open_page: Open, own: Seeded, signed_in: SignIn) -> None:
    signed_in("vic@example.org", "everyone")
    app = open_page("incident", own.home, incident=own.incident_id)
    assert not app.exception
    assert "retriever: output changed" in words(app)
    assert not app.button
    assert "Your role lets you look" in words(app)
    app = open_page("quality", own.home, view="label")
    assert not app.button
    assert any("Your role lets you look" in i.value for i in app.info)


def test_an_operator_acts_under_the_name_of_the_login(
    open_page: Open, own: Seeded, signed_in: SignIn
) -> None:
    signed_in("ada@example.org", "oncall", "sales")
    app = open_page("incident", own.home, incident=own.incident_id)
    assert "actor" not in [t.key for t in app.text_input], "nobody types another's name"
    app.button(key="acknowledge").click().run()
    app.text_input(key="assign_to").set_value("search-team").run()
    app.button(key="assign").click().run()
    assert not app.exception
    with own.warehouse.read() as con:
        logged = fetch(con, "SELECT actor, action, detail FROM audit WHERE subject = ?", [own.incident_id])
        (incident,) = fetch(con, "SELECT * FROM incidents WHERE incident_id = ?", [own.incident_id])
    assert {(row["actor"], row["action"]) for row in logged} >= {
        ("ada@example.org", "acknowledge"),
        ("ada@example.org", "assign"),
    }
    assert (incident["state"], incident["owner"]) == ("acknowledged", "search-team")
    assert "Owner: search-team" in words(app)


def test_a_role_that_was_taken_away_stops_the_next_action(
    open_page: Open, own: Seeded, signed_in: SignIn
) -> None:
    signed_in("ada@example.org", "oncall")
    app = open_page("incident", own.home, incident=own.incident_id)
    signed_in("ada@example.org", "everyone")
    app.button(key="resolve").click().run()
    with own.warehouse.read() as con:
        (incident,) = fetch(con, "SELECT * FROM incidents WHERE incident_id = ?", [own.incident_id])
    assert incident["state"] == "open"


def test_the_highest_role_counts_and_only_named_values_give_one() -> None:
    auth = AuthConfig(
        metadata_url="https://login.example/x",
        client_id="c",
        viewers=("*",),
        operators=("oncall",),
        admins=("platform",),
    )

    def role(groups: Any) -> Role | None:
        return viewer_of({"email": "ada@example.org", "groups": groups}, auth).role

    assert role(["oncall", "platform"]) is Role.ADMIN
    assert role("oncall") is Role.OPERATOR
    assert role(["Oncall"]) is Role.VIEWER
    assert role(None) is Role.VIEWER
    assert viewer_of({"groups": ["platform"]}, auth).role is None, "no name, no role"
    strict = AuthConfig(metadata_url="https://login.example/x", client_id="c", operators=("oncall",))
    assert viewer_of({"email": "ada", "groups": ["*"]}, strict).role is None


def test_what_is_missing_for_a_login_is_named() -> None:
    auth = {"metadata_url": "https://login.example/x", "client_id": "c", "viewers": ["*"]}
    settings = DashboardConfig.model_validate({"url": "https://cw.example/", "auth": auth})
    secret, cookie = "CHAINWATCH_OIDC_CLIENT_SECRET", "CHAINWATCH_COOKIE_SECRET"
    assert secrets_of(DashboardConfig(), {}) is None
    with pytest.raises(ConfigError, match=f"{secret} and no {cookie}"):
        secrets_of(settings, {})
    with pytest.raises(ConfigError, match="shorter than 32") as short:
        secrets_of(settings, {secret: "s3cret", cookie: "short"})
    assert "s3cret" not in str(short.value)
    made = secrets_of(settings, {secret: "s3cret", cookie: "k" * 32})
    assert made is not None
    assert made["redirect_uri"] == "https://cw.example/oauth2callback"
    nobody = DashboardConfig.model_validate({"auth": {**auth, "viewers": []}})
    with pytest.raises(ConfigError, match="lets nobody in"):
        secrets_of(nobody, {secret: "s", cookie: "k" * 32})
