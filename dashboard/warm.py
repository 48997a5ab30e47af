"""What the first page would otherwise load while somebody waits for it."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from pathlib import Path

# Running these would start something instead of loading it.
_PROGRAMS = ("app", "cli")


def warm() -> None:
    """Load what pages need, draw a chart once, and keep the collector off what stays for good.

    Streamlit collects after each run of a page; going through a hundred thousand objects of libraries each
    time takes a quarter of a second in which no page is served.
    """
    for name in ("pandas", "pyarrow.parquet", *_modules()):
        importlib.import_module(name)
    from dashboard.figures import Figure, scatter

    Figure(data=[scatter(x=[0], y=[0], mode="lines")]).plotly().to_json()
    gc.collect()
    gc.freeze()


def _modules() -> list[str]:
    folder = Path(__file__).parent
    return [
        f"{__package__}.{module.name}"
        for module in pkgutil.iter_modules([str(folder)])
        if module.name not in _PROGRAMS and not module.ispkg
    ]
