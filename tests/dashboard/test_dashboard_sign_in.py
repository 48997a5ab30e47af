"""In a real browser with a real provider: a link, the login, and the page that the link named."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from driven_browser import WAIT_MS, drawn
from oidc_provider import CLIENT_ID, CLIENT_SECRET, provider
from seeded_warehouse import Seeded
from test_dashboard_serve import _free_port, serving

from collectors.warehouse.store import fetch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONFIG = """
[dashboard]
url = "http://127.0.0.1:{port}"
[dashboard.auth]
metadata_url = "{provider}/.well-known/openid-configuration"
client_id = "{client}"
operators = ["oncall"]
"""


def test_a_link_leads_through_the_login_to_its_page(
    browser: Any, seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(seeded, home=Path(shutil.copytree(seeded.home, tmp_path / "home")))
    port = _free_port()
    monkeypatch.setenv("CHAINWATCH_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("CHAINWATCH_COOKIE_SECRET", "k" * 40)
    with provider() as login:
        login.claims = {"sub": "1", "email": "ada@example.org", "groups": ["oncall"]}
        (own.home / "chainwatch.toml").write_text(
            CONFIG.format(port=port, provider=login.url, client=CLIENT_ID)
        )
        with serving(own.home, port=port) as (url, _):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(f"{url}/incident?incident={own.resolved_incident_id}")
            page.get_by_role("button", name="Sign in").wait_for(timeout=WAIT_MS)
            assert page.get_by_text("generator").count() == 0
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="generator: latency changed").wait_for(timeout=WAIT_MS)

            page.goto(f"{url}/incident?incident={own.incident_id}")
            page.get_by_role("button", name="Acknowledge").click(timeout=WAIT_MS)
            page.get_by_text(re.compile("^ada@.?example.org is on it")).wait_for(timeout=WAIT_MS)
            drawn(page)
            # Addresses are shown with a mark of no width in them, so that they are no links.
            page.get_by_role("link", name=re.compile("ada@.?example.org")).click()
            page.get_by_text(re.compile("^ada@.?example.org · operator")).wait_for(timeout=WAIT_MS)
            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("button", name="Sign in").wait_for(timeout=WAIT_MS)
            page.context.close()
    with own.warehouse.read() as con:
        logged = fetch(con, "SELECT actor, action FROM audit ORDER BY occurred_at DESC LIMIT 1")
    assert logged == [{"actor": "ada@example.org", "action": "acknowledge"}]
