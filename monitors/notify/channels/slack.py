"""Slack's incoming webhook. The address is the secret: it comes from the environment and stays in here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from collectors.context import system_clock
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier, outcome_of, retry_after_s
from monitors.notify.concealed import concealed, secrets_of
from monitors.notify.http_post import LOOPBACK, checked_address
from monitors.notify.slack_blocks import message

VARIABLE = "CHAINWATCH_SLACK_WEBHOOK_URL"


class SlackNotifier:
    """An open Slack channel."""

    name = "slack"

    def __init__(self, url: str, *, timeout: timedelta, clock: Callable[[], datetime] = system_clock) -> None:
        self._url = url
        self._timeout_s = max(1, round(timeout.total_seconds()))
        self._clock = clock

    def __repr__(self) -> str:
        return "SlackNotifier(url=hidden)"

    def render(self, notice: Notice) -> dict[str, Any]:
        """Block Kit and the text of the notification."""
        return message(notice)

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Post once. Slack knows no idempotency key, so `key` is not sent."""
        from slack_sdk.webhook import WebhookClient

        # slack_sdk logs the address at DEBUG, and its own retries would hide attempts from the outbox.
        silent = logging.Logger("chainwatch.slack", level=logging.CRITICAL + 1)
        client = WebhookClient(self._url, timeout=self._timeout_s, logger=silent, retry_handlers=[])
        if urlsplit(self._url).hostname in LOOPBACK:
            client.proxy = None
        # Whatever the network does, the outbox goes on.
        try:
            response = client.send_dict(self.render(notice))
        except Exception as error:
            return Delivery(outcome="retry", error=f"no answer from Slack: {type(error).__name__}")
        status, body = int(response.status_code), str(response.body)
        if status == 200 and body.strip() != "ok":
            # A proxy's login page answers 200 too; Slack itself says ok.
            said = self._safe(body)
            return Delivery(outcome="retry", http_status=status, error=f"not Slack's answer: {said!r}")
        outcome = outcome_of(status)
        if outcome == "sent":
            return Delivery(outcome="sent", http_status=status)
        headers = {str(k).lower(): str(v) for k, v in dict(response.headers).items()}
        return Delivery(
            outcome=outcome,
            http_status=status,
            error=f"Slack answered {status}: {self._safe(body)}",
            retry_after_s=retry_after_s(headers.get("retry-after"), self._clock()),
        )

    def _safe(self, body: str) -> str:
        """The start of an answer, without the address that it may repeat."""
        return concealed(body, secrets_of(self._url))


class SlackChannel:
    """Opens Slack where the environment names a webhook."""

    name = "slack"
    variable = VARIABLE
    variables = (VARIABLE,)

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without the variable; ConfigError, which does not repeat it, when it is no webhook address."""
        url = environ.get(VARIABLE, "").strip()
        if not url:
            return None
        checked_address(VARIABLE, url, "https://hooks.slack.com/services/...")
        return SlackNotifier(url, timeout=timeout)


CHANNEL = SlackChannel()
