"""The checks there are: the files of this package, what other packages bring, and files of one's own."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args

from collectors.errors import ConfigError
from collectors.registry import Registry
from monitors.checks.base import Check, DataKind
from monitors.result import ReferenceKind

GROUP = "chainwatch.checks"
FOLDER = "checks"
_ATTRIBUTES = ("name", "title", "fields", "kinds", "data", "default_on", "concern", "fit")


class CheckRegistry(Registry[Check]):
    """Checks by name. A name is taken once: whoever comes second is told so."""

    def __init__(self) -> None:
        super().__init__("monitors.checks", "CHECK", "check")
        self._own: dict[str, Path] = {}
        self._loaded: dict[tuple[Path, int], Check] = {}

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted({*super().names(), *self._entries, *self._own})

    def get(self, name: str) -> Check:
        """The check called `name`; ConfigError that lists the choices when there is none."""
        if name in self._own:
            return self._of_file(self._own[name])
        if name in self._entries:
            return self._of_entry(self._entries[name])
        return super().get(name)

    def use(self, files: Iterable[Path]) -> None:
        """Take these files, and no other files, as checks; ConfigError for one that is missing or named like
        another.

        The file name is the check's name. A file is run when its check is asked for and not before, as part
        of the program and with all that it may do.
        """
        own: dict[str, Path] = {}
        taken = {*super().names(), *self._entries}
        for file in files:
            if file.suffix != ".py" or not file.is_file():
                raise ConfigError(f"no check at {file}; `plugins` takes paths of Python files with a CHECK")
            if not file.stem.isidentifier():
                raise ConfigError(f"{file}: a check's file is named like a variable, as in {_plain(file)}.py")
            if file.stem in taken:
                raise ConfigError(f"{file}: there is a check {file.stem!r} already; rename the file")
            own[file.stem] = file
            taken.add(file.stem)
        self._own = own

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        """What installed packages bring, by name; loaded when asked for."""
        packaged = set(super().names())
        found: dict[str, EntryPoint] = {}
        for entry in entry_points(group=GROUP):
            if entry.name in packaged or entry.name in found:
                raise ConfigError(f"the entry point {entry.value} ({GROUP}): {entry.name!r} is taken")
            found[entry.name] = entry
        return found

    def _of_entry(self, entry: EntryPoint) -> Check:
        origin = f"the entry point {entry.name} = {entry.value} ({GROUP})"
        try:
            loaded = entry.load()
        except Exception as error:
            raise ConfigError(f"{origin} cannot be loaded: {type(error).__name__}: {error}") from error
        return conforming(getattr(loaded, "CHECK", loaded), entry.name, origin)

    def _of_file(self, file: Path) -> Check:
        try:
            key = (file.resolve(), file.stat().st_mtime_ns)
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror}") from error
        if key not in self._loaded:
            self._loaded[key] = conforming(getattr(_module(file), "CHECK", None), file.stem, str(file))
        return self._loaded[key]


def plugin_files(named: Iterable[str], *, beside: Path, home: Path | None) -> Iterator[Path]:
    """What `plugins` names, from the folder of chainwatch.toml on, and what lies in the home's folder."""
    for name in named:
        yield beside / Path(name).expanduser()
    if home is not None and (home / FOLDER).is_dir():
        yield from sorted(f for f in (home / FOLDER).glob("*.py") if not f.name.startswith("_"))


def conforming(candidate: Any, name: str, origin: str) -> Check:
    """The candidate, if it has everything that a check has; ConfigError says what is wrong with it."""
    if candidate is None:
        raise ConfigError(f"{origin}: has no CHECK; a check is an object with that name")
    missing = [a for a in _ATTRIBUTES if not hasattr(candidate, a)]
    if missing:
        raise ConfigError(
            f"{origin}: CHECK has no {', '.join(missing)}; a check has {', '.join(_ATTRIBUTES)}"
        )
    check: Check = candidate
    wrong = [
        told
        for told, is_wrong in (
            (f"its name is {check.name!r} and has to be {name!r}", check.name != name),
            (
                f"data is {check.data!r}; choose one of {', '.join(get_args(DataKind))}",
                check.data not in get_args(DataKind),
            ),
            (
                f"kinds is {check.kinds!r}; choose from {', '.join(get_args(ReferenceKind))}",
                not check.kinds or not set(check.kinds) <= set(get_args(ReferenceKind)),
            ),
            ("fields is empty or no set of names", not check.fields or isinstance(check.fields, str)),
            ("fit and concern have to be functions", not (callable(check.fit) and callable(check.concern))),
        )
        if is_wrong
    ]
    if wrong:
        raise ConfigError(f"{origin}: {'; '.join(wrong)}")
    return check


def _module(file: Path) -> Any:
    """The file, run as a module of its own name space."""
    name = f"chainwatch_check_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = getattr(error, "lineno", None) or _line(error, file)
        raise ConfigError(f"{file}, line {line}: {type(error).__name__}: {error}") from error
    return module


def _plain(file: Path) -> str:
    """A name for the check that would do."""
    return re.sub(r"\W", "_", file.stem) or "my_check"


def _line(error: Exception, file: Path) -> int | str:
    """The line of the file that the error came through."""
    at: int | str = "?"
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            at = trace.tb_lineno
        trace = trace.tb_next
    return at
