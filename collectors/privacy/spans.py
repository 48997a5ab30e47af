"""The actions on spans. Every span of every request passes here, so it is written for speed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, Literal, TypeVar

from collectors.columns import SpanColumns
from collectors.model import Document, Span
from collectors.privacy.config import FieldActions
from collectors.privacy.identity import Identity
from collectors.privacy.nested import Nested

_TEXTS = ("input_text", "output_text", "reference_text", "prompt_template", "error_type")
NESTED = ("attributes", "parameters")
_NAMES = ("component", "name")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Spans:
    """What one configuration does to spans; those that nothing is taken from come back as they are."""

    actions: FieldActions
    nested: Nested
    identity: Identity | None

    def gather(self, spans: Iterable[Span], texts: dict[Any, None]) -> list[bool]:
        """Add every text that is to be searched to `texts`, None among them; True where a key matters."""
        marked = []
        documents = self.actions.documents == "redact"
        attributes = self.actions.attributes == "redact"
        of_span, gather = self._searched_of, self.nested.gather
        for span in spans:
            texts.update(dict.fromkeys(of_span(span)))
            if documents and span.documents:
                for document in span.documents:
                    texts[document.text] = None
            mark = False
            if attributes:
                if span.attributes:
                    mark = gather(span.attributes, texts)
                if span.parameters:
                    mark = gather(span.parameters, texts) or mark
            marked.append(mark)
        return marked

    def apply(self, spans: Iterable[Span], marked: Sequence[bool], found: Mapping[str, str]) -> list[Span]:
        """The spans with everything replaced, hashed and dropped."""
        of_span, untouched = self._searched_of, found.keys().isdisjoint
        users, sessions = self.identified("user"), self.identified("session")
        stored = []
        for span, mark in zip(spans, marked, strict=True):
            new: dict[str, Any] = {}
            if (raw := span.user_id) is not None and (made := users(raw)) != raw:
                new["user_id"] = made
            if (raw := span.session_id) is not None and (made := sessions(raw)) != raw:
                new["session_id"] = made
            if mark or found or self.plainly:
                self._act(span, mark, found, new, in_texts=bool(found) and not untouched(of_span(span)))
            stored.append(changed(span, new) if new else span)
        return stored

    def gather_columns(self, columns: SpanColumns, texts: dict[Any, None]) -> set[int]:
        """As `gather`: every text to `texts`; the rows where a key matters."""
        for name in self.searched:
            texts.update(dict.fromkeys(columns.values.get(name, ())))
        if self.actions.documents == "redact":
            for documents in columns.values.get("documents", ()):
                for document in documents:
                    texts[document.text] = None
        marked: set[int] = set()
        if self.actions.attributes == "redact":
            for name in NESTED:
                values = columns.values.get(name, ())
                # Rows may share one object.
                each = dict(zip(map(id, values), values, strict=True))
                marks = {key for key, value in each.items() if value and self.nested.gather(value, texts)}
                if marks:
                    marked.update(row for row, value in enumerate(values) if id(value) in marks)
        return marked

    def apply_columns(self, columns: SpanColumns, marked: set[int], found: Mapping[str, str]) -> SpanColumns:
        """As `apply`. Few rows hold anything, and those are looked at as spans."""
        new: dict[str, list[Any]] = {}
        kinds: tuple[Literal["user", "session"], ...] = ("user", "session")
        for kind in kinds:
            ids = columns.values.get(f"{kind}_id")
            if ids is not None:
                known = list(set(ids) - {None})
                made = dict(zip(known, self.identified_each(kind, known), strict=True))
                new[f"{kind}_id"] = [made.get(raw) for raw in ids]
        touched = range(columns.rows) if self.plainly else sorted(marked | self._holding(columns, found))
        for row in touched:
            span, changes = columns.span(row), dict[str, Any]()
            self._act(span, row in marked, found, changes, in_texts=bool(found))
            for name, value in changes.items():
                if name not in new:
                    new[name] = list(columns.column(name))
                new[name][row] = value
        return columns.with_(new)

    def _holding(self, columns: SpanColumns, found: Mapping[str, str]) -> set[int]:
        """The rows with a text that something was found in."""
        rows: set[int] = set()
        if not found:
            return rows
        for name in self.searched:
            rows.update(row for row, text in enumerate(columns.values.get(name, ())) if text in found)
        for row, documents in enumerate(columns.values.get("documents", ())):
            if documents and any(document.text in found for document in documents):
                rows.add(row)
        for name in NESTED:
            rows.update(
                row
                for row, value in enumerate(columns.values.get(name, ()))
                if value and not _without(value, found)
            )
        return rows

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The fields that are searched."""
        names = _NAMES if self.actions.names == "redact" else ()
        return (*(name for name in _TEXTS if getattr(self.actions, name) == "redact"), *names)

    @cached_property
    def _searched_of(self) -> Any:
        """Those fields of a span, as a tuple."""
        if len(self.searched) > 1:
            return attrgetter(*self.searched)
        return lambda span: tuple(getattr(span, name) for name in self.searched)

    @cached_property
    def plainly(self) -> bool:
        """Whether a whole field is hashed or dropped."""
        actions = self.actions
        whole = (*(getattr(actions, name) for name in _TEXTS), actions.documents, actions.attributes)
        return "hash" in whole or "drop" in whole

    def identified(self, kind: Literal["user", "session"]) -> Callable[[str], str | None]:
        """What a raw id becomes."""
        action = self.actions.user_id if kind == "user" else self.actions.session_id
        if action == "hash" and self.identity is not None:
            return partial(self.identity.hash, kind)
        return (lambda raw: None) if action == "drop" else (lambda raw: raw)

    def identified_each(self, kind: Literal["user", "session"], ids: Sequence[str]) -> Sequence[str | None]:
        """What each of many different raw ids becomes."""
        action = self.actions.user_id if kind == "user" else self.actions.session_id
        if action == "hash" and self.identity is not None:
            return self.identity.hash_each(kind, ids)
        return [None] * len(ids) if action == "drop" else ids

    def _act(
        self, span: Span, mark: bool, found: Mapping[str, str], new: dict[str, Any], *, in_texts: bool
    ) -> None:
        """Put into `new` what becomes of the span's texts, documents and nested values."""
        if self.plainly:
            self._act_on_whole(span, new)
        if in_texts:
            new |= {name: found[t] for name in self.searched if (t := getattr(span, name)) in found}
        if found and span.documents:
            self._documents(span, found, new)
        if mark or found:
            self._look_inside(span, mark, found, new)

    def _act_on_whole(self, span: Span, new: dict[str, Any]) -> None:
        for name in _TEXTS:
            action, text = getattr(self.actions, name), getattr(span, name)
            if text is not None and action in ("hash", "drop"):
                new[name] = self._whole(action, text)
        if self.actions.attributes == "drop":
            new |= {name: {} for name in NESTED if getattr(span, name)}
        action = self.actions.documents
        if action in ("hash", "drop") and span.documents:
            new["documents"] = tuple(
                document
                if document.text is None
                else replace(document, text=self._whole(action, document.text))
                for document in span.documents
            )

    def _whole(self, action: str, text: str) -> str | None:
        return self.identity.hash("text", text) if action == "hash" and self.identity is not None else None

    def _documents(self, span: Span, found: Mapping[str, str], new: dict[str, Any]) -> None:
        for document in span.documents:
            if document.text in found and "documents" not in new:
                new["documents"] = tuple(_document(each, found) for each in span.documents)
                return

    def _look_inside(self, span: Span, mark: bool, found: Mapping[str, str], new: dict[str, Any]) -> None:
        if self.actions.attributes != "redact":
            return
        for name in NESTED:
            old = getattr(span, name)
            if old and (mark or not _without(old, found)):
                made = self.nested.rebuild(old, found)
                if made is not old:
                    new[name] = made


def changed(record: R, new: Mapping[str, Any]) -> R:
    """The record with other values. `dataclasses.replace` would check again what is known to be right."""
    made = object.__new__(type(record))
    made.__dict__.update(record.__dict__)
    made.__dict__.update(new)
    return made


def _document(document: Document, found: Mapping[str, str]) -> Document:
    text = document.text
    return changed(document, {"text": found[text]}) if text is not None and text in found else document


def _without(data: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    """Whether nothing was found in any value; False, too, where only a closer look can tell."""
    try:
        return found.keys().isdisjoint(data.values())
    except TypeError:
        return False
