"""What can be read, by the contrast of WCAG 2.2 (4.5 to 1 for text), in light and in dark."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import dashboard
from dashboard.figures import INK

FOLDER = Path(dashboard.__file__).parent
THEME: dict[str, Any] = tomllib.loads((FOLDER / "theme.toml").read_text())["theme"]
BADGES = ("green", "red", "violet", "yellow", "blue", "gray")


def _mixed(front: str, back: str, share: float) -> list[float]:
    """The colour of `front` at an opacity over `back`, as red, green and blue of 255."""
    pairs = [(int(front[i : i + 2], 16), int(back[i : i + 2], 16)) for i in (1, 3, 5)]
    return [share * f + (1 - share) * b for f, b in pairs]


def _luminance(colour: list[float]) -> float:
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: list[float], other: list[float]) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_is_that_of_the_standard() -> None:
    white = _mixed("#FFFFFF", "#FFFFFF", 1)
    assert _contrast(white, _mixed("#000000", "#000000", 1)) == pytest.approx(21)
    # The grey that is known as the lightest one to pass on white.
    assert _contrast(_mixed("#767676", "#000000", 1), white) == pytest.approx(4.54, abs=0.005)


def _of_charts() -> float:
    """How strong the words of a chart are in the colour of the page's text."""
    style = (FOLDER / "charts.css").read_text()
    assert f"fill: {INK.replace(',', ', ')}" in style, "nothing colours what stands for the page's colour"
    found = re.search(r"fill-opacity: ([\d.]+)", style)
    return float(found[1]) if found else 1.0


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_can_be_read(name: str) -> None:
    look = THEME[name]
    page, text, primary = look["backgroundColor"], look["textColor"], look["primaryColor"]
    back = _mixed(page, page, 1)
    seen = {
        # Streamlit draws captions with 60 % of the text's colour, a chosen segment on 10 % of the primary.
        "caption": _contrast(_mixed(text, page, 0.6), back),
        "chosen segment": _contrast(_mixed(primary, primary, 1), _mixed(primary, page, 0.1)),
        "chart": _contrast(_mixed(text, page, _of_charts()), back),
        "link": _contrast(_mixed(look["linkColor"], page, 1), back),
        **{
            f"{badge} badge": _contrast(
                _mixed(look[f"{badge}TextColor"], page, 1), _mixed(look[f"{badge}BackgroundColor"], page, 1)
            )
            for badge in BADGES
        },
    }
    assert {what: round(value, 2) for what, value in seen.items() if value < 4.5} == {}


def test_no_button_has_white_letters_on_the_light_primary_colour() -> None:
    for path in FOLDER.rglob("*.py"):
        assert not re.search(r'type="primary"', path.read_text()), path.name
