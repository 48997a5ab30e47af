"""A generic webhook: the notice as JSON, signed so that the receiver can tell that it is ours.

`X-Chainwatch-Signature: t=<unix seconds>,v1=<hex>` where v1 is the HMAC-SHA256 of "<t>.<body>" under
CHAINWATCH_WEBHOOK_SECRET; `Idempotency-Key` is the same in each attempt of one message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from collectors.context import system_clock
from collectors.errors import ConfigError
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier, outcome_of, retry_after_s
from monitors.notify.http_post import NoAnswerError, checked_address, post_json
from monitors.notify.plain_message import harmless

VARIABLE = "CHAINWATCH_WEBHOOK_URL"
SECRET = "CHAINWATCH_WEBHOOK_SECRET"  # noqa: S105 - the variable's name, not its value
_LONGEST = 600


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
        headers = {"Idempotency-Key": key, "X-Chainwatch-Signature": f"t={stamp},v1={signature}"}
        try:
            answer = post_json(self._url, body, headers, timeout_s=self._timeout_s)
        except NoAnswerError as error:
            return Delivery(outcome="retry", error=f"no answer from the webhook: {error}")
        outcome = outcome_of(answer.status)
        if outcome == "sent":
            return Delivery(outcome="sent", http_status=answer.status)
        return Delivery(
            outcome=outcome,
            http_status=answer.status,
            error=f"the webhook answered {answer.status}",
            retry_after_s=retry_after_s(answer.headers.get("retry-after"), now),
        )


class WebhookChannel:
    """Opens the webhook where the environment names it and its secret."""

    name = "webhook"
    variable = VARIABLE
    variables = (VARIABLE, SECRET)

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without the variable; ConfigError without a usable address and a secret; shows neither."""
        url, secret = environ.get(VARIABLE, "").strip(), environ.get(SECRET, "").strip()
        if not url:
            return None
        checked_address(VARIABLE, url, "https://example.org/alerts")
        if not secret:
            raise ConfigError(f"{VARIABLE} needs {SECRET}: the receiver must be able to tell who sends")
        return WebhookNotifier(url, secret, timeout=timeout)


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value, _LONGEST)
    if isinstance(value, Mapping):
        return {key: _harmless(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless(item) for item in value]
    return value


CHANNEL = WebhookChannel()
