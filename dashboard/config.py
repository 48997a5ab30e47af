"""The [dashboard] section of chainwatch.toml."""

from __future__ import annotations

from pydantic import Field

from collectors.config import Section


class AuthConfig(Section):
    """Who may look and act, by what an OpenID Connect provider says of them.

    metadata_url: the provider's `.well-known/openid-configuration`. client_id: of this dashboard, there.
    Its secret and the key that signs the session's cookie come from the environment only.
    name_claim: who somebody is in the audit log. role_claim: a text or a list; `viewers`, `operators` and
    `admins` name values of it, `*` is everybody who signs in.
    """

    metadata_url: str = Field(pattern=r"^https?://[^\s]+$")
    client_id: str = Field(min_length=1)
    name_claim: str = Field(default="email", min_length=1)
    role_claim: str = Field(default="groups", min_length=1)
    viewers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()


class DashboardConfig(Section):
    """Where the dashboard listens, how messages link to it, and how often it looks again.

    `url` is what links in messages start with; set it when people reach the dashboard under another
    name than localhost. `refresh_s` is how often an open overview reads the warehouse again.
    `auth`: who may sign in; None is no login, on this machine only.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8501, ge=1, le=65535)
    url: str = Field(default="http://localhost:8501", pattern=r"^https?://[^\s]+$")
    refresh_s: int = Field(default=30, ge=5, le=3600)
    auth: AuthConfig | None = None
