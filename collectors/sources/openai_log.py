"""Logs of the OpenAI API: requests with responses, batch results, stored completions, gateways' logs."""

from __future__ import annotations

from collectors.sources._anthropic_body import ANTHROPIC
from collectors.sources._api_log import ApiLog
from collectors.sources._openai_body import OPENAI

SOURCE = ApiLog("OpenAI API log", (OPENAI, ANTHROPIC))
