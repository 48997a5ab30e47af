"""Why something changed, as a page shows it: what goes with it, topics that grew, texts that went, a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import charts_map, formats, ui
from dashboard.chart_data import Query
from dashboard.charts_map import Spot
from dashboard.text import plain, visible
from monitors.alerting.words import explained as explained_words

_LONGEST = 1500
# A share with its interval.
_SHARE_PX = 150
_VERDICTS: Mapping[str, str] = {
    "explains": "✓ explains it",
    "coincides": "? came with it",
    "no": "does not",
}


def has_explanation(evidence: Mapping[str, Any]) -> bool:
    """Whether there is anything to draw."""
    return any(evidence.get(name) for name in ("explains", "topics", "map", "vanished"))


def explanation(evidence: Mapping[str, Any], *, key: str, query: Query) -> None:
    """Everything that an explanation holds but its examples and words; `key`: unique on the page.

    query: where the evidence is stored.
    """
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        if "explains" in evidence:
            with grid.cell(), st.container(border=True, height="stretch"):
                _accounts(evidence)
        if "topics" in evidence:
            with grid.cell(), st.container(border=True, height="stretch"):
                _topics(evidence)
    spots = list(_spots(evidence.get("map")))
    if spots:
        with st.container(border=True):
            _map(spots, key, query)
    _vanished(evidence)


def _accounts(evidence: Mapping[str, Any]) -> None:
    """What was held fixed, and how much of the change went with it."""
    entries = _entries(evidence.get("explains"))
    title = explained_words(evidence).rstrip(".") or "Nothing known of the requests explains it"
    st.markdown(f"**{plain(title)}**")
    if not entries:
        st.caption("All requests are alike in what they say of themselves: version, user, language, length.")
        return
    st.caption("How much of the change goes away when requests of the same kind are compared.")
    moved = ["; ".join(_moved(level) for level in _entries(e.get("levels"))) for e in entries]
    st.dataframe(
        [
            {
                "Held fixed": str(e.get("by", "")),
                "Verdict": _VERDICTS.get(str(e.get("verdict")), ""),
                "Goes with it": _range(e),
                **({"What moved": what} if any(moved) else {}),
            }
            for e, what in zip(entries, moved, strict=True)
        ],
        hide_index=True,
        column_config={
            "Goes with it": st.column_config.TextColumn(width=_SHARE_PX),
            "What moved": st.column_config.TextColumn(width="large"),
        },
        alt="What was held fixed and how much of the change went with it",
    )
    if any(e.get("verdict") == "coincides" for e in entries):
        st.caption(
            "“Came with it”: now and before have hardly a value in common, so the two cannot be told apart."
        )


def _moved(level: Mapping[str, Any]) -> str:
    before, now = (formats.share(_number(level.get(side))) for side in ("before", "now"))
    return f"{formats.clip(str(level.get('level', '')), 40)} {before} → {now}"


def _range(entry: Mapping[str, Any]) -> str:
    if entry.get("verdict") == "coincides":
        return formats.UNKNOWN
    low, high = formats.share(_number(entry.get("low"))), formats.share(_number(entry.get("high")))
    return f"{formats.share(_number(entry.get('share')))} ({low} to {high})"


def _topics(evidence: Mapping[str, Any]) -> None:
    """Topics that grew and topics that shrank."""
    found = _entries(evidence.get("topics"))
    moved = _moved_topics(evidence)
    if moved and not found:
        st.markdown("**Topics that moved with it**")
        st.caption("The shares that the explanation rests on.")
        st.dataframe(moved, hide_index=True, alt="Topics that moved with the change")
        return
    if not found:
        st.markdown("**No topic grew or shrank**")
        st.caption("Topics have the shares that they had, within what windows differ by.")
        return
    grew = sum((_number(t.get("now")) or 0) > (_number(t.get("before")) or 0) for t in found)
    parts = [f"{grew} grew"] if grew else []
    parts += [f"{len(found) - grew} shrank"] if len(found) > grew else []
    st.markdown(f"**Topics: {' and '.join(parts)}**")
    st.caption("Each is named by the words that set it apart. The change with its 95 % interval.")
    st.dataframe(
        [
            {
                "Change": "▲ grew"
                if (_number(t.get("now")) or 0) > (_number(t.get("before")) or 0)
                else "▼ shrank",
                "Topic": str(t.get("name", "")),
                "Before": formats.share(_number(t.get("before"))),
                "Now": formats.share(_number(t.get("now"))),
                "By, in points": _points(t),
            }
            for t in found
        ],
        hide_index=True,
        alt="Topics that grew or shrank",
    )


def _moved_topics(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """The topics whose shares explain the change; none where topics do not."""
    return [
        {
            "Topic": formats.clip(str(level.get("level", "")), 60),
            "Before": formats.share(_number(level.get("before"))),
            "Now": formats.share(_number(level.get("now"))),
        }
        for e in _entries(evidence.get("explains"))
        if e.get("by") == "topic" and e.get("verdict") == "explains"
        for level in _entries(e.get("levels"))
    ]


def _points(topic: Mapping[str, Any]) -> str:
    low, high = _number(topic.get("low")), _number(topic.get("high"))
    return formats.UNKNOWN if low is None or high is None else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _map(spots: Sequence[Spot], key: str, query: Query) -> None:
    now = sum(s.is_now for s in spots)
    ui.chart(
        f"Map of {now} texts of now and {len(spots) - now} of before",
        charts_map.map_chart(spots),
        key=f"map_{key}",
        note="Texts that lie together are alike. Filled diamonds that stand apart from the circles are new. "
        "The largest topics are named by their words.",
        query=query,
        rows=[
            {
                "Side": "now" if s.is_now else "before",
                "x": s.x,
                "y": s.y,
                "Topic": s.topic or "",
                "Text": s.text or "",
            }
            for s in spots
        ],
    )


def _vanished(evidence: Mapping[str, Any]) -> None:
    """Texts that were usual and are not said any more."""
    found = [e for e in _entries(evidence.get("vanished")) if e.get("text")]
    if not found:
        return
    with st.expander(f"Texts that are not said any more ({len(found)})"):
        for entry in found:
            st.caption(plain(str(entry.get("why") or "")))
            st.code(visible(str(entry["text"]))[:_LONGEST], language=None, wrap_lines=True)


def _spots(value: Any) -> Iterator[Spot]:
    for entry in _entries(value):
        x, y = _number(entry.get("x")), _number(entry.get("y"))
        if x is not None and y is not None:
            text, topic = entry.get("text"), entry.get("topic")
            yield Spot(
                x=x,
                y=y,
                text=text if isinstance(text, str) else None,
                is_now=entry.get("side") == "now",
                topic=topic if isinstance(topic, str) else None,
            )


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [e for e in value if isinstance(e, Mapping)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
