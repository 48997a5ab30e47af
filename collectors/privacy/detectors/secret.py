"""Values that are assigned to a password, secret, token or key, in code, settings, JSON, URLs and prose."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import Place, Seen, Sieve

_FOR_PEOPLE = r"passw(?:or)?d|passphrase|passwort|pwd|contraseña|mot de passe|wachtwoord|senha"
_FOR_PROGRAMS = (
    r"secret|token|api[_ -]?key|access[_-]?key|account[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?key"
    r"|subscription[_-]?key|encryption[_-]?key|credential|signature|(?<=[?&])sig"
)
_ASSIGNED = r"(?:\\?[\"'])?\s{0,3}(?:=>|:=|==?|:)\s{0,3}"
_VALUE = r"(?:(?P<quote>\\?[\"'])(?P<quoted>[^\"'\\\n]{6,512})|(?P<bare>[^\s\"'`,;&<>(){}\[\]\\|]{6,512}))"
_PASSWORDS = re.compile(
    rf"(?:{_FOR_PEOPLE})(?:{_ASSIGNED}|\s{{1,3}}(?:is|was|ist|es|est)\s{{1,3}}){_VALUE}", re.IGNORECASE
)
_OTHERS = re.compile(rf"(?:{_FOR_PROGRAMS}){_ASSIGNED}{_VALUE}", re.IGNORECASE)
_PASSWORD_WORDS = ("passw", "passphrase", "pwd", "contrase", "mot de passe", "wachtwoord", "senha")
_OTHER_WORDS = (
    "secret", "token", "api", "access", "account", "private", "auth", "subscription", "encryption",
    "credential", "signature", "sig",
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"[<>{}$\[\]]|\*{3}|\.{3}|…|x{4}|your|changeme|placeholder|redacted|environ|getenv|process\.env|^(?:hashed:|%s)",
    re.IGNORECASE,
)
# Names in code: `self.tokens_2`, `load_api_key_v2`.
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[a-z]+(?:_[a-z0-9]+)+")
_LEAST_BITS = 3.0


@dataclass(frozen=True)
class Secret:
    """The value alone; its name stays. Words without a digit or sign are not taken for a secret."""

    tag: str = "SECRET"
    title: str = "value of a password, secret, token or key"
    default: bool = True
    rank: int = 5
    gate: str = (
        r"(?:[Pp]assw(?:or[dt]|d)?|PASSW(?:ORD|D)?|[Pp]assphrase|[Pp]wd|PWD|contraseña|mot de passe"
        r"|[Ww]achtwoord|[Ss]enha|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Kk]ey|KEY|[Cc]redential|CREDENTIAL"
        r"|[Ss]ignature|[?&]sig)[\"'\\]?[\"']?\s{0,3}[=:]"
        r"|(?:[Pp]ass(?:wor[dt]|phrase)|contraseña|mot de passe) (?:is|was|ist|es|est) "
    )
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """Values, without the quotes around them."""
        for match in _matches(_PASSWORDS, _PASSWORD_WORDS, seen.text):
            if (place := _place(match)) is not None and _is_password(seen.text[place[0] : place[1]]):
                yield place
        for match in _matches(_OTHERS, _OTHER_WORDS, seen.text):
            if (place := _place(match)) is not None and _is_secret(seen.text[place[0] : place[1]]):
                yield place


def _matches(form: re.Pattern[str], words: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    """Matches of a form that begins with a word: finding the words first is ten times as fast."""
    lower = text.lower()
    if len(lower) != len(text):
        yield from form.finditer(text)
        return
    places = set()
    for word in words:
        place = lower.find(word)
        while place >= 0:
            places.add(place)
            place = lower.find(word, place + 1)
    for place in sorted(places):
        if (match := form.match(text, place)) is not None:
            yield match


def _place(match: re.Match[str]) -> Place | None:
    start, end = match.span("quoted") if match["quoted"] is not None else match.span("bare")
    if match["bare"] is not None:
        value = match["bare"].rstrip(".,;:")
        if _NAME.fullmatch(value):
            return None
        end = start + len(value)
    return start, end


def _is_password(value: str) -> bool:
    if len(value) < 6 or _PLACEHOLDER.search(value):
        return False
    letters = any(c.isalpha() for c in value)
    return letters and any(c.isdigit() or c in "!@#%^&*+?~" for c in value) and not value.endswith("?")


def _is_secret(value: str) -> bool:
    if len(value) < 12 or " " in value or _PLACEHOLDER.search(value):
        return False
    if not (any(c.isalpha() for c in value) and any(c.isdigit() for c in value)):
        return False
    return _bits(value) >= _LEAST_BITS


def _bits(value: str) -> float:
    """Shannon's entropy of the characters, in bits for one.

    >>> _bits("aabb")
    1.0
    """
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


DETECTOR = Secret()
