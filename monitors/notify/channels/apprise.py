"""Everything else through apprise (https://appriseit.com): Teams, Discord, Matrix and a hundred more.

Optional: pip install 'chainwatch[apprise]'.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from collectors.errors import ConfigError
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier
from monitors.notify.plain_message import plain_message

VARIABLE = "CHAINWATCH_APPRISE_URL"
# Chats read <!channel> and <@U1>; nobody reads these.
_BRACKETS = str.maketrans({"<": "\u2039", ">": "\u203a"})
_KINDS: Mapping[str, str] = {"page": "failure", "ticket": "warning"}


class AppriseNotifier:
    """An open apprise service; `service` is an apprise.Apprise with one address."""

    name = "apprise"

    def __init__(self, service: Any) -> None:
        self._service = service

    def __repr__(self) -> str:
        return "AppriseNotifier(url=hidden)"

    def render(self, notice: Notice) -> dict[str, Any]:
        """Title and text, and the kind that apprise shows as a colour or a sign."""
        said = plain_message(notice)
        kind = _KINDS.get(str(notice.get("severity")), "info")
        return {
            "title": said.subject.translate(_BRACKETS),
            "body": said.body.translate(_BRACKETS),
            "notify_type": "success" if notice.get("kind") == "resolved" else kind,
        }

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Hand it over once. Apprise knows no idempotency key, and says of a failure only that it was one."""
        with _silent():
            try:
                taken = bool(self._service.notify(**self.render(notice), body_format="text"))
            except Exception as error:
                return Delivery(outcome="retry", error=f"apprise failed: {type(error).__name__}")
        if taken:
            return Delivery(outcome="sent")
        return Delivery(outcome="retry", error="apprise could not deliver it; it does not say why")


class AppriseChannel:
    """Opens apprise where the environment names an address and the library is installed."""

    name = "apprise"
    variable = VARIABLE
    variables = (VARIABLE,)

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without the variable; ConfigError without the library or with an address it does not know."""
        url = environ.get(VARIABLE, "").strip()
        if not url:
            return None
        with _silent():
            try:
                # By name: the file that asks is called apprise too, and the library is optional.
                apprise = importlib.import_module("apprise")
            except ImportError:
                raise ConfigError(
                    f"{VARIABLE} is set, but apprise is not installed: pip install 'chainwatch[apprise]'"
                ) from None
            asset = apprise.AppriseAsset(
                app_id="Chainwatch",
                service_timeout=timeout.total_seconds(),
                # In memory: some services would keep tokens on disk.
                storage_mode="memory",
                async_mode=False,
                # A login page at the end of a redirect would count as a delivery.
                http_redirects=False,
            )
            service = apprise.Apprise(asset=asset)
            known = service.add(url)
        if not known or len(service) != 1:
            raise ConfigError(
                f"{VARIABLE} must be one address that apprise knows, such as "
                "msteams://... or discord://...; its value is a secret and not shown here"
            )
        return AppriseNotifier(service)


@contextmanager
def _silent() -> Iterator[None]:
    """No log while apprise works: what it and its HTTP library write there holds addresses and tokens.

    Nor warnings: the libraries of its hundred services warn of each other.
    """
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


CHANNEL = AppriseChannel()
