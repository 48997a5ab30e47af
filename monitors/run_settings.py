"""What chainwatch.toml and the environment say of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.config import Config
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.config import EmbeddingConfig, MonitorsConfig, WindowsConfig
from monitors.judges.config import JudgeConfig
from monitors.judges.feedback import FeedbackConfig
from monitors.judges.reference_config import ReferenceConfig
from monitors.notify.base import Notifier
from monitors.notify.configured import configured

DASHBOARD_URL = "http://localhost:8501"


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What chainwatch.toml and the environment say, read before anything is begun."""

    windows: WindowsConfig
    embedding: EmbeddingConfig
    monitors: MonitorsConfig
    feedback: FeedbackConfig
    reference: ReferenceConfig
    alerts: AlertsConfig
    notify: NotifyConfig
    notifiers: tuple[Notifier, ...]
    dashboard_url: str
    asks_judges: bool
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, config: Config, environ: Mapping[str, str] | None = None) -> RunSettings:
        """ConfigError when a section or a channel is wrong. Without an environment there are no channels."""
        notify = config.section("notify", NotifyConfig)
        return cls(
            windows=config.section("windows", WindowsConfig),
            embedding=config.section("embedding", EmbeddingConfig),
            monitors=config.section("monitors", MonitorsConfig),
            feedback=config.section("feedback", FeedbackConfig),
            reference=config.section("reference", ReferenceConfig),
            alerts=config.section("alerts", AlertsConfig),
            notify=notify,
            notifiers=() if environ is None else tuple(configured(notify, environ)),
            # The section is the dashboard's; only this address is needed here, for links.
            dashboard_url=config.raw.get("dashboard", {}).get("url", DASHBOARD_URL),
            asks_judges=config.section("judge", JudgeConfig).enabled,
            environ=environ or {},
        )
