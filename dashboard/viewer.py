"""What the browser says of the one who looks."""

from __future__ import annotations

import streamlit as st


def on_phone() -> bool:
    """Whether the page is read on a phone: there a drag scrolls, and each line above the fold counts."""
    return "Mobi" in str(st.context.headers.get("User-Agent", ""))
