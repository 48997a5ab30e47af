"""chainwatch.toml, read strictly: an unknown key is an error that names the choices.

Each package owns its sections as pydantic models; `SECTIONS` says where each is defined, so that a
command of one package can refuse a typo in a section of another without importing upwards.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from collectors.errors import ConfigError

SECTIONS: Mapping[str, str] = {
    "ingest": "collectors.ingest_config:IngestConfig",
    "privacy": "collectors.privacy.config:PrivacyConfig",
    "receiver": "collectors.receiver_config:ReceiverConfig",
    "retention": "collectors.retention.config:RetentionConfig",
    "windows": "monitors.config:WindowsConfig",
    "embedding": "monitors.config:EmbeddingConfig",
    "monitors": "monitors.config:MonitorsConfig",
    "judge": "monitors.judges.config:JudgeConfig",
    "reference": "monitors.judges.reference_config:ReferenceConfig",
    "feedback": "monitors.judges.feedback:FeedbackConfig",
    "evidently": "monitors.evidently_config:EvidentlyConfig",
    "alerts": "monitors.alerting.config:AlertsConfig",
    "notify": "monitors.alerting.config:NotifyConfig",
    "dashboard": "dashboard.config:DashboardConfig",
}


class Section(BaseModel):
    """A section of chainwatch.toml: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Section)


class Config:
    """A parsed chainwatch.toml. Sections that the file does not name have their defaults.

    home: the folder of the installation, where a section may find more; None in tests of sections alone.
    """

    def __init__(self, raw: Mapping[str, Any], origin: str, *, home: Path | None = None) -> None:
        self.raw = raw
        self.origin = origin
        self.home = home
        unknown = sorted(set(raw) - set(SECTIONS))
        if unknown:
            raise ConfigError(
                f"{origin}: unknown section [{unknown[0]}]; choose one of: {', '.join(sorted(SECTIONS))}"
            )

    def section(self, name: str, model: type[S]) -> S:
        """The section `name` as `model`; ConfigError names file, key, value and the choices."""
        try:
            found = {"beside": Path(self.origin).parent, "home": self.home}
            return model.model_validate(self.raw.get(name, {}), context=found)
        except ValidationError as error:
            raise ConfigError(_explain(error, self.origin, name, model)) from error

    def validate(self) -> None:
        """Check every section that the file names, whichever command is running."""
        for name in self.raw:
            module, _, attribute = SECTIONS[name].partition(":")
            self.section(name, getattr(importlib.import_module(module), attribute))

    @property
    def hash(self) -> str:
        """Identifies the configuration that a decision was made with."""
        return hashlib.blake2b(
            json.dumps(self.raw, sort_keys=True, default=str).encode(), digest_size=8
        ).hexdigest()


def load(path: Path | None, *, home_config: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of this call.

    `path` (from --config) must exist. Otherwise `CHAINWATCH_CONFIG`, `./chainwatch.toml`, then the one in
    CHAINWATCH_HOME; the package's defaults when there is none.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["CHAINWATCH_CONFIG"]) if environ.get("CHAINWATCH_CONFIG") else None)
    if named is not None and not named.is_file():
        raise ConfigError(f"no config file at {named}")
    for candidate in (named, Path("chainwatch.toml"), home_config):
        if candidate is not None and candidate.is_file():
            return parse(candidate.read_text("utf-8"), str(candidate), home=home_config.parent)
    return Config({}, "defaults", home=home_config.parent)


def parse(text: str, origin: str, *, home: Path | None = None) -> Config:
    """Parse and validate TOML text; `origin` is the file name that errors show."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: not valid TOML: {error}") from error
    config = Config(raw, origin, home=home)
    config.validate()
    return config


def _explain(error: ValidationError, origin: str, section: str, model: type[BaseModel]) -> str:
    """One line for each mistake: file, key, value, and what would be right."""
    lines = []
    for item in error.errors():
        location = [str(part) for part in item["loc"]]
        key = ".".join([section, *location])
        if item["type"] == "extra_forbidden":
            choices = _choices(model, location[:-1])
            lines.append(f"{origin}: unknown key {key!r}; choose one of: {', '.join(choices)}")
        else:
            lines.append(f"{origin}: {key} = {item.get('input')!r}: {item['msg']}")
    return "\n".join(lines)


def _choices(model: type[BaseModel], location: list[str]) -> list[str]:
    """The keys allowed at a place inside a section."""
    here: Any = model
    for part in location:
        fields = getattr(here, "model_fields", {})
        if part not in fields:
            # Inside a table of named things the part is a name, and the table's value type decides.
            continue
        here = _model_in(fields[part].annotation) or here
    fields = getattr(here, "model_fields", {})
    return sorted(field.alias or name for name, field in fields.items())


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside an annotation such as `dict[str, Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
