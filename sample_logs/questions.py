"""What the customers of the fictional company write, composed from the phrase banks.

A question has pieces (a greeting, what happened, details, what was tried, the wish, a farewell),
as many as its drawn length wants, in the order and the spelling of its style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from sample_logs import foreign, voice
from sample_logs.grammar import expand, pick, pick_weighted, sentence_case, stop, words

TOPICS: tuple[str, ...] = tuple(words("topics.toml")["topics"])
NEW_TOPIC: str = words("topics.toml")["new_topic"]

# Shares of the manners of writing.
STYLES: Mapping[str, float] = {
    "plain": 0.30, "terse": 0.14, "polite": 0.12, "rambling": 0.11, "lower": 0.14, "typos": 0.07,
    "angry": 0.06, "second_language": 0.05, "spanish": 0.016, "german": 0.014,
}  # fmt: skip
_HOSTILE_SHARE = 0.003
_EMOJI = ("😡", "🙏", "😅", "🤔", "😭", "👍", "🙂", "😩", "📶", "🥲", "❤️", "🤷", "😤", "!!1")
# Median words of the pieces together, and the spread of their logarithm.
_MEDIAN_WORDS = {"terse": 6.0, "polite": 26.0, "rambling": 62.0, "angry": 24.0}
_SPREAD = 0.55
_MOST_WORDS = 125


@dataclass(frozen=True, kw_only=True)
class Question:
    """One message of a customer, and what it is about (the truth that no component is told)."""

    text: str
    topic: str
    intent: str
    style: str


def ask(rng: np.random.Generator, topic: str) -> Question:
    """A first message on the topic."""
    intent = pick(rng, intents(topic))
    style = pick_weighted(rng, STYLES)
    text = _compose(rng, topic, intent, style)
    if rng.random() < _HOSTILE_SHARE:
        hostile = pick(rng, words("hostile.toml")["texts"])
        return Question(text=hostile.replace("<question>", text), topic=topic, intent=intent, style="hostile")
    return Question(text=text, topic=topic, intent=intent, style=style)


def follow_up(rng: np.random.Generator, previous: Question) -> Question:
    """The next message of the same person: short, mostly on the same intent of the topic."""
    if previous.style in foreign.LANGUAGES:
        text = foreign.follow_up(rng, previous.style, previous.topic)
        return replace(previous, text=text)
    style = "plain" if previous.style == "hostile" else previous.style
    intent = pick(rng, intents(previous.topic)) if rng.random() < 0.25 else previous.intent
    banks, phrases = _banks(previous.topic), _phrases(previous.topic, intent)
    lead = expand(rng, pick(rng, words("followups.toml")["leads"]), banks)
    rest = expand(rng, pick(rng, phrases[pick(rng, ("ask", "ask", "detail", "tried", "terse"))]), banks)
    shape = rng.random()
    pieces = [lead] if shape < 0.25 else [lead, rest] if shape < 0.8 else [rest]
    text = _spelled(rng, " ".join(sentence_case(stop(piece)) for piece in pieces), style)
    return Question(text=text, topic=previous.topic, intent=intent, style=style)


@cache
def intents(topic: str) -> tuple[str, ...]:
    """The intents of a topic, in the order of its file."""
    return tuple(words(f"ask/{topic}.toml")["intent"])


def _phrases(topic: str, intent: str) -> Mapping[str, Sequence[str]]:
    phrases: Mapping[str, Sequence[str]] = words(f"ask/{topic}.toml")["intent"][intent]
    return phrases


@cache
def _banks(topic: str) -> Mapping[str, Sequence[str]]:
    shared: Mapping[str, Any] = words("shared.toml")
    return {**shared, **words("life.toml"), **words(f"ask/{topic}.toml").get("bank", {})}


def _kept(topic: str) -> dict[str, str | None]:
    """The banks of a topic that one message draws from once, such as the device it is about."""
    return dict.fromkeys(words(f"ask/{topic}.toml").get("sticky", ()))


def _compose(rng: np.random.Generator, topic: str, intent: str, style: str) -> str:
    if style in foreign.LANGUAGES:
        return foreign.ask(rng, style, topic)
    banks, phrases, kept = _banks(topic), _phrases(topic, intent), _kept(topic)
    target = min(_MOST_WORDS, _MEDIAN_WORDS.get(style, 18.0) * float(np.exp(rng.normal(0.0, _SPREAD))))
    if style == "terse" or target < 7:
        source = phrases["terse"] if rng.random() < 0.72 else phrases[pick(rng, ("ask", "story"))]
        text = expand(rng, pick(rng, source), banks, kept)
        if rng.random() < 0.3:
            text += pick(rng, (" ", ", ", ". ")) + expand(rng, pick(rng, phrases["detail"]), banks, kept)
        return _spelled(rng, sentence_case(text), "lower" if rng.random() < 0.6 else "plain")
    body = _body(rng, phrases, banks, kept, target)
    angry = "_angry" if style == "angry" else ""
    chance = {"polite": 0.95, "angry": 0.55, "rambling": 0.7}.get(style, 0.4)
    text = " ".join(body)
    if rng.random() < chance:
        opening = expand(rng, pick(rng, banks[f"openings{angry}"]), banks)
        gap = (" ", "\n") if opening[-1] in ".,:?!)" else (", ", ". ", ", ", "! ", "\n", "\n\n")
        text = sentence_case(opening) + pick(rng, gap) + text
    if rng.random() < chance:
        text += pick(rng, (" ", " ", "\n", "\n\n")) + sentence_case(
            expand(rng, pick(rng, banks[f"closings{angry}"]), banks)
        )
    return _spelled(rng, text, style)


def _body(
    rng: np.random.Generator,
    phrases: Mapping[str, Sequence[str]],
    banks: Mapping[str, Sequence[str]],
    kept: dict[str, str | None],
    target: float,
) -> list[str]:
    """Sentences of the message, without a phrase twice, until they have about `target` words."""
    wish = sentence_case(expand(rng, pick(rng, phrases["ask"]), banks, kept))
    story: list[str] = []
    used: set[str] = set()
    length = len(wish.split())
    shares = {"story": 1.0, "detail": 0.0, "tried": 0.0, "life": 0.0}
    while length < target and len(used) < 14:
        template = pick(
            rng, banks["life"] if (kind := pick_weighted(rng, shares)) == "life" else phrases[kind]
        )
        shares = {"story": 0.12, "detail": 0.45, "tried": 0.25, "life": 0.1 if target < 30 else 0.55}
        if template in used:
            length += 1
            continue
        used.add(template)
        piece = expand(rng, template, banks, kept)
        length += len(piece.split())
        story.append(piece)
    sentences = _joined(rng, story)
    if not sentences or rng.random() < 0.62:
        return [*sentences, wish]
    if rng.random() < 0.75:
        return [wish, *sentences]
    return sentences  # some only tell what happened and leave the wish to the reader


def _joined(rng: np.random.Generator, story: Sequence[str]) -> list[str]:
    sentences: list[str] = []
    for piece in story:
        if sentences and len(sentences[-1].split()) < 18 and rng.random() < 0.35:
            glue = pick(rng, (", ", " and ", " but ", ", also ", " - ", ", plus ", "; ", ", and "))
            sentences[-1] = sentences[-1].rstrip(".") + glue + piece
        else:
            sentences.append(piece)
    return [sentence_case(stop(sentence)) for sentence in sentences]


def _spelled(rng: np.random.Generator, text: str, style: str) -> str:
    if style == "lower":
        text = text.lower()
        text = voice.unpunctuated(rng, text) if rng.random() < 0.6 else text
        text = voice.shortened(rng, text) if rng.random() < 0.35 else text
        text = voice.slips(rng, text, 0.02)
    elif style == "typos":
        text = voice.slips(rng, text, 0.13)
    elif style == "second_language":
        text = voice.second_language(rng, text)
    elif style == "angry" and rng.random() < 0.7:
        text = voice.shouted(rng, text)
    elif style == "rambling" and rng.random() < 0.4:
        text = voice.unpunctuated(rng, text)
    elif style == "plain":
        text = voice.slips(rng, text, 0.006)
    if rng.random() < (0.12 if style in {"lower", "angry"} else 0.03):
        text += " " + pick(rng, _EMOJI)
    return text
