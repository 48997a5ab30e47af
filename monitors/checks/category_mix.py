"""Shares of models, providers, prompts, errors, finish reasons, tools. See docs/checks/category_mix.md."""

from __future__ import annotations

from monitors.checks._categories import CategoryCheck

CHECK = CategoryCheck(
    name="category_mix",
    title="Mix of names",
    fields=frozenset({"model", "provider", "prompt_version", "error_type", "finish_reason", "tool"}),
    margin=0.05,
    concerns={"error_type": "errors"},
)
