"""[privacy] as people write it, the salt that they give or do not, and Presidio that is there or is not."""

from __future__ import annotations

import pickle
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.detectors.base import DETECTORS
from collectors.privacy.privacy import Privacy

SALT = "a salt for these tests alone"


def made(home: Path, toml: str = "", **environ: str) -> Privacy:
    config = parse(toml, "my.toml").section("privacy", PrivacyConfig)
    return Privacy.from_config(config, environ, Home(home))


ERRORS = {
    "[privacy]\nredact = true": (
        "unknown key 'privacy.redact'; choose one of: detect, drop_attributes, enabled, "
        "engine, fields, patterns, "
        "presidio"
    ),
    "[privacy.fields]\nname = 'keep'": (
        "unknown key 'privacy.fields.name'; choose one of: attributes, author, comments, "
        "documents, error_type, "
        "input_text, names, output_text, prompt_template, quarantine, reference_text, session_id, user_id"
    ),
    "[privacy.fields]\nuser_id = 'redact'": (
        "privacy.fields.user_id = 'redact': Input should be 'hash', 'drop' or 'keep'"
    ),
    "[privacy.patterns.a]\nregex = '(x'": (
        "privacy.patterns.a = {'regex': '(x'}: Value error, not a regular expression "
        "that RE2 accepts: missing ): (x"
    ),
    "[privacy.patterns.a]\nregex = 'x(?=y)'": (
        "privacy.patterns.a = {'regex': 'x(?=y)'}: Value error, not a regular expression that RE2 accepts: "
        "invalid perl operator: (?="
    ),
    "[privacy.patterns.a]\nregex = 'x*'": (
        "privacy.patterns.a = {'regex': 'x*'}: Value error, the regex matches the empty "
        "text, so it would match "
        "everywhere"
    ),
    "[privacy.patterns.a]\nregex = 'x+'\nreplacement = 'xx'": (
        "privacy.patterns.a = {'regex': 'x+', 'replacement': 'xx'}: Value error, the regex matches its own "
        "replacement, so that redacting twice would differ"
    ),
    "[privacy.patterns.a-b]\nregex = 'x'": (
        "privacy.patterns = {'a-b': {'regex': 'x'}}: Value error, 'a-b' is no name for a "
        "pattern; use letters, "
        "digits and underscores"
    ),
    "[privacy.presidio]\nthreshold = 2": (
        "privacy.presidio.threshold = 2: Input should be less than or equal to 1"
    ),
}


