"""A notice as lines of harmless text, for channels that have no blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

_SUBJECT = 150
_LINE = 600
_EXAMPLE = 200


@dataclass(frozen=True, kw_only=True)
class PlainMessage:
    """A message for people. Every text is on one line and defused; only `links` can be followed."""

    subject: str
    lines: tuple[str, ...]
    examples: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def body(self) -> str:
        """All but the subject, as paragraphs."""
        examples = ["From the log, as it stands there:", *(f"  {e}" for e in self.examples)]
        addresses = [f"{label}: {url}" for label, url in self.links]
        blocks = ["\n".join(b) for b in (self.lines, examples if self.examples else [], addresses) if b]
        return "\n\n".join(blocks) + "\n"


def plain_message(notice: Notice) -> PlainMessage:
    """The notice in the words that every channel uses."""
    kind = str(notice.get("kind"))
    examples: list[str] = []
    if kind == "test":
        lines = [str(notice.get("summary", ""))]
    elif kind == "resolved":
        lines = [place(notice), ending(notice), _period(notice)]
    elif is_group(notice):
        lines = [place(notice), *listed(notice)]
    else:
        lines = [
            place(notice),
            moved(notice),
            what(notice),
            _since(notice),
            str(notice.get("deploy") or "No deploy explains this."),
            str(notice.get("explained") or ""),
            str(notice.get("ruled_out") or ""),
        ]
        examples = [str(e["text"]) for e in notice.get("examples", ())[:2] if _has_text(e)]
    return PlainMessage(
        subject=harmless(headline(notice), _SUBJECT),
        lines=tuple(harmless(line, _LINE) for line in lines if one_line(line)),
        examples=tuple(harmless(text, _EXAMPLE) for text in examples),
        links=tuple((label, url) for _, label, url in links(notice)),
    )


def harmless(text: str, limit: int) -> str:
    """`text` cut, on one line and defused."""
    return defused(cut(one_line(text), limit))


def _has_text(example: object) -> bool:
    return isinstance(example, Mapping) and bool(example.get("text"))


def _since(notice: Notice) -> str:
    began = times(notice)
    if began is None:
        return ""
    start, sure, seen = began
    width = f" (± {span(sure)})" if sure is not None else ""
    return f"Since {clock(start)}{width}" + (f", noticed {clock(seen)}" if seen else "")


def _period(notice: Notice) -> str:
    start, end = time(notice.get("started_at")), time(notice.get("resolved_at"))
    return f"From {clock(start)} to {clock(end)}" if start and end else ""
