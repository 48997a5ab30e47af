"""A generic webhook: the notice as JSON, signed so that the receiver can tell that it is ours.

`X-Chainwatch-Signature: t=<unix seconds>,v1=<hex>` where v1 is the HMAC-SHA256 of "<t>.<body>" under
CHAINWATCH_WEBHOOK_SECRET; `Idempotency-Key` is the same in each attempt of one message.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from collectors.context import system_clock
from collectors.errors import ConfigError
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier, outcome_of, retry_after_s
from monitors.notify.hostile import defused

VARIABLE = "CHAINWATCH_WEBHOOK_URL"
SECRET = "CHAINWATCH_WEBHOOK_SECRET"  # noqa: S105 - the variable's name, not its value
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET, and a login page's 200 into a delivery."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Never follow."""


class WebhookNotifier:
    """An open webhook."""

    name = "webhook"

    def __init__(
        self, url: str, secret: str, *, timeout: timedelta, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self._url = url
        self._secret = secret.encode()
        self._timeout_s = timeout.total_seconds()
        self._clock = clock

    def __repr__(self) -> str:
        return "WebhookNotifier(url=hidden)"

    def render(self, notice: Notice) -> dict[str, Any]:
        """The notice, with every text defused: the receiver may well put it into a chat."""
        links = notice.get("links")
        rendered: dict[str, Any] = _harmless({k: v for k, v in notice.items() if k != "links"})
        return {"version": 1, **rendered, "links": links}

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Post once."""
        now = self._clock()
        body = json.dumps(self.render(notice), ensure_ascii=True).encode()
        stamp = str(int(now.timestamp()))
        signature = hmac.new(self._secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        request = Request(  # noqa: S310 - the scheme was checked when the channel was opened
            self._url,
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                "X-Chainwatch-Signature": f"t={stamp},v1={signature}",
            },
        )
        try:
            with build_opener(_NoRedirect()).open(request, timeout=self._timeout_s) as response:
                return Delivery(outcome="sent", http_status=response.status)
        except HTTPError as error:
            with error:
                return Delivery(
                    outcome=outcome_of(error.code),
                    http_status=error.code,
                    error=f"the webhook answered {error.code}",
                    retry_after_s=retry_after_s(error.headers.get("Retry-After"), now),
                )
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Delivery(outcome="retry", error=f"no answer from the webhook: {type(error).__name__}")


class WebhookChannel:
    """Opens the webhook where the environment names it and its secret."""

    name = "webhook"
    variable = VARIABLE

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without the variable; ConfigError without a usable address and a secret; shows neither."""
        url, secret = environ.get(VARIABLE, "").strip(), environ.get(SECRET, "").strip()
        if not url:
            return None
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            parts, host = urlsplit(""), None
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
            raise ConfigError(f"{VARIABLE} must be an https:// address; its value is not shown here")
        if not secret:
            raise ConfigError(f"{VARIABLE} needs {SECRET}: the receiver must be able to tell who sends")
        return WebhookNotifier(url, secret, timeout=timeout)


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, Mapping):
        return {key: _harmless(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless(item) for item in value]
    return value


CHANNEL = WebhookChannel()
