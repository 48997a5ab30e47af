"""What is watched: one stream is one field of one component of one chain."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.checks.base import DataKind

TEXT_FIELDS = ("input_text", "output_text")
NUMBER_FIELDS = ("input_tokens", "output_tokens", "duration_s", "time_to_first_token_s", "status", "cost_usd")
QUALITY = "quality."

# The unit of each number, as `basis` of its samples.
UNITS = {
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "duration_s": "s",
    "time_to_first_token_s": "s",
    "status": "error",
    "cost_usd": "USD",
}
# Where an exporter sends no token counts, a text's length stands in for them: about four characters a token.
ESTIMATED_TOKENS = "characters/4"


@dataclass(frozen=True, order=True)
class Stream:
    """One field of one component of one chain."""

    chain: str
    component: str
    field: str

    @property
    def data(self) -> DataKind:
        """What its rows are: vectors of texts, or numbers."""
        return "embedding" if self.field in TEXT_FIELDS else "number"


def quality_field(criterion: str, judge: str, *, local: bool) -> str:
    """The field of one judge's grades; the local scorer's have the short name.

    Two judges that use one word for a criterion mean two things, so they are two streams.

    >>> quality_field("readability", "local", local=True), quality_field("correctness", "gpt", local=False)
    ('quality.readability', 'quality.correctness@gpt')
    """
    return f"{QUALITY}{criterion}" if local else f"{QUALITY}{criterion}@{judge}"
