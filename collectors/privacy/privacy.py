"""The redaction step: between the sources, which read what was sent, and the warehouse, which keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from collectors.columns import SpanColumns
from collectors.home import Home
from collectors.ingest_batch import Batch
from collectors.model import Annotation, Feedback, QuarantinedRecord
from collectors.privacy import raw_records
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.detectors.base import DETECTORS
from collectors.privacy.identity import Identity, former_identities, open_identity
from collectors.privacy.keys import Keys
from collectors.privacy.nested import Nested
from collectors.privacy.scanner import SHORTEST, Recogniser, Scanner
from collectors.privacy.spans import Spans, changed
from collectors.privacy.tables import Tables
from collectors.sources.base import SpanContent
from collectors.tables import table_columns


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What one configuration takes out of records. Picklable: compiled parts are made where it is used."""

    config: PrivacyConfig
    identity: Identity | None = field(repr=False)
    former: tuple[Identity, ...] = field(default=(), repr=False)

    @classmethod
    def from_config(cls, config: PrivacyConfig, environ: Mapping[str, str], home: Home) -> Privacy:
        """Reads or makes the salt when something is to be hashed; ConfigError when it is no secret.

        ConfigError, too, when Presidio is asked for and not installed.
        """
        actions = config.fields.model_dump().values()
        hashes = config.enabled and "hash" in actions
        identity = open_identity(environ, home) if hashes else None
        privacy = cls(config=config, identity=identity, former=tuple(former_identities(environ, home)))
        if config.enabled and config.engine == "presidio":
            from collectors.privacy.presidio import check_installed

            check_installed(config.presidio)
        return privacy

    def text(self, text: str) -> str:
        """One text as it would be stored."""
        return self._scanner.text(text) if self.config.enabled else text

    def finds(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and tag of what the detectors see in a flat text: to measure, and to explain a tag."""
        return self._scanner.finds(text)

    def changes(self, texts: Iterable[str]) -> dict[str, str]:
        """Of many texts those that would be stored otherwise, with what they become."""
        return self._scanner.changes(dict.fromkeys(texts))

    def hash_user(self, raw_id: str) -> str:
        """The `user_id` that this configuration stores for a user of that id."""
        return self._identified("user", raw_id)

    def hash_session(self, raw_id: str) -> str:
        """The `session_id` that this configuration stores for a session of that id."""
        return self._identified("session", raw_id)

    def identified(self, kind: Literal["user", "session"]) -> Callable[[str], str | None]:
        """What makes of a raw id what is stored of it."""
        return self._spans.identified(kind)

    def known_as(self, raw_id: str) -> tuple[str, ...]:
        """Every `user_id` that rows of this home may have for a user: by each salt, and as it was sent."""
        hashed = [identity.hash("user", raw_id) for identity in self.former]
        return tuple(dict.fromkeys([self.hash_user(raw_id), *hashed, raw_id]))

    def batch(self, batch: Batch) -> Batch:
        """The batch as it may be stored; records that nothing is taken from are the same objects.

        Idempotent: tags match no detector, and hashed ids are known by their form.
        """
        if not self.config.enabled:
            return batch
        texts: dict[Any, None] = {}
        marked = self._spans.gather(batch.spans, texts)
        table, held = self._tables.split(batch.table)
        columns = SpanColumns.joined([batch.columns, table_columns(held)])
        rows = self._spans.gather_columns(columns, texts)
        self._gather(batch, texts)
        found = self._scanner.changes([text for text in texts if text is not None and len(text) >= SHORTEST])
        return Batch(
            spans=self._spans.apply(batch.spans, marked, found),
            columns=self._spans.apply_columns(columns, rows, found),
            table=table,
            feedback=[self._feedback(f, found) for f in batch.feedback],
            annotations=[self._annotation(a, found) for a in batch.annotations],
            contents=[c for old in batch.contents if (c := self._content(old, found)) is not None],
            quarantined=[self._quarantined(q) for q in batch.quarantined],
        )

    @cached_property
    def _nested(self) -> Nested:
        actions = self.config.fields
        return Nested(
            keys=Keys(self.config.drop_attributes),
            users=self.identity if actions.user_id == "hash" else None,
            sessions=self.identity if actions.session_id == "hash" else None,
        )

    @cached_property
    def _scanner(self) -> Scanner:
        chosen = self.config.detect
        detectors = [d for name, d in DETECTORS.all() if chosen.get(name, d.default)]
        recogniser: Recogniser | None = None
        if self.config.engine == "presidio":
            from collectors.privacy.presidio import Presidio

            recogniser = Presidio(self.config.presidio)
        return Scanner(detectors, tuple(self.config.patterns.items()), recogniser, inside=self._nested.redact)

    @cached_property
    def _spans(self) -> Spans:
        return Spans(actions=self.config.fields, nested=self._nested, identity=self.identity)

    @cached_property
    def _tables(self) -> Tables:
        return Tables(spans=self._spans, nested=self._nested, scanner=self._scanner)

    def _gather(self, batch: Batch, texts: dict[Any, None]) -> None:
        """Collect the texts of all records but spans that are to be searched."""
        actions = self.config.fields
        for content in batch.contents:
            if self._side(content) == "redact":
                texts[content.text] = None
        if actions.comments == "redact":
            notes: Iterable[Feedback | Annotation] = (*batch.feedback, *batch.annotations)
            for note in notes:
                texts.update(dict.fromkeys(text for text in (note.comment, note.label) if text))
        if actions.author == "redact":
            texts.update(dict.fromkeys(annotation.author for annotation in batch.annotations))

    def _feedback(self, feedback: Feedback, found: Mapping[str, str]) -> Feedback:
        new = self._notes(feedback, found)
        if feedback.user_id is not None:
            new["user_id"] = self._spans.identified("user")(feedback.user_id)
        return changed(feedback, new) if new else feedback

    def _annotation(self, annotation: Annotation, found: Mapping[str, str]) -> Annotation:
        new = self._notes(annotation, found)
        author = self._acted(self.config.fields.author, annotation.author, found)
        if author != annotation.author:
            new["author"] = author
        return changed(annotation, new) if new else annotation

    def _notes(self, note: Feedback | Annotation, found: Mapping[str, str]) -> dict[str, Any]:
        action, new = self.config.fields.comments, {}
        for name in ("comment", "label"):
            text = getattr(note, name)
            # A label is a choice of few words: it is needed, and only what is found in it goes.
            if text is not None:
                made = self._acted("redact" if name == "label" and action != "keep" else action, text, found)
                if made != text:
                    new[name] = made
        return new

    def _content(self, content: SpanContent, found: Mapping[str, str]) -> SpanContent | None:
        text = self._acted(self._side(content), content.text, found)
        if text is None:
            return None
        return content if text == content.text else changed(content, {"text": text})

    def _side(self, content: SpanContent) -> str:
        """The action of the span's text that this one becomes."""
        actions = self.config.fields
        return actions.output_text if content.side == "output" else actions.input_text

    def _quarantined(self, record: QuarantinedRecord) -> QuarantinedRecord:
        action = self.config.fields.quarantine
        if action == "keep":
            return record
        raw = "" if action == "drop" else raw_records.hide_ids(self.text(record.raw), self._nested)
        reason = raw_records.hide_value(record.reason) if action == "drop" else self.text(record.reason)
        return replace(record, raw=raw, reason=raw_records.hide_ids(reason, self._nested))

    def _acted(self, action: str, text: str, found: Mapping[str, str]) -> str | None:
        if action == "redact":
            return found.get(text, text)
        if action == "hash" and self.identity is not None:
            return self.identity.hash("text", text)
        return None if action == "drop" else text

    def _identified(self, kind: Literal["user", "session"], raw: str) -> str:
        made = self.identified(kind)(raw) if self.config.enabled else raw
        return raw if made is None else made
