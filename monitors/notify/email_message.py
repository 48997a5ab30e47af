"""The e-mail itself: plain text and HTML of the same words, headers that make one thread of an incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from collectors.model import content_hash
from monitors.alerting.notice import Notice
from monitors.notify.plain_message import PlainMessage, plain_message

_WRAP = 'style="white-space:pre-wrap;overflow-wrap:anywhere"'


def compose(
    notice: Notice, *, key: str, sender: Address, recipients: Sequence[Address], now: datetime
) -> EmailMessage:
    """The message of one notice.

    The first message of an incident has the incident's own Message-ID; all later ones refer to it. A message
    that is sent twice has the same Message-ID, by which many servers drop the second.
    """
    said = plain_message(notice)
    root = _message_id("incident", str(notice.get("incident_id") or key), sender)
    is_first = notice.get("kind") == "firing" and int(notice.get("times_opened") or 1) == 1
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = tuple(recipients)
    letter["Subject"] = said.subject
    letter["Date"] = now.astimezone(UTC)
    letter["Message-ID"] = root if is_first else _message_id("message", key, sender)
    if not is_first and notice.get("incident_id"):
        letter["In-Reply-To"] = root
        letter["References"] = root
    # No out-of-office answers, please.
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    if notice.get("severity") == "page" and notice.get("kind") != "resolved":
        letter["Importance"] = "high"
    letter.set_content(said.body)
    letter.add_alternative(html_of(said), subtype="html")
    return letter


def html_of(said: PlainMessage) -> str:
    """The message as HTML: every text escaped, no picture, no script, nothing fetched from anywhere."""
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in said.lines)
    examples = "".join(f"<pre {_WRAP}>{escape(text)}</pre>\n" for text in said.examples)
    quoted = f"<p>From the log, as it stands there:</p>\n{examples}" if examples else ""
    pages = " · ".join(f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in said.links)
    return (
        f"<!DOCTYPE html>\n<html><body>\n<h2>{escape(said.subject)}</h2>\n{lines}{quoted}"
        + (f"<p>{pages}</p>\n" if pages else "")
        + "</body></html>\n"
    )


def _message_id(kind: str, text: str, sender: Address) -> str:
    return f"<chainwatch.{content_hash(kind, text)[:24]}@{sender.domain}>"
