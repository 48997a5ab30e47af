"""A small phrase grammar: how the sample's texts are composed from the banks in `words/`.

A template is plain text with three kinds of mark, which nest:
`[a|b|]` picks one alternative (an empty one is allowed), `{name}` picks a line of the bank
`name`, and `{~FN-####}` writes an identifier: `#` a digit, `%` a digit from 1, `@` a capital
letter, `^` a hexadecimal digit. A backslash takes the next character as it is.

Every draw comes from the generator that is passed in, so the same seed gives the same bytes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")
_DEPTH = 12
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SPACES = re.compile(r"[ \t]+")
_BEFORE_MARK = re.compile(r" +([,.;:!?])")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeioAEIO](?!ne\b|u))")
_SENTENCE_START = re.compile(r"(^|[.!?]\s+|\n)([a-z])(?![\w-]*\.\w)")


@dataclass(frozen=True)
class _Choice:
    options: tuple[tuple[_Node, ...], ...]


@dataclass(frozen=True)
class _Ref:
    name: str


@dataclass(frozen=True)
class _Pattern:
    mask: str


_Node = str | _Choice | _Ref | _Pattern


@cache
def words(path: str) -> Mapping[str, Any]:
    """One file of the phrase banks, such as `ask/wifi.toml`, read once."""
    return tomllib.loads((files("sample_logs") / "words" / path).read_text(encoding="utf-8"))


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of the items, all equally likely; far faster than `Generator.choice` for one draw."""
    return items[int(rng.random() * len(items))]


def pick_weighted(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """A key of `weights`, with a chance in proportion to its weight."""
    left = rng.random() * sum(weights.values())
    for key, weight in weights.items():
        left -= weight
        if left < 0:
            return key
    return list(weights)[-1]


def expand(
    rng: np.random.Generator,
    template: str,
    banks: Mapping[str, Sequence[str]],
    kept: dict[str, str | None] | None = None,
) -> str:
    """The template with every mark replaced; a mark that names no bank is an error.

    `kept` names banks whose first pick stays for all templates that share the mapping, so that
    one message is about one device; a name starts at None and is filled in here.
    """
    text = _write(rng, parse(template), banks, {} if kept is None else kept, 0)
    return (_SPACES.sub(" ", text) if "  " in text else text).strip()


def _write(
    rng: np.random.Generator,
    nodes: Sequence[_Node],
    banks: Mapping[str, Sequence[str]],
    kept: dict[str, str | None],
    depth: int,
) -> str:
    if depth > _DEPTH:
        raise ValueError("the phrase banks refer to each other in a circle")
    parts: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, _Choice):
            parts.append(_write(rng, pick(rng, node.options), banks, kept, depth + 1))
        elif isinstance(node, _Ref):
            if node.name not in banks:
                raise KeyError(f"no phrase bank {node.name!r}; there are: {', '.join(sorted(banks))}")
            line = kept.get(node.name)
            if line is None:
                line = _write(rng, parse(pick(rng, banks[node.name])), banks, kept, depth + 1)
                if node.name in kept:
                    kept[node.name] = line
            parts.append(line)
        else:
            parts.append(_identifier(rng, node.mask))
    return "".join(parts)


def _identifier(rng: np.random.Generator, mask: str) -> str:
    symbols = {"#": "0123456789", "%": "123456789", "@": _LETTERS, "^": "0123456789abcdef"}
    return "".join(pick(rng, symbols[mark]) if mark in symbols else mark for mark in mask)


@lru_cache(maxsize=20_000)
def parse(template: str) -> tuple[_Node, ...]:
    """The template as nodes; brackets that do not match are an error that shows the template."""
    return _sequence(template, 0, nested=False)[0]


def _sequence(text: str, at: int, *, nested: bool) -> tuple[tuple[_Node, ...], int]:
    nodes: list[_Node] = []
    literal = ""
    while at < len(text) and not (nested and text[at] in "|]"):
        mark = text[at]
        if mark == "]":
            raise ValueError(f"a bracket too many in the phrase {text!r}")
        if mark == "\\":
            literal, at = literal + text[at + 1], at + 2
            continue
        if mark not in "[{":
            literal, at = literal + mark, at + 1
            continue
        if literal:
            nodes.append(literal)
            literal = ""
        node, at = _choice(text, at + 1) if mark == "[" else _reference(text, at + 1)
        nodes.append(node)
    if literal:
        nodes.append(literal)
    return tuple(nodes), at


def _choice(text: str, at: int) -> tuple[_Choice, int]:
    options: list[tuple[_Node, ...]] = []
    while True:
        nodes, at = _sequence(text, at, nested=True)
        options.append(nodes)
        if at >= len(text):
            raise ValueError(f"a bracket that is not closed in the phrase {text!r}")
        if text[at] == "]":
            return _Choice(tuple(options)), at + 1
        at += 1


def _reference(text: str, at: int) -> tuple[_Ref | _Pattern, int]:
    end = text.find("}", at)
    if end < 0:
        raise ValueError(f"a brace that is not closed in the phrase {text!r}")
    name = text[at:end]
    return (_Pattern(name[1:]) if name.startswith("~") else _Ref(name)), end + 1


def sentence_case(text: str) -> str:
    """Spaces and articles put right, and every sentence begun with a capital (not inside an address)."""
    text = _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", text)).strip()
    text = _ARTICLE.sub(r"\1n ", text)
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)


def stop(text: str, mark: str = ".") -> str:
    """The text with a closing mark, unless it has one."""
    return text if text[-1:] in ".!?…:" else text + mark
