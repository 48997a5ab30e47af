"""Which lines of JSON are plainly spans in our own names, told of a whole block at one look.

Plain is a line that holds an object of known keys with values of the kind that each key is to have: what then
becomes of it needs no look at single values. The expression is searched for in linear time and by the byte;
it delimits what is nested without reading it, for whoever reads the line afterwards refuses what is no JSON.
A line that is not plain may still be a good span; it is read in the ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from collectors import cleaning
from collectors.model import KINDS, STATUSES
from collectors.records import SPAN_RULES, Rule

_NESTED_DEPTH = 4

# UTF-8, byte by byte.
_TAIL = r"[\x80-\xbf]"
_BEYOND_ASCII = (
    rf"[\xc2-\xdf]{_TAIL}|\xe0[\xa0-\xbf]{_TAIL}|[\xe1-\xec\xee\xef]{_TAIL}{{2}}|\xed[\x80-\x9f]{_TAIL}"
    rf"|\xf0[\x90-\xbf]{_TAIL}{{2}}|[\xf1-\xf3]{_TAIL}{{3}}|\xf4[\x80-\x8f]{_TAIL}{{2}}"
)
_HEX = "[0-9a-fA-F]"
# What a text keeps: no NUL, and surrogates only in pairs.
_CODED = (
    rf"(?:[1-9a-cA-CeEfF]{_HEX}{{3}}|0(?:[1-9a-fA-F]{_HEX}{{2}}|0(?:[1-9a-fA-F]{_HEX}|0[1-9a-fA-F]))"
    rf"|[dD](?:[0-7]{_HEX}{{2}}|[89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}))"
)
_CHARACTER = rf'(?:[^"\\\x00-\x1f\x80-\xff]|{_BEYOND_ASCII}|\\(?:["\\/bfnrt]|u{_CODED}))'
_TEXT = rf'"{_CHARACTER}*"'
_SOME_TEXT = rf'"{_CHARACTER}+"'
_ID = r'"[!#-\[\]-~]+"'
_AMOUNT = r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?"
_COUNT = r"(?:0|[1-9][0-9]{0,17})"
# Without the first and the last year that are believed, and the day that few years have.
_DAY = (
    "20(?:0[1-9]|[1-8][0-9]|9[0-8])-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME = (
    rf'"{_DAY}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
    r'(?:\.[0-9]{1,9})?(?:Z|[-+](?:0[0-9]|1[0-4]):[0-5][0-9])?"'
)


def _choice(words: Iterable[str]) -> str:
    return '"(?:' + "|".join(words) + ')"'


def _key(names: Iterable[str]) -> str:
    return _choice(names) + " ?: ?"


def _list(item: str, opening: str, closing: str) -> str:
    return rf"{opening}(?:{item}(?:, ?{item})*)?{closing}"


def _object(depth: int) -> str:
    """Braces that are balanced to a depth; what stands between them is for the JSON reader to judge.

    It is more lenient than JSON in two things, which are told here: a comma has to lead to something, and the
    words are JSON's own, no `nan` and no `inf`.
    """
    begun = rf"[-0-9\[]|true|false|null|{_TEXT}" + (f"|{_object(depth - 1)}" if depth else "")
    return rf"\{{(?:(?:, ?)?(?:{begun})|[+.:eE\] ])*\}}"


_DOCUMENT = _list(
    f"(?:{_key(('id', 'text'))}(?:{_SOME_TEXT}|null)|{_key(('score',))}(?:-?{_AMOUNT}|null)"
    f"|{_key(('relevant',))}(?:true|false|null))",
    r"\{",
    r"\}",
)
_VALUES: Mapping[Rule, str] = {
    cleaning.text: _TEXT,
    cleaning.identifier: _ID,
    cleaning.time: _TIME,
    cleaning.amount: _AMOUNT,
    cleaning.count: _COUNT,
    cleaning.mapping: _object(_NESTED_DEPTH),
    cleaning.documents: _list(_DOCUMENT, r"\[", r"\]"),
    SPAN_RULES["kind"]: _choice(KINDS),
    SPAN_RULES["status"]: _choice(STATUSES),
}


def _line() -> str:
    """One line, with its end. Keys of one rule stand together, so that the automaton stays small."""
    pairs = [
        _key(name for name, its in SPAN_RULES.items() if its is rule) + f"(?:{value}|null)"
        for rule, value in _VALUES.items()
    ]
    pairs.append(_key(("type",)) + '(?:"span"|""|null)')
    pairs.append(_key(("source", "ingested_at")) + f"(?:{_TEXT}|null)")
    return _list(f"(?:{'|'.join(pairs)})", r"\{", r"\}") + r"\r?\n"


_LINE = _line()
_BLOCK = f"^(?:{_LINE})+$"
_ONE = f"^{_LINE}$"


def plain_lines(block: bytes | memoryview) -> tuple[bytes | memoryview, Sequence[int]]:
    """The plain lines of a block, and the places, from 0, of all others; every line ends in a newline."""
    if pc.match_substring_regex(_cut(block, [len(block)]), pattern=_BLOCK)[0].as_py():
        return block, ()
    lines = _cut(block, np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1)
    plain = pc.match_substring_regex(lines, pattern=_ONE)
    rest = pc.indices_nonzero(pc.invert(plain)).to_pylist()
    return b"".join(lines.filter(plain).to_pylist()), rest


def _cut(block: bytes | memoryview, ends: ArrayLike) -> pa.Array:
    """The parts of a block that end there, without copying them."""
    starts = np.append(0, ends).astype(np.int64)
    return pa.Array.from_buffers(
        pa.large_binary(), len(starts) - 1, [None, pa.py_buffer(starts), pa.py_buffer(block)]
    )