@pytest.mark.parametrize("toml", list(ERRORS))
def test_errors_name_the_key_and_what_would_be_right(toml: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(toml, "my.toml")
    assert str(caught.value) == f"my.toml: {ERRORS[toml]}"


def test_an_unknown_detector_lists_the_choices() -> None:
    with pytest.raises(
        ConfigError, match=r"privacy\.detect = .*no detector is called 'mail'; choose one of: "
    ) as caught:
        parse("[privacy]\ndetect = {mail = true}", "my.toml")
    assert ", ".join(DETECTORS.names()) in str(caught.value)


@pytest.mark.parametrize("regex", ["[A-Z]+", "EMAIL"])
def test_a_pattern_that_would_eat_tags_is_refused(regex: str) -> None:
    with pytest.raises(ConfigError, match=r"patterns\.words\.regex matches .*\[|matches its own replacement"):
        parse(f"[privacy.patterns.words]\nregex = '{regex}'", "my.toml")


def test_patterns_of_ones_own(tmp_path: Path) -> None:
    toml = """
        [privacy.patterns.ticket]
        regex = 'tick-[0-9]+'
        ignore_case = true
        [privacy.patterns.customer]
        regex = '(customer )[0-9]+'
        replacement = '\\1#'
    """
    how = made(tmp_path, toml)
    assert how.text("TICK-12 of customer 77, joe@example.com") == "[TICKET] of customer #, [EMAIL]"
    assert how.text('{"a": "tick-1"}') == '{"a": "[TICKET]"}'


def test_a_pattern_that_ruins_other_engines_takes_linear_time(tmp_path: Path) -> None:
    how = made(tmp_path, "[privacy.patterns.bomb]\nregex = '(a+)+b'")
    assert how.text("a" * 100_000 + "c") == "a" * 100_000 + "c"


def test_the_hash_is_blake2b_keyed_with_the_salt(tmp_path: Path) -> None:
    key = blake2b(SALT.encode(), digest_size=64).digest()
    expected = "hashed:" + blake2b(b"ada", key=key, person=b"user", digest_size=16).hexdigest()
    how = made(tmp_path, CHAINWATCH_HASH_SALT=SALT)
    assert how.hash_user("ada") == expected
    assert how.hash_user(expected) == expected
    assert how.hash_session("ada") != expected
    assert made(tmp_path, CHAINWATCH_HASH_SALT=SALT + "!").hash_user("ada") != expected
    assert list(tmp_path.iterdir()) == []


def test_without_a_salt_one_is_made_and_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = made(home).hash_user("ada")
    assert made(home).hash_user("ada") == first
    assert made(tmp_path / "other").hash_user("ada") != first
    assert stat.S_IMODE((home / "hash_salt").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["hash_salt"]


def test_processes_that_start_together_agree_on_the_salt(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: made(tmp_path / "home").hash_user("ada"), range(32)))
    assert len(found) == 1


def test_a_user_is_found_under_every_salt_of_the_home(tmp_path: Path) -> None:
    by_home = made(tmp_path).hash_user("ada")
    by_both = made(tmp_path, CHAINWATCH_HASH_SALT=SALT)
    assert by_both.known_as("ada") == (by_both.hash_user("ada"), by_home, "ada")


def test_with_ids_kept_no_salt_is_made(tmp_path: Path) -> None:
    how = made(tmp_path, "[privacy.fields]\nuser_id = 'keep'\nsession_id = 'drop'")
    assert how.hash_user("ada") == "ada"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_file", [True, False])
def test_a_short_salt_is_refused_and_not_shown(tmp_path: Path, in_file: bool) -> None:
    if in_file:
        (tmp_path / "hash_salt").write_text("swordfish\n")
    environ = {} if in_file else {"CHAINWATCH_HASH_SALT": "swordfish"}
    with pytest.raises(ConfigError, match=r"the salt has 9 characters; give at least 16") as caught:
        made(tmp_path, **environ)
    assert "swordfish" not in str(caught.value)
    assert ("hash_salt" if in_file else "CHAINWATCH_HASH_SALT") in str(caught.value)


def test_nothing_shows_the_salt(tmp_path: Path) -> None:
    how = made(tmp_path, CHAINWATCH_HASH_SALT=SALT)
    key = blake2b(SALT.encode(), digest_size=64).digest()
    for shown in (repr(how), str(how), repr(how.identity), str(how.config)):
        assert SALT not in shown
        assert repr(key)[2:20] not in shown
    assert SALT.encode() not in pickle.dumps(how)


@dataclass
class Result:
    """As presidio_analyzer.RecognizerResult."""

    entity_type: str
    start: int
    end: int
    score: float


class Analyzer:
    """As presidio_analyzer.AnalyzerEngine, for one name and one place."""

    def __init__(self, *, nlp_engine: Any, supported_languages: list[str]) -> None:
        assert nlp_engine["nlp_engine_name"] == "spacy"
        assert [set(model) for model in nlp_engine["models"]] == [{"lang_code", "model_name"}]
        assert supported_languages == ["en"]

    def analyze(
        self, text: str, language: str, entities: list[str], score_threshold: float | None = None
    ) -> list[Result]:
        assert language == "en"
        words = {"Ada Lovelace": ("PERSON", 0.85), "London": ("LOCATION", 0.85), "May": ("PERSON", 0.3)}
        found = [
            Result(kind, text.index(word), text.index(word) + len(word), score)
            for word, (kind, score) in words.items()
            if word in text and kind in entities
        ]
        # Language models take a tag for a name now and then.
        tags = (
            [Result("PERSON", text.index("EMAIL"), text.index("EMAIL") + 5, 0.9)] if "[EMAIL]" in text else []
        )
        return found + tags


class Provider:
    """As presidio_analyzer.nlp_engine.NlpEngineProvider."""

    def __init__(self, nlp_configuration: dict[str, Any]) -> None:
        self.made = nlp_configuration

    def create_engine(self) -> dict[str, Any]:
        return self.made


@pytest.fixture
def presidio(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in with the part of Presidio's API that is used; the same code ran against 2.2.366 by hand."""
    analyzer, engines = ModuleType("presidio_analyzer"), ModuleType("presidio_analyzer.nlp_engine")
    analyzer.__spec__ = engines.__spec__ = sys.__spec__
    analyzer.AnalyzerEngine = Analyzer  # type: ignore[attr-defined]
    engines.NlpEngineProvider = Provider  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "presidio_analyzer", analyzer)
    monkeypatch.setitem(sys.modules, "presidio_analyzer.nlp_engine", engines)


@pytest.mark.usefixtures("presidio")
def test_presidio_finds_names_beside_the_detectors(tmp_path: Path) -> None:
    toml = f"[privacy]\nengine = 'presidio'\n[privacy.presidio]\nmodel = '{tmp_path}'\n"
    how = made(tmp_path, toml)
    text = "Ada Lovelace (ada@example.com) goes to London in May"
    assert how.text(text) == "[PERSON] ([EMAIL]) goes to [LOCATION] in May"
    assert how.text(how.text(text)) == how.text(text)
    assert pickle.loads(pickle.dumps(how)).text(text) == how.text(text)
    only = made(tmp_path, toml + "entities = ['PERSON']\nthreshold = 0.2")
    assert only.text(text) == "[PERSON] ([EMAIL]) goes to London in [PERSON]"


@pytest.mark.usefixtures("presidio")
def test_a_missing_language_model_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"privacy\.presidio\.model = 'en_core_web_lg': .*python -m spacy download"
    ):
        made(tmp_path, "[privacy]\nengine = 'presidio'")


def test_without_presidio_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(ConfigError, match=r"pip install 'chainwatch\[presidio\]'"):
        made(tmp_path, "[privacy]\nengine = 'presidio'")
