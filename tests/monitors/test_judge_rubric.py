"""Rubrics are data: what is shipped is whole, what is wrong is named, and the version follows the words."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from judge_support import judged

from collectors.config import parse
from collectors.errors import ConfigError
from monitors.judges.config import JudgeConfig
from monitors.judges.prompt import build_prompt, reply_schema
from monitors.judges.rubric import load_rubric, parse_rubric, shipped

TEXT = resources.files("monitors.judges").joinpath("rubrics", "answer_quality.toml").read_text("utf-8")


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_rubric_is_named_like_its_file_and_shows_every_grade(name: str) -> None:
    rubric = load_rubric(name)
    assert rubric.name == name
    assert all(list(c.grades) == [0, 1, 2, 3] for c in rubric.criteria)
    assert sum(c.weight for c in rubric.criteria) == 100
    system = build_prompt(judged(reference_text="r"), rubric, seed=1).system
    for criterion in rubric.criteria:
        for level in criterion.grades.values():
            assert level.description in system
            assert level.example in system


def test_the_default_rubric_weighs_as_documented() -> None:
    rubric = load_rubric("answer_quality")
    assert {c.name: c.weight for c in rubric.criteria} == {
        "correctness": 60,
        "comprehensiveness": 20,
        "readability": 20,
    }
    # (60 * 1 + 20 * 2 + 20 * 3) / 100
    assert rubric.overall({"correctness": 1, "comprehensiveness": 2, "readability": 3}) == pytest.approx(1.6)
    assert rubric.overall({"correctness": 1, "readability": 3}) is None


def test_the_rationale_comes_before_the_score() -> None:
    for entry in reply_schema(load_rubric("answer_quality"))["properties"].values():
        assert list(entry["properties"]) == ["rationale", "score"]


def test_the_version_changes_with_a_word_and_not_with_the_layout() -> None:
    base = parse_rubric(TEXT, "x").version
    assert parse_rubric("# a comment\n" + TEXT, "x").version == base
    assert parse_rubric(TEXT.replace("Wrong in the main point", "Wrong in a main point"), "x").version != base
    assert parse_rubric(TEXT.replace("weight = 60", "weight = 50"), "x").version != base


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weight = 60", "weight = 0", r"criteria\.0\.weight: .*greater than 0"),
        ("weight = 60", "wieght = 60", r"criteria\.0\.wieght: Extra inputs"),
        ("[criteria.grades.1]", "[criteria.grades.7]", "neighbouring integers"),
        ('name = "readability"', 'name = "correctness"', "different names"),
        ('name = "readability"', 'name = "overall"', "none may be 'overall'"),
        ('needs = ["question", "answer"]', 'needs = ["query"]', r"needs\.0: .*'question'"),
        ('title = "Quality of an answer"', "title = ", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"my\.toml: .*{message}"):
        parse_rubric(TEXT.replace(old, new), "my.toml")


def test_scales_are_not_mixed() -> None:
    head, mark, last = TEXT.rpartition("[criteria.grades.3]")
    del mark
    with pytest.raises(ConfigError, match="same scale"):
        parse_rubric(head, "my.toml")
    assert last


def test_a_rubric_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace('name = "answer_quality"', 'name = "mine"'), "utf-8")
    assert load_rubric(str(path)).name == "mine"
    with pytest.raises(
        ConfigError, match=r"'nothing': no such rubric; choose one of: answer_correctness, .* \.toml file"
    ):
        load_rubric("nothing")


def test_what_a_span_lacks() -> None:
    grounded = load_rubric("groundedness")
    assert grounded.missing(judged()) is None
    assert grounded.missing(judged(documents=())) == "documents"
    assert grounded.missing(judged(answer="  ")) == "answer"
    assert load_rubric("relevance").missing(judged(question=None)) == "question"


def test_the_examples_in_the_documentation_are_valid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "judges" / "llm-judge.md").read_text("utf-8")
    config, ensemble, rubric = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert parse_rubric(rubric, "docs").name == "politeness"
    assert [j.name for j in parse(ensemble, "docs").section("judge", JudgeConfig).ensemble] == [
        "qwen",
        "llama",
    ]
    assert parse(config, "docs").section("judge", JudgeConfig).max_cost_usd == 1.0


def test_there_is_a_rubric_for_every_kind_of_component_and_of_fault() -> None:
    assert set(shipped()) >= {
        "answer_correctness", "answer_quality", "comprehensiveness", "groundedness", "guardrail",
        "prompt_injection", "readability", "refusal", "relevance", "retriever", "router", "tool_call",
        "toxicity",
    }  # fmt: skip


def test_a_tool_is_judged_by_its_own_input() -> None:
    rubric = load_rubric("tool_call")
    call = judged(kind="tool", input_text='{"city": "Rome"}', answer=None, documents=())
    assert rubric.missing(call) is None
    assert '"input": "{\\"city\\": \\"Rome\\"}"' in build_prompt(call, rubric, seed=1).user
    assert rubric.missing(judged(kind="tool", input_text=" ")) == "input"
    assert (
        "input"
        not in build_prompt(judged(input_text="all of a prompt"), load_rubric("relevance"), seed=1).user
    )
