"""Keys and tokens that say by their prefix whose they are, in the forms that the providers document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import Place, Seen, Sieve

_ANY = "[A-Za-z0-9_-]"
_ALNUM = "[A-Za-z0-9]"
# Prefix and what follows, at least. Hex, upper case and the like are kept where a provider promises them.
_FORMS: tuple[tuple[str, str], ...] = (
    (r"[sp]k-", rf"(?:[a-z0-9]{{2,10}}-){{0,3}}{_ANY}{{20,}}"),  # OpenAI, Anthropic, OpenRouter, Langfuse
    (r"gh[pousr]_", rf"{_ALNUM}{{30,}}"),  # GitHub
    (r"github_pat_", rf"{_ANY}{{22,}}"),
    (r"gl(?:pat|ptt|dt|rt|cbt|soat)-", rf"{_ANY}{{20,}}"),  # GitLab
    (r"(?:AKIA|ASIA|ABIA|ACCA)", r"[A-Z2-7]{16}"),  # Amazon Web Services
    (r"ABSK", r"[A-Za-z0-9+/]{100,}={0,2}"),  # Amazon Bedrock
    (r"xox[abeoprs]-", rf"{_ANY}{{10,}}"),  # Slack
    (r"xapp-", rf"\d-{_ANY}{{20,}}"),
    (r"AIza", rf"{_ANY}{{35}}"),  # Google
    (r"ya29\.", rf"{_ANY}{{20,}}"),
    (r"GOCSPX-", rf"{_ANY}{{20,}}"),
    (r"[srp]k_(?:live|test)_", rf"{_ALNUM}{{10,}}"),  # Stripe
    (r"whsec_", rf"{_ALNUM}{{20,}}"),
    (r"hf_", rf"{_ALNUM}{{30,}}"),  # Hugging Face
    (r"npm_", rf"{_ALNUM}{{36}}"),
    (r"pypi-", rf"AgE{_ANY}{{40,}}"),
    (r"SG\.", rf"{_ANY}{{16,32}}\.{_ANY}{{32,64}}"),  # SendGrid
    (r"(?:dop|doo|dor)_v1_", r"[0-9a-f]{64}"),  # DigitalOcean
    (r"shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32}"),  # Shopify
    (r"sq0(?:atp|csp)-", rf"{_ANY}{{22,}}"),  # Square
    (r"gl(?:sa|c)_", rf"{_ALNUM}{{20,}}"),  # Grafana
    (r"gsk_", rf"{_ALNUM}{{40,}}"),  # Groq
    (r"xai-", rf"{_ALNUM}{{40,}}"),
    (r"r8_", rf"{_ALNUM}{{30,}}"),  # Replicate
    (r"pplx-", rf"{_ALNUM}{{40,}}"),  # Perplexity
    (r"nvapi-", rf"{_ANY}{{40,}}"),  # NVIDIA
    (r"tvly-", rf"{_ANY}{{20,}}"),  # Tavily
    (r"pcsk_", rf"{_ANY}{{40,}}"),  # Pinecone
    (r"lsv2_(?:pt|sk)_", r"[0-9a-f]{32}_[0-9a-f]{10}"),  # LangSmith
    (r"dapi", r"[0-9a-f]{32}(?:-\d)?"),  # Databricks
    (r"hv[sbr]\.", rf"{_ANY}{{24,}}"),  # Vault
    (r"ATATT3", r"[A-Za-z0-9_=-]{50,}"),  # Atlassian
    (r"lin_api_", rf"{_ALNUM}{{32,}}"),  # Linear
    (r"figd_", rf"{_ANY}{{30,}}"),  # Figma
    (r"secret_", rf"{_ALNUM}{{43}}"),  # Notion
    (r"ntn_", rf"{_ALNUM}{{40,}}"),
    (r"AGE-SECRET-KEY-1", r"[0-9A-Z]{58}"),
    (r"https://hooks\.slack\.com/(?:services|workflows|triggers)/", r"[A-Za-z0-9/_-]{20,}"),
)
_KEY = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(prefix + rest for prefix, rest in _FORMS) + ")")


@dataclass(frozen=True)
class ApiKey:
    """Needs a digit and several different characters: `sk-xxxxxxxx` is a place holder and not a key."""

    tag: str = "API_KEY"
    title: str = "key or token of a known provider"
    default: bool = True
    rank: int = 2
    gate: str = r"\b(?:" + "|".join(prefix for prefix, _ in _FORMS) + r")[A-Za-z0-9]"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """The whole key with its prefix."""
        for match in _KEY.finditer(seen.text):
            key = match[0]
            if any(character.isdigit() for character in key[3:]) and len(set(key)) >= 10:
                yield match.span()


DETECTOR = ApiKey()
