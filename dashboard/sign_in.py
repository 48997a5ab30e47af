"""What Streamlit needs to sign people in: from [dashboard.auth] and the environment, never from a file."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from collectors.errors import ConfigError
from dashboard.config import DashboardConfig

CLIENT_SECRET, COOKIE_SECRET = "CHAINWATCH_OIDC_CLIENT_SECRET", "CHAINWATCH_COOKIE_SECRET"
_SHORTEST_COOKIE_SECRET = 32


def secrets_of(settings: DashboardConfig, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Streamlit's `[auth]` secrets; None without a login. ConfigError names the variable that is missing."""
    auth = settings.auth
    if auth is None:
        return None
    if importlib.util.find_spec("authlib") is None:
        raise ConfigError("[dashboard.auth] needs Authlib: pip install 'chainwatch[auth]'")
    if not (auth.viewers or auth.operators or auth.admins):
        raise ConfigError("[dashboard.auth] lets nobody in: name groups in viewers, operators or admins")
    found = {name: environ.get(name, "").strip() for name in (CLIENT_SECRET, COOKIE_SECRET)}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise ConfigError(f"[dashboard.auth] is set, but the environment has no {' and no '.join(missing)}")
    if len(found[COOKIE_SECRET]) < _SHORTEST_COOKIE_SECRET:
        raise ConfigError(
            f"{COOKIE_SECRET} is shorter than {_SHORTEST_COOKIE_SECRET} characters: who guesses it can sign "
            "in as anybody. Make one with: openssl rand -hex 32"
        )
    return {
        "redirect_uri": f"{settings.url.rstrip('/')}/oauth2callback",
        "cookie_secret": found[COOKIE_SECRET],
        "client_id": auth.client_id,
        "client_secret": found[CLIENT_SECRET],
        "server_metadata_url": auth.metadata_url,
    }


def hand_over(secrets: Mapping[str, str]) -> None:
    """Give them to Streamlit in memory."""
    from streamlit.runtime.secrets import secrets_singleton

    secrets_singleton.merge_programmatic_secrets({"auth": dict(secrets)})
