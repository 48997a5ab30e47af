"""What is watched: one stream is one field of one component of one chain."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.checks.base import DataKind

TEXT_FIELDS = ("input_text", "output_text")
NUMBER_FIELDS = ("input_tokens", "output_tokens", "duration_s", "time_to_first_token_s", "status", "cost_usd")
QUALITY = "quality."
# Scorers on this machine whose grades are no quality of 0 to 3: each has a prefix of its own.
SAFETY_JUDGE, SAFETY = "safety", "safety."
EVIDENTLY_JUDGE, EVIDENTLY = "evidently", "evidently."
# What a judge answers by one of Evidently's templates begins so: a category is no quality of 0 to 3 either.
EVIDENTLY_CRITERION = "evidently_"
_PREFIXES = {SAFETY_JUDGE: SAFETY, EVIDENTLY_JUDGE: EVIDENTLY}

# Sampled only when a check that is switched on asks for them: nobody pays for what nobody watches.
# The texts themselves, for checks on words; each is made of the text field beside it.
WORD_FIELDS = {"input_words": "input_text", "output_words": "output_text"}
LANGUAGE_FIELDS = {"input_language": "input_text", "output_language": "output_text"}
REFUSAL = "refusal"
TOOL = "tool"
CHARACTER_FIELDS = {"input_characters": "input_length", "output_characters": "output_length"}
# What a span says of itself in one word; all of them are read of the spans that the numbers are read of.
NAME_FIELDS = ("model", "provider", "prompt_version", "error_type", "finish_reason")
# What judges said beside what they are held against; in the window in which the later of the two came.
VERDICT = "judge_verdict"
UNREAD = "its replies"
# What users said and did, 1 for a bad sign and 0 for none, in the window in which it came.
UNHAPPY, RETRIED, ABANDONED = FEEDBACK_FIELDS = ("feedback.unhappy", "feedback.retried", "feedback.abandoned")
CATEGORY_FIELDS = (*NAME_FIELDS, TOOL, REFUSAL, VERDICT, *LANGUAGE_FIELDS)
OPTIONAL_FIELDS = (*WORD_FIELDS, *CATEGORY_FIELDS, *CHARACTER_FIELDS, *FEEDBACK_FIELDS)

# The unit of each number, as `basis` of its samples.
UNITS = {
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "duration_s": "s",
    "time_to_first_token_s": "s",
    "status": "error",
    "cost_usd": "USD",
    "input_characters": "characters",
    "output_characters": "characters",
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
        """What its rows are: vectors of texts, numbers, texts, or names of categories.

        >>> Stream("support", "assistant", "input_text").data, Stream("support", "assistant", "model").data
        ('embedding', 'category')
        """
        if self.field in TEXT_FIELDS:
            return "embedding"
        if self.field in WORD_FIELDS:
            return "text"
        return "category" if self.field in CATEGORY_FIELDS else "number"

    @property
    def has_objects(self) -> bool:
        """Whether its rows are strings and no numbers."""
        return self.data in ("text", "category")


def quality_field(criterion: str, judge: str, *, local: bool) -> str:
    """The field of one judge's grades; the local scorer's have the short name.

    Two judges that use one word for a criterion mean two things, so they are two streams.

    >>> quality_field("readability", "local", local=True), quality_field("correctness", "gpt", local=False)
    ('quality.readability', 'quality.correctness@gpt')
    >>> quality_field("secrets", "safety", local=True)
    'safety.secrets'
    >>> quality_field("evidently_decline", "gpt", local=False)
    'evidently.decline@gpt'
    """
    if local:
        return f"{_PREFIXES.get(judge, QUALITY)}{criterion}"
    if criterion.startswith(EVIDENTLY_CRITERION):
        return f"{EVIDENTLY}{criterion.removeprefix(EVIDENTLY_CRITERION)}@{judge}"
    return f"{QUALITY}{criterion}@{judge}"


def verdict_row(judge: str, against: str, said: str, right: str) -> str:
    """One row of VERDICT. `against`: people, others (the median of the other judges), or UNREAD."""
    return "\t".join((judge, against, said, right))


def split_verdict(row: str) -> tuple[tuple[str, str], str, str]:
    """The judge and what it is held against, what it said, and what the others said.

    >>> split_verdict(verdict_row("llm/correctness", "people", "3.0", "2.0"))
    (('llm/correctness', 'people'), '3.0', '2.0')
    """
    judge, against, said, right = row.split("\t")
    return (judge, against), said, right
