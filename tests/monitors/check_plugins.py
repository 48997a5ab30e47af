"""The example of docs/checks/custom.md as the file that a reader would make of it."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checks" / "custom.md"


def documented_example(folder: Path | None = None) -> Path:
    """links.py, with the code of the page and nothing else."""
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="chainwatch-example-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    file = folder / "links.py"
    file.write_text(found[1], "utf-8")
    return file
