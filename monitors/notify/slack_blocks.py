"""The Slack message for somebody who is woken at three: Block Kit, within its limits.

Whatever comes from a log stands in `plain_text` objects, where Slack reads no mark-up, and is escaped and
defused on top. `mrkdwn` is used for dates only, because only there Slack shows them in the reader's zone.
Limits: https://docs.slack.dev/reference/block-kit/blocks/
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitors.alerting.notice import Notice
from monitors.alerting.words import clock, span
from monitors.notify.hostile import cut, defused, one_line
from monitors.notify.sentences import (
    ending,
    headline,
    is_group,
    links,
    listed,
    moved,
    place,
    time,
    times,
    what,
)

Block = dict[str, Any]

HEADER = 150
SECTION = 3000
EXAMPLE = 200
_LINE = 600


def message(notice: Notice) -> Block:
    """`text` (what a notification shows) and `blocks` of one notice."""
    kind = str(notice.get("kind"))
    blocks = {"resolved": _resolved, "test": _test}.get(kind, _firing)(notice)
    return {
        "text": fit(headline(notice), HEADER),
        "blocks": [b for b in blocks if b],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """`text` as Slack shows it literally: its control characters as entities, links and mentions defused.

    >>> escaped("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return defused(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fit(text: str, limit: int) -> str:
    """`text` escaped, cut so that no entity is broken and the escaped form keeps the limit."""
    size = min(limit, len(text))
    while True:
        shown = escaped(cut(one_line(text), size))
        if len(shown) <= limit:
            return shown
        size = max(1, size - max(1, (len(shown) - limit) // 5))


def _group(notice: Notice) -> list[Block]:
    return [
        _header(headline(notice)),
        _context(place(notice)),
        *(_section(line) for line in listed(notice)),
        _buttons(notice),
    ]


def _firing(notice: Notice) -> list[Block]:
    if is_group(notice):
        return _group(notice)
    examples = [e for e in notice.get("examples", ()) if e.get("text")]
    return [
        _header(headline(notice)),
        _context(place(notice)),
        _section(moved(notice)),
        _section(what(notice)),
        _dates(notice),
        _section(str(notice.get("deploy") or "No deploy explains this.")),
        _section(str(notice.get("explained") or "")),
        _section(str(notice.get("ruled_out") or "")),
        _context("From the log, as it stands there:") if examples else {},
        *(_section(cut(one_line(str(e["text"])), EXAMPLE)) for e in examples[:2]),
        _buttons(notice),
    ]


def _resolved(notice: Notice) -> list[Block]:
    start, end = time(notice.get("started_at")), time(notice.get("resolved_at"))
    return [
        _header(headline(notice)),
        _context(place(notice)),
        _section(ending(notice)),
        _mrkdwn(f"From {_date(start)} to {_date(end)}") if start and end else {},
        _buttons(notice),
    ]


def _test(notice: Notice) -> list[Block]:
    return [_header(headline(notice)), _section(str(notice.get("summary", ""))), _buttons(notice)]


def _dates(notice: Notice) -> Block:
    began = times(notice)
    if began is None:
        return {}
    start, sure, seen = began
    width = f" (± {span(sure)})" if sure is not None else ""
    found = f", noticed {_date(seen)}" if seen else ""
    return _mrkdwn(f"Since {_date(start)}{width}{found}")


def _date(at: datetime) -> str:
    """Slack's own date: shown in the reader's zone; the fallback says UTC."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{clock(at)}>"


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, HEADER)}


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, _LINE)} if one_line(text) else {}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text, _LINE)]}


def _mrkdwn(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": fit(text, limit), "emoji": False}


def _buttons(notice: Notice) -> Block:
    elements = [
        {"type": "button", "text": _plain(label, 75), "url": url, "action_id": f"open_{name}"}
        for name, label, url in links(notice)
    ]
    return {"type": "actions", "elements": elements} if elements else {}
