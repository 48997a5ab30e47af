"""Messages in the other languages that customers write in.

Their banks go by topic and not by intent, so such a message may ask for something beside the
intent it is filed under: as in life, the chain serves these customers less well.
"""

from __future__ import annotations

import numpy as np

from sample_logs.grammar import expand, pick, sentence_case, stop, words

LANGUAGES: tuple[str, ...] = ("spanish", "german")


def ask(rng: np.random.Generator, language: str, topic: str) -> str:
    """A first message in `spanish` or `german` on the topic."""
    banks = words(f"languages/{language}.toml")
    about = banks["topic"][topic]
    shared = banks["bank"]
    story = sentence_case(stop(expand(rng, pick(rng, about["story"]), shared)))
    wish = sentence_case(expand(rng, pick(rng, about["ask"]), shared))
    shape = rng.random()
    pieces = (
        [wish]
        if shape < 0.2
        else [story]
        if shape < 0.35
        else [story, wish]
        if shape < 0.85
        else [wish, story]
    )
    if rng.random() < 0.6:
        pieces.insert(
            0, sentence_case(expand(rng, pick(rng, banks["openings"]), shared)) + pick(rng, (",", ".", "!"))
        )
    if rng.random() < 0.4:
        pieces.append(sentence_case(stop(expand(rng, pick(rng, banks["details"]), shared))))
    if rng.random() < 0.5:
        pieces.append(sentence_case(stop(expand(rng, pick(rng, banks["closings"]), shared))))
    text = " ".join(pieces)
    return text.lower() if rng.random() < 0.25 else text


def follow_up(rng: np.random.Generator, language: str, topic: str) -> str:
    """The next message of the same person, in the same language."""
    banks = words(f"languages/{language}.toml")
    lead = expand(rng, pick(rng, banks["leads"]), banks["bank"])
    rest = expand(rng, pick(rng, banks["topic"][topic][pick(rng, ("ask", "story"))]), banks["bank"])
    return sentence_case(f"{stop(lead)} {stop(rest)}" if rng.random() < 0.7 else stop(lead))
