"""E-mail over SMTP, always encrypted except to this machine: plain text and HTML, one thread an incident."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from typing import Any

from collectors.context import system_clock
from collectors.errors import ConfigError
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery, Notifier
from monitors.notify.concealed import concealed
from monitors.notify.email_message import compose, html_of
from monitors.notify.http_post import LOOPBACK
from monitors.notify.plain_message import plain_message
from monitors.notify.smtp_address import EXAMPLE, SmtpAddress

TO = "CHAINWATCH_EMAIL_TO"
FROM = "CHAINWATCH_EMAIL_FROM"
SERVER = "CHAINWATCH_SMTP_URL"


class EmailNotifier:
    """An open mail server with one sender and its recipients."""

    name = "email"

    def __init__(
        self,
        server: SmtpAddress,
        sender: Address,
        recipients: tuple[Address, ...],
        *,
        timeout: timedelta,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._timeout_s = timeout.total_seconds()
        self._clock = clock

    def __repr__(self) -> str:
        return "EmailNotifier(server=hidden)"

    def render(self, notice: Notice) -> dict[str, Any]:
        """Subject, plain text and HTML."""
        said = plain_message(notice)
        return {"subject": said.subject, "text": said.body, "html": html_of(said)}

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Hand the message to the mail server once; its Message-ID follows from `key`.

        Only a refusal of the message itself (5xx to its text) is final. A wrong password, a sender or a
        recipient that is not known can be mended by a person, so those are tried again.
        """
        letter = compose(notice, key=key, sender=self._sender, recipients=self._recipients, now=self._clock())
        try:
            smtp = self._connected()
            try:
                self._sign_in(smtp)
                refused = smtp.send_message(letter)
            finally:
                # However it says goodbye: what was taken is taken.
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()
                smtp.close()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return self._failed(error)
        if refused:
            some = f"not taken for {len(refused)} of {len(self._recipients)} recipients"
            return Delivery(outcome="sent", error=some)
        return Delivery(outcome="sent")

    def _connected(self) -> smtplib.SMTP:
        """An encrypted connection whose certificate was checked; plain only on this machine."""
        host, port = self._server.host, self._server.port
        if self._server.is_tls:
            trusted = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=trusted)
        smtp = smtplib.SMTP(host, port, timeout=self._timeout_s)
        try:
            smtp.ehlo_or_helo_if_needed()
            if smtp.has_extn("starttls") or host not in LOOPBACK:
                # Raises where the server does not offer it: a password must not travel in the clear.
                smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        if self._server.user:
            smtp.login(self._server.user, self._server.password)

    def _failed(self, error: Exception) -> Delivery:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            # What it says may repeat the credentials, encoded in a way that nobody can foresee.
            return Delivery(outcome="retry", error=f"the mail server refused the login ({error.smtp_code})")
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, said = next(iter(error.recipients.values()))
        elif isinstance(error, smtplib.SMTPResponseException):
            answer = error.smtp_error
            code, said = error.smtp_code, answer.encode() if isinstance(answer, str) else answer
        else:
            return Delivery(outcome="retry", error=f"no answer from the mail server: {type(error).__name__}")
        is_final = isinstance(error, smtplib.SMTPDataError) and 500 <= code < 600
        addresses = [a.addr_spec for a in (self._sender, *self._recipients)]
        hidden = concealed(said.decode("utf-8", "replace"), [*self._server.secrets, *addresses])
        return Delivery(
            outcome="dead" if is_final else "retry", error=f"the mail server answered {code}: {hidden}"
        )


class EmailChannel:
    """Opens e-mail where the environment names recipients, a sender and a server."""

    name = "email"
    variable = TO
    variables = (TO, FROM, SERVER)

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """None without recipients; ConfigError, which shows no value, where something is missing or wrong."""
        to, sender, server = (environ.get(name, "").strip() for name in (TO, FROM, SERVER))
        if not to:
            return None
        for name, value in ((FROM, sender), (SERVER, server)):
            if not value:
                example = EXAMPLE if name == SERVER else "alerts@example.org"
                raise ConfigError(f"{TO} needs {name}, such as {example}")
        recipients = tuple(_address(TO, part) for part in to.split(",") if part.strip())
        if not recipients:
            raise ConfigError(f"{TO} names nobody; write addresses with commas between them")
        return EmailNotifier(
            SmtpAddress.parse(SERVER, server), _address(FROM, sender), recipients, timeout=timeout
        )


def _address(variable: str, text: str) -> Address:
    """One mail address; ConfigError without the value. Letters beyond ASCII are left to the display name."""
    try:
        address = Address(addr_spec=text.strip())
    except (MessageError, ValueError, IndexError):
        address = Address()
    plain = text.isascii() and text.strip().isprintable()
    if not (plain and address.username and address.domain):
        raise ConfigError(f"{variable} must hold addresses such as someone@example.org, commas between them")
    return address


CHANNEL = EmailChannel()
