"""Ids in records that could not be read, and so have no fields that an action could apply to."""

from __future__ import annotations

import re

from collectors.privacy.nested import Nested

# "user_id": "ada", 'user.id': 'ada', user_id = 'ada', {"key": "user.id", "value": {"stringValue": "ada"}};
# the end may have been cut off.
_QUOTE = r"\\?[\"']"
_BETWEEN = (
    rf"(?:{_QUOTE})?\s{{0,2}}(?:[:=]\s{{0,2}}"
    rf"|,\s{{0,2}}{_QUOTE}value{_QUOTE}:\s{{0,2}}\{{\s{{0,2}}{_QUOTE}stringValue{_QUOTE}:\s{{0,2}})"
)
_ID = re.compile(
    rf"(?P<kind>user|session|conversation|thread)[._-]?id{_BETWEEN}(?P<quote>\\?[\"'])(?P<id>[^\"'\\]{{1,512}})",
    re.IGNORECASE,
)
_VALUE = re.compile(r" = .{1,100}?: ", re.DOTALL)


def hide_ids(raw: str, nested: Nested) -> str:
    """`raw` with user and session ids hashed, as far as their keys tell."""

    def hide(match: re.Match[str]) -> str:
        identity = nested.users if match["kind"].lower() == "user" else nested.sessions
        if identity is None:
            return match[0]
        kept = match[0][: match.start("id") - match.start()]
        return kept + identity.hash("user" if match["kind"].lower() == "user" else "session", match["id"])

    return _ID.sub(hide, raw)


def hide_value(reason: str) -> str:
    """A reason without the value that it names: `key = value: problem` becomes `key: problem`.

    >>> hide_value("started_at = 'ada': must be a time")
    'started_at: must be a time'
    """
    return _VALUE.sub(": ", reason, count=1)
