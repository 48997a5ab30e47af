"""LangSmith's multipart batches: the body of one request as the SDK sends it, put together as a batch.

A part is named `post.<run id>` or `patch.<run id>`, and `post.<run id>.outputs` holds one field of that run;
`feedback.<id>` is feedback. Attachments stay out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.parser import BytesFeedParser
from typing import Any

from collectors.errors import SourceError
from collectors.sources._foreign import Where
from collectors.sources.base import Bad

_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,200}?)\s*\r?\n")
_NAMED = re.compile(rb'name="?(?:post|patch|feedback)\.')
_JSON_ERRORS = (ValueError, RecursionError)


def is_multipart(head: bytes) -> bool:
    """Whether these first bytes are such a request's."""
    return _BOUNDARY.match(head) is not None and _NAMED.search(head) is not None


def batch_of(body: bytes) -> Iterator[dict[str, Any] | Bad]:
    """The request as one batch `{post, patch, feedback}`, after what could not be read of it."""
    match = _BOUNDARY.match(body)
    if match is None:
        raise SourceError("not a multipart request: it does not begin with a boundary")
    parser = BytesFeedParser()
    parser.feed(
        b'Content-Type: multipart/form-data; boundary="' + match.group(1).replace(b'"', b"") + b'"\r\n\r\n'
    )
    parser.feed(body)
    found: dict[str, dict[str, dict[str, Any]]] = {"post": {}, "patch": {}, "feedback": {}}
    message = parser.close()
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        kind, _, rest = str(name).partition(".")
        run_id, _, field = rest.partition(".")
        if kind not in found or not run_id:
            continue
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        try:
            value = json.loads(raw)
        except _JSON_ERRORS as error:
            yield Where(path=str(name)).bad(f"not JSON: {error}", raw.decode("utf-8", "backslashreplace"))
            continue
        record = found[kind].setdefault(run_id, {"id": run_id})
        if field:
            record[field] = value
        elif isinstance(value, dict):
            record.update(value)
        else:
            yield Where(path=str(name)).bad("must be an object", value)
    yield {kind: list(records.values()) for kind, records in found.items() if records}
