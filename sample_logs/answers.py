"""What the fictional assistant answers, composed from the sentences of the articles it was given.

A normal answer rests on its articles; a hedged one says that it found little; a padded one adds
plausible claims that no article makes. So the support of an answer in its documents is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from sample_logs.grammar import expand, pick, pick_weighted, sentence_case, stop, words
from sample_logs.knowledge import Chunk
from sample_logs.questions import Question

Mode = Literal["normal", "hedged", "padded"]

_STYLES = {"paragraph": 0.45, "steps": 0.27, "friendly": 0.28}
_SYNONYMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("You can", ("You can", "You are able to", "It is possible to")),
    ("Make sure", ("Make sure", "Check", "Please ensure")),
    ("costs nothing", ("costs nothing", "is free", "is free of charge")),
    ("for example", ("for example", "for instance", "say")),
    ("however", ("however", "though")),
    ("takes about", ("takes about", "usually takes around", "needs roughly")),
    ("because", ("because", "since", "as")),
    ("must be", ("must be", "has to be", "should be")),
)


def answer(rng: np.random.Generator, question: Question, documents: Sequence[Chunk], *, mode: Mode) -> str:
    """An answer from the documents, best first, in 40 to 90 words (padded: about two thirds more)."""
    banks = words("replies.toml")
    if mode == "hedged" or not documents:
        return _hedged(rng, question, documents)
    style = pick_weighted(rng, _STYLES)
    facts = _facts(rng, question, documents, target=float(np.clip(rng.normal(56.0, 14.0), 26.0, 82.0)))
    if mode == "padded":
        facts = _padded(rng, facts, documents)
    parts: list[str] = []
    if question.style in banks["other_language"]:
        parts.append(pick(rng, banks["other_language"][question.style]))
    if rng.random() < {"paragraph": 0.35, "steps": 0.7, "friendly": 0.95}[style]:
        kind = "sorry" if question.style == "angry" else "friendly" if style == "friendly" else "opening"
        about = {**banks["bank"], "title": [_inline(documents[0].title)]}
        parts.append(sentence_case(expand(rng, pick(rng, banks[kind]), about)))
    if style == "steps":
        parts.append("\n" + "\n".join(f"{at}. {fact}" for at, fact in enumerate(facts, start=1)) + "\n")
    else:
        parts.append(_paragraph(rng, facts))
    if rng.random() < {"paragraph": 0.35, "steps": 0.4, "friendly": 0.85}[style]:
        parts.append(sentence_case(expand(rng, pick(rng, banks["closing"]), banks["bank"])))
    return re.sub(r" ?\n ?", "\n", " ".join(parts)).strip()


def _facts(
    rng: np.random.Generator, question: Question, documents: Sequence[Chunk], *, target: float
) -> list[str]:
    """Sentences of the documents until they have about `target` words, most from the one that fits best."""
    fit = [
        0 if d.intent == question.intent and not d.outdated else 1 if d.topic == question.topic else 2
        for d in documents
    ]
    ranked = [document for _, document in sorted(zip(fit, documents, strict=True), key=lambda pair: pair[0])]
    best = min(fit)
    # Of an article that exists for several products, only the first: an answer is about one device.
    fitting = [d for d, rank in zip(ranked, sorted(fit), strict=True) if rank == best]
    usable = list({d.family: d for d in reversed(fitting)}.values())[::-1][:4]
    chosen: list[str] = []
    length = 0
    for position, document in enumerate(usable):
        keep = 0.9 if position == 0 else 0.5
        for sentence in document.sentences:
            if length >= target:
                break
            if sentence in chosen or rng.random() >= keep:
                continue
            chosen.append(sentence)
            length += len(sentence.split())
    chosen = chosen or [usable[0].sentences[0]]
    return [_reworded(rng, sentence) for sentence in chosen]


def _reworded(rng: np.random.Generator, sentence: str) -> str:
    for phrase, choices in _SYNONYMS:
        if phrase in sentence:
            sentence = sentence.replace(phrase, pick(rng, choices))
    if "; " in sentence and rng.random() < 0.4:
        sentence = stop(sentence.split("; ")[0])
    elif ", because " in sentence and rng.random() < 0.3:
        sentence = stop(sentence.split(", because ")[0])
    return sentence


def _paragraph(rng: np.random.Generator, facts: Sequence[str]) -> str:
    links: Sequence[str] = words("replies.toml")["links"]
    written = [facts[0]]
    for fact in facts[1:]:
        first = fact.split(" ", 1)[0]
        plain = first.isupper() or not fact[1:2].islower() or rng.random() < 0.7
        written.append(
            fact if plain or first in _names() else f"{pick(rng, links)} {fact[0].lower()}{fact[1:]}"
        )
    return " ".join(written)


@cache
def _names() -> frozenset[str]:
    return frozenset(words("replies.toml")["names"])


def _inline(title: str) -> str:
    first = title.split(" ", 1)[0]
    return title if first.isupper() or first in _names() else title[0].lower() + title[1:]


def _hedged(rng: np.random.Generator, question: Question, documents: Sequence[Chunk]) -> str:
    banks = words("replies.toml")
    subject = {
        **banks["bank"],
        "subject": [banks["subjects"].get(question.topic, banks["subjects"]["other"])],
    }
    parts = [expand(rng, pick(rng, banks["hedge"]), subject)]
    if documents and rng.random() < 0.55:
        fact = pick(rng, documents[0].sentences)
        parts.append(f"{expand(rng, pick(rng, banks['hedge_link']), subject)} {fact}")
    generic = [pick(rng, banks["generic"]) for _ in range(1 + int(rng.random() * 2))]
    parts.extend(dict.fromkeys(expand(rng, template, subject) for template in generic))
    parts.append(expand(rng, pick(rng, banks["hand_over"]), subject))
    return " ".join(sentence_case(part) for part in parts)


def _padded(rng: np.random.Generator, facts: Sequence[str], documents: Sequence[Chunk]) -> list[str]:
    """The facts with claims strewn among them that have half to four fifths of their words."""
    claims = words("claims.toml")
    pool: list[str] = [*claims["topic"].get(documents[0].topic, []), *claims["any"]]
    wanted = sum(len(fact.split()) for fact in facts) * float(rng.uniform(0.5, 0.8))
    written = list(facts)
    used: set[str] = set()
    length = 0
    while length < wanted and len(used) < len(pool):
        template = pick(rng, pool)
        if template in used:
            continue
        used.add(template)
        claim = sentence_case(expand(rng, template, claims["bank"]))
        length += len(claim.split())
        written.insert(1 + int(rng.random() * len(written)), claim)
    return written
