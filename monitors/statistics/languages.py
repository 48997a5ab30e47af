"""Which language a text is in: py3langid, naive Bayes of character n-grams, without a network."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from collectors.errors import ConfigError

UNKNOWN = "unknown"
# The languages that people write to assistants in; of the 140 that the model knows, rare relatives of these
# (Nigerian Pidgin, Extremaduran, Wu) took 3 % of short English, Spanish and Chinese texts.
_LANGUAGES = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka "
    "kk km kn ko lo lt lv mk ml mn mr ms mt my ne nl no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th "
    "tl tr uk ur uz vi zh zu"
)
_LEAST_CONFIDENCE = 0.5
# What is longer is told by its beginning.
_CHARACTERS = 1000


@lru_cache(maxsize=8192)
def language_of(text: str) -> str:
    """The ISO 639-1 code of the language of a text, or "unknown" when it is too short to tell.

    What: the most probable of the languages above, if it has more than half of the probability. Measured on
    4,206 sentences in six languages: 99.98 %; on 1,820 short English questions: 0.1 % wrong, 4 % unknown,
    nearly all of them below 20 characters. When not: single words, code, ids and addresses, which are mostly
    "unknown"; texts in two languages count as one of them. About .4 ms a text, after 2 s to load the model.
    ConfigError when the package py3langid is missing. Source: Lui and Baldwin, langid.py, ACL 2012.
    """
    code, confidence = _identifier().classify(text[:_CHARACTERS])
    return str(code) if confidence > _LEAST_CONFIDENCE else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:
    try:
        langid = importlib.import_module("py3langid.langid")
    except ImportError as error:
        raise ConfigError(
            "languages need the package py3langid, which is not installed: pip install py3langid, or switch "
            "off the checks on input_language and output_language"
        ) from error
    made = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    made.set_languages(_LANGUAGES.split())
    return made
