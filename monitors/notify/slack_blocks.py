"""The Slack message for somebody who is woken at three: Block Kit, within its limits.

Whatever comes from a log stands in `plain_text` objects, where Slack reads no mark-up, and is escaped and
defused on top. `mrkdwn` is used for dates only, because only there Slack shows them in the reader's zone.
Limits: https://docs.slack.dev/reference/block-kit/blocks/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitors.alerting.notice import Notice
from monitors.alerting.words import clock, span
from monitors.notify.hostile import cut, defused, one_line

Block = dict[str, Any]

HEADER = 150
SECTION = 3000
EXAMPLE = 200
_LINE = 600
_URL = 3000
_SIGNS: Mapping[str, str] = {"page": "🔴", "ticket": "🟠"}


def message(notice: Notice) -> Block:
    """`text` (what a notification shows) and `blocks` of one notice."""
    kind = str(notice.get("kind"))
    blocks = {"resolved": _resolved, "test": _test}.get(kind, _firing)(notice)
    return {
        "text": fit(headline(notice), SECTION),
        "blocks": [b for b in blocks if b],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def headline(notice: Notice) -> str:
    """The first line: a sign that can be told apart without colour, and the title."""
    kind, title = notice.get("kind"), str(notice.get("title", ""))
    severity = str(notice.get("severity", ""))
    if kind == "resolved":
        return f"🔗 Merged: {title}" if notice.get("merged_into") else f"✅ Resolved: {title}"
    if kind == "test":
        return f"🔔 {title}"
    word = "Update" if kind == "update" else severity.capitalize()
    again = " (again)" if kind == "firing" and int(notice.get("times_opened") or 1) > 1 else ""
    return f"{_SIGNS.get(severity, '🔴')} {word}{again}: {title}"


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


def _firing(notice: Notice) -> list[Block]:
    examples = [e for e in notice.get("examples", ()) if e.get("text")]
    return [
        _header(headline(notice)),
        _context(_place(notice)),
        _moved(notice),
        _section(_what(notice)),
        _dates(notice),
        _section(str(notice.get("deploy") or "No deploy explains this.")),
        _section(str(notice.get("ruled_out") or "")),
        _context("From the log, as it stands there:") if examples else {},
        *(_section(cut(one_line(str(e["text"])), EXAMPLE)) for e in examples[:2]),
        _buttons(notice),
    ]


def _resolved(notice: Notice) -> list[Block]:
    start, end = _time(notice.get("started_at")), _time(notice.get("resolved_at"))
    lasted = f"It lasted {span(end - start)}. " if start and end and not notice.get("merged_into") else ""
    return [
        _header(headline(notice)),
        _context(_place(notice)),
        _section(f"{lasted}{_ending(notice)}"),
        _mrkdwn(f"From {_date(start)} to {_date(end)}") if start and end else {},
        _buttons(notice),
    ]


def _ending(notice: Notice) -> str:
    """Why it is over: all is well, a person said so, or it turned out to be part of another incident."""
    if notice.get("merged_into"):
        return f"It is not over: it is part of incident {notice['merged_into']}, whose cause explains it too."
    if notice.get("closed_by"):
        return f"Closed by {notice['closed_by']}."
    return f"All of its alerts are resolved: {notice.get('alerts', 0)}."


def _test(notice: Notice) -> list[Block]:
    return [_header(headline(notice)), _section(str(notice.get("summary", ""))), _buttons(notice)]


def _place(notice: Notice) -> str:
    parts = [
        f"Component {notice.get('component')}",
        f"chain {notice.get('chain')}",
        f"severity {notice.get('severity')}",
    ]
    if notice.get("owner"):
        parts.append(f"owner {notice['owner']}")
    parts.append(f"incident {notice.get('incident_id')}")
    return " · ".join(parts)


def _what(notice: Notice) -> str:
    """What changed: the figures, then the value that was judged and its threshold, then by which monitor."""
    measured, against = str(notice.get("measured") or ""), str(notice.get("against_threshold") or "")
    figures = "; ".join(dict.fromkeys(t for t in (measured, against) if t))
    monitor = f" Monitor: {notice['monitor']}." if notice.get("monitor") else ""
    path = [str(p) for p in notice.get("path", ())]
    shown = f" Seen in: {' → '.join(path[:6])}." if len(path) > 1 else ""
    return f"{figures or notice.get('summary', '')}.{monitor}{shown}"


def _moved(notice: Notice) -> Block:
    was = notice.get("previous")
    if not isinstance(was, Mapping):
        return {}
    now = f"now {notice.get('component')} ({notice.get('severity')}), because {notice.get('why')}"
    return _section(f"It was put down to {was.get('component')} ({was.get('severity')}); {now}.")


def _dates(notice: Notice) -> Block:
    start, seen = _time(notice.get("started_at")), _time(notice.get("detected_at"))
    if start is None:
        return {}
    low, high = _time(notice.get("started_at_low")), _time(notice.get("started_at_high"))
    sure = f" (± {span((high - low) / 2)})" if low and high and high - low > timedelta(minutes=1) else ""
    found = f", noticed {_date(seen)}" if seen else ""
    return _mrkdwn(f"Since {_date(start)}{sure}{found}")


def _date(time: datetime) -> str:
    """Slack's own date: shown in the reader's zone; the fallback says UTC."""
    return f"<!date^{int(time.timestamp())}^{{date_short_pretty}} {{time}}|{clock(time)}>"


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
    links = notice.get("links") or {}
    labels = (
        ("incident", "Open the incident"),
        ("component", "Open the component"),
        ("dashboard", "Dashboard"),
    )
    elements = [
        {"type": "button", "text": _plain(label, 75), "url": links[name], "action_id": f"open_{name}"}
        for name, label in labels
        if isinstance(links.get(name), str) and len(links[name]) <= _URL
    ]
    return {"type": "actions", "elements": elements} if elements else {}


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
