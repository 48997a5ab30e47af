"""Logs of the Anthropic Messages API: requests with answers, batch results, Bedrock's invocation logs."""

from __future__ import annotations

from collectors.sources._anthropic_body import ANTHROPIC
from collectors.sources._api_log import ApiLog
from collectors.sources._openai_body import OPENAI

SOURCE = ApiLog("Anthropic API log", (ANTHROPIC, OPENAI))
