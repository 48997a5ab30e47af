"""Log text is data. What comes from a log is neutralised here before any renderer sees it.

Bodies of texts go to `st.text`, `st.code(language=None)` or a dataframe, which render nothing. These
functions are for the places that only take Markdown (labels, headings), for Plotly and for CSV.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# A renderer looks for addresses and :directives: in the text that is left after unescaping, so they are
# broken with a word joiner, which has no width.
_JOINER = "\u2060"
_LIVE = re.compile(r"(?i)(?<=[:@])(?=[^\s\d])|(?<=www)(?=\.)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Text for a Markdown label, shown as it stands: no markup, no link, no icon, no line break.

    >>> plain("**b** [x](y)")
    '\\\\*\\\\*b\\\\*\\\\* \\\\[x\\\\]\\\\(y\\\\)'
    """
    flat = " ".join(visible(text).split())
    return _PUNCTUATION.sub(r"\\\1", _LIVE.sub(_JOINER, flat))


def figure_text(text: str) -> str:
    """Text for Plotly, which reads a small part of HTML.

    >>> figure_text("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return html.escape(" ".join(visible(text).split()), quote=False)


def visible(text: str) -> str:
    """The text without control characters and without marks that reverse its direction.

    >>> visible("a\\u202eb\\x00c")
    'a�b�c'
    """
    return _CONTROL.sub("\ufffd", text)


def cell(value: Any) -> Any:
    """A value for a CSV cell: a text that a spreadsheet would run as a formula gets an apostrophe.

    >>> cell("=1+1"), cell("a=1"), cell(-4.5), cell("  @SUM(A1)")
    ("'=1+1", 'a=1', -4.5, "'  @SUM(A1)")
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@", "|", "%"):
        return "'" + value
    if isinstance(value, str) and value[:1] in ("\t", "\r", "\n"):
        return "'" + value
    return value


def to_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as CSV text without live formulas.

    >>> to_csv([{"a": "=x", "b": 1}], ["a", "b"])
    "a,b\\r\\n'=x,1\\r\\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()
