"""PagerDuty, Events API v2: one PagerDuty alert an incident, triggered, then resolved.

The incident is the dedup_key, so a repeated trigger opens nothing twice.
https://developer.pagerduty.com/docs/events-api-v2-overview
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from collectors.context import system_clock
from collectors.errors import ConfigError
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier, outcome_of, retry_after_s
from monitors.notify.concealed import concealed
from monitors.notify.http_post import Answer, NoAnswerError, checked_address, post_json
from monitors.notify.plain_message import harmless, plain_message

VARIABLE = "CHAINWATCH_PAGERDUTY_ROUTING_KEY"
ADDRESS = "CHAINWATCH_PAGERDUTY_URL"
_EVENTS = "https://events.pagerduty.com/v2/enqueue"
_KEY = re.compile(r"[A-Za-z0-9]{32}")
_SEVERITIES: Mapping[str, str] = {"page": "critical", "ticket": "warning"}
_SUMMARY = 1024


class PagerDutyNotifier:
    """An open PagerDuty service."""

    name = "pagerduty"

    def __init__(
        self,
        routing_key: str,
        *,
        timeout: timedelta,
        url: str = _EVENTS,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        self._routing_key = routing_key
        self._url = url
        self._timeout_s = timeout.total_seconds()
        self._clock = clock

    def __repr__(self) -> str:
        return "PagerDutyNotifier(routing_key=hidden)"

    def render(self, notice: Notice) -> dict[str, Any]:
        """The event without its routing key, which is the secret."""
        dedup_key = str(notice.get("incident_id") or "chainwatch-test")
        if notice.get("kind") == "resolved":
            return {"event_action": "resolve", "dedup_key": dedup_key}
        said = plain_message(notice)
        place = {
            "component": notice.get("component"),
            "group": notice.get("chain"),
            "class": notice.get("cause"),
        }
        payload = {
            "summary": said.subject[:_SUMMARY],
            "source": harmless(str(notice.get("chain") or "chainwatch"), 200),
            "severity": _SEVERITIES.get(str(notice.get("severity")), "info"),
            "custom_details": {
                "what": list(said.lines),
                "from the log": list(said.examples),
                "owner": harmless(str(notice.get("owner") or ""), 200),
            },
            **{name: harmless(str(value), 200) for name, value in place.items() if value},
        }
        if notice.get("started_at"):
            payload["timestamp"] = notice["started_at"]
        return {
            "event_action": "trigger",
            "dedup_key": dedup_key,
            "client": "Chainwatch",
            "payload": payload,
            "links": [{"href": url, "text": label} for label, url in said.links],
        }

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Post the event. A test is triggered and resolved at once, so that nobody has to close it.

        The API knows no idempotency key but the dedup_key; `key` is not sent.
        """
        event = self.render(notice)
        delivery = self._post(event)
        if notice.get("kind") == "test" and delivery.outcome == "sent":
            return self._post({"event_action": "resolve", "dedup_key": event["dedup_key"]})
        return delivery

    def _post(self, event: dict[str, Any]) -> Delivery:
        body = json.dumps({"routing_key": self._routing_key, **event}).encode()
        try:
            answer = post_json(self._url, body, {}, timeout_s=self._timeout_s)
        except NoAnswerError as error:
            return Delivery(outcome="retry", error=f"no answer from PagerDuty: {error}")
        outcome = outcome_of(answer.status)
        if outcome == "sent":
            if _field(answer, "status") == "success":
                return Delivery(outcome="sent", http_status=answer.status)
            # A proxy's login page answers 200 too.
            said = self._safe(answer)
            return Delivery(
                outcome="retry", http_status=answer.status, error=f"not PagerDuty's answer: {said!r}"
            )
        return Delivery(
            outcome=outcome,
            http_status=answer.status,
            error=f"PagerDuty answered {answer.status}: {self._safe(answer)}",
            retry_after_s=retry_after_s(answer.headers.get("retry-after"), self._clock()),
        )

    def _safe(self, answer: Answer) -> str:
        """What PagerDuty says is wrong; else the start of what came back; without the routing key."""
        message, errors = _field(answer, "message"), _field(answer, "errors")
        reasons = [str(e) for e in errors] if isinstance(errors, list) else []
        said = ": ".join(t for t in (str(message or ""), "; ".join(reasons)) if t)
        return concealed(said or answer.body, [self._routing_key])


class PagerDutyChannel:
    """Opens PagerDuty where the environment names a routing key."""

    name = "pagerduty"
    variable = VARIABLE
    variables = (VARIABLE, ADDRESS)

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without the variable; ConfigError, which shows no value, when it is no routing key."""
        routing_key = environ.get(VARIABLE, "").strip()
        if not routing_key:
            return None
        if not _KEY.fullmatch(routing_key):
            raise ConfigError(
                f"{VARIABLE} must be the 32 letters and digits of an Events API v2 integration; "
                "its value is a secret and not shown here"
            )
        url = environ.get(ADDRESS, "").strip() or _EVENTS
        return PagerDutyNotifier(routing_key, timeout=timeout, url=checked_address(ADDRESS, url, _EVENTS))


def _field(answer: Answer, name: str) -> Any:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


CHANNEL = PagerDutyChannel()
