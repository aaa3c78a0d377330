"""One environment as the commands use it: settings, catalog, clients and the evidence log, opened once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from kept import locations
from policies.controls import control_names
from promises.loading import load_catalog
from promises.model import Catalog
from services.errors import UsageError

if TYPE_CHECKING:
    from kept.evidence_log import Log
    from services.clients import Clients
    from services.settings import Settings

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def catalog_of(platform: str) -> Catalog:
    """The platform's catalog, checked against the controls that exist."""
    return load_catalog(platform, control_names())


@dataclass(frozen=True)
class Environment:
    """Settings and catalog of one platform in one environment; clients and log are made when first asked for."""

    settings: Settings
    catalog: Catalog
    clock: Clock = utc_now

    @cached_property
    def clients(self) -> Clients:
        from services.clients import Clients

        return Clients(self.settings)

    @cached_property
    def log(self) -> Log:
        from kept.evidence_log import open_log

        return open_log(self.settings, self.catalog, self.clock)


def open_environment(platform: str | None = None) -> Environment:
    """The environment of the settings file; a platform other than the file's is refused."""
    from services import settings as settings_module

    settings = settings_module.load(locations.settings_file())
    if platform not in (None, settings.platform):
        raise UsageError(
            f"these settings are those of {settings.platform}, not of {platform}",
            f"name {settings.platform}, or another file with KEPT_SETTINGS",
        )
    return Environment(settings, catalog_of(settings.platform))
