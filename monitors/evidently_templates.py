"""Evidently's prompts for language models as rubrics of the judge of [judge].

The wording and the categories are Evidently's; the client is ours, with its caps, its ledger and its fence.
No text of a log comes among the instructions: where Evidently puts one, the name of its field in the fenced
material stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from monitors.evidently_config import BINARY, MULTICLASS, TEMPLATES, EvidentlyConfig, EvidentlyScorer
from monitors.judges.categories import CategoryRubric, Classification
from monitors.judges.rubric import Part

_UNKNOWN = "UNKNOWN"


def template_rubrics(config: EvidentlyConfig, name: str | None = None) -> Iterator[CategoryRubric]:
    """The rubric of every scorer that asks the judge, or of the one that is called `name`."""
    for scorer in config.scorers:
        if scorer.asks_judge and name in (None, scorer.series):
            yield template_rubric(scorer)


def template_rubric(scorer: EvidentlyScorer) -> CategoryRubric:
    """Evidently's prompt of this scorer, with fields in place of texts.

    The target category is 1 and the other one 0, as Evidently scores them; of more than two, the first is 0.
    UNKNOWN is no grade.
    """
    from monitors.evidently_report import evidently_quietly

    with evidently_quietly():
        from evidently.llm.utils.blocks import JsonOutputFormatBlock

        judge = _descriptor(scorer).feature
        template = judge.template
        # How to reply is said by the judge's own prompt.
        blocks = [b.render() for b in template.get_blocks() if not isinstance(b, JsonOutputFormatBlock)]
    text = "\n".join(blocks)
    # Evidently's names of columns: ours are the parts of a span.
    parts = cast("Mapping[Part, str]", judge.input_columns)
    for part, placeholder in parts.items():
        text = text.replace(f"{{{placeholder}}}", f'(the field "{part}" of the material)')
    preface = " ".join(" ".join(message.content.split()) for message in template.pre_messages)
    return CategoryRubric(
        name=scorer.series,
        title=f"Evidently's {scorer.descriptor}",
        task=preface or "Classify the text that the criterion names.",
        needs=tuple(parts),
        criteria=(
            Classification(
                name=scorer.series, description=text, weight=100, categories=_categories(scorer, template)
            ),
        ),
    )


def _descriptor(scorer: EvidentlyScorer) -> Any:
    """Evidently's descriptor over columns that are called like the parts of a span; it is never run."""
    from evidently import descriptors
    from evidently.llm.templates import (
        BinaryClassificationPromptTemplate,
        MulticlassClassificationPromptTemplate,
    )

    template = TEMPLATES[scorer.descriptor]
    column = template.reads or scorer.text
    own = {BINARY: BinaryClassificationPromptTemplate, MULTICLASS: MulticlassClassificationPromptTemplate}
    if scorer.descriptor in own:
        made = own[scorer.descriptor](**scorer.options)
        return descriptors.LLMEval(column, provider="none", model="none", template=made)
    return getattr(descriptors, scorer.descriptor)(column, **template.beside, **scorer.options)


def _categories(scorer: EvidentlyScorer, template: Any) -> dict[str, int | None]:
    """The grade of each category; None for Evidently's word of who cannot tell."""
    found: dict[str, int | None]
    if scorer.descriptor == MULTICLASS:
        found = {category: grade for grade, category in enumerate(template.category_criteria)}
    else:
        found = {template.target_category: 1, template.non_target_category: 0}
    if str(scorer.options.get("uncertainty", _UNKNOWN)).upper() == _UNKNOWN:
        found.setdefault(_UNKNOWN, None)
    return found
