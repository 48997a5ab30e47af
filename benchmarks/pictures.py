"""The pictures of docs/images, taken of a dashboard that is being served.

    chainwatch dashboard --no-browser &
    python benchmarks/pictures.py --url http://127.0.0.1:8501

Each shows what a visitor sees first, light or dark, on a desk or on a phone. It has 128 colours, which
nobody sees and which makes it a third as large.
"""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._dashboard_pages import CHROMIUM, DONE, OPTIONS

_DESK, _PHONE = (1280, 900), (390, 844)
_PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome Mobile"
_COLOURS = 128
_FADE_MS, _LONGEST_MS = 1_000, 300_000
_IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One file: of which page, how large the window is, and in which colours."""

    name: str
    page: str
    size: tuple[int, int] = _DESK
    scheme: str = "light"


PICTURES = (
    Picture(name="overview", page="overview"),
    Picture(name="overview-dark", page="overview", scheme="dark"),
    Picture(name="incident", page="incident"),
    Picture(name="incident-phone", page="incident", size=_PHONE),
    Picture(name="component", page="component"),
    Picture(name="traces", page="traces"),
    Picture(name="quality", page="quality"),
    Picture(name="compare", page="compare"),
    Picture(name="monitors", page="monitors"),
    Picture(name="data", page="data"),
    Picture(name="help", page="help"),
)


def take(browser: Any, url: str, picture: Picture) -> bytes:
    """The picture as a PNG."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,
        timezone_id="Europe/Berlin",
        user_agent=_PHONE_AGENT if picture.size == _PHONE else None,
    )
    page = context.new_page()
    page.goto(f"{url}/{picture.page}")
    page.wait_for_function(DONE, timeout=_LONGEST_MS)
    # Charts fade in.
    page.wait_for_timeout(_FADE_MS)
    shot = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    small = io.BytesIO()
    shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Take the pictures that are asked for, or all."""
    from playwright.sync_api import sync_playwright

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--url", required=True, help="address of the dashboard")
    asked.add_argument("--out", type=Path, default=_IMAGES, help="folder to write into")
    asked.add_argument("names", nargs="*", help="only these")
    given = asked.parse_args()
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for picture in PICTURES:
            if not given.names or picture.name in given.names:
                made = take(browser, given.url, picture)
                (given.out / f"{picture.name}.png").write_bytes(made)
                print(f"{picture.name}: {len(made) / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
