"""The help articles of the fictional company: what its assistant retrieves and answers from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sample_logs.grammar import words


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One piece of an article, as it lies in the index.

    `family` is the article's name: the chunks of one article, a product each, share it.
    `outdated` marks an article about a product or rule that is no longer in force: a sound
    index does not hold it.
    """

    id: str
    family: str
    topic: str
    intent: str
    title: str
    sentences: tuple[str, ...]
    outdated: bool = False

    @property
    def text(self) -> str:
        """The text as indexed: the title, then the sentences."""
        return f"{self.title}. {' '.join(self.sentences)}"


@cache
def chunks() -> tuple[Chunk, ...]:
    """All articles, in a fixed order; an article about a family of products gives one chunk a product."""
    products = words("products.toml")
    made: list[Chunk] = []
    for topic in words("topics.toml")["topics"]:
        for article in words(f"kb/{topic}.toml")["article"]:
            made.extend(_chunks_of(topic, article, products))
    for article in words("kb/families.toml")["article"]:
        made.extend(_chunks_of(article["topic"], article, products))
    for article in words("kb/outdated.toml")["article"]:
        made.extend(_chunks_of(article["topic"], article, products, outdated=True))
    return tuple(made)


def _chunks_of(
    topic: str, article: Mapping[str, Any], products: Mapping[str, Any], *, outdated: bool = False
) -> Iterator[Chunk]:
    rows: list[Mapping[str, str]] = products[article["for"]] if "for" in article else [{}]
    prefix = "old" if outdated else "kb"
    for row in rows:
        slug = "-".join(part for part in (prefix, article["id"], row.get("key", "")) if part)
        yield Chunk(
            id=slug,
            family=f"{topic}/{article['id']}",
            topic=topic,
            intent=article["intent"],
            title=_fill(article["title"], row),
            sentences=tuple(_fill(sentence, row) for sentence in article["sentences"]),
            outdated=outdated,
        )


def _fill(text: str, row: Mapping[str, str]) -> str:
    for key, value in row.items():
        text = text.replace("{" + key + "}", value)
    return text
