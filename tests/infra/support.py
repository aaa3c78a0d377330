"""A complete configuration of one stack, for tests to change key by key."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra import config as configuration
from infra.config import Config
from promises.loading import load_catalog
from promises.model import Catalog

PROJECT = Path(__file__).resolve().parents[2]
PLATFORMS = ("illumacom", "lumina", "luggage")


@cache
def tracked(platform: str) -> dict[str, str]:
    """The tracked stack file's keys, without their `kept:`."""
    document: dict[str, Any] = yaml.safe_load((PROJECT / f"Pulumi.{platform}.yaml").read_text())
    return {key.removeprefix("kept:"): value for key, value in document["config"].items()}


GOOD = tracked("illumacom")


@cache
def catalog(platform: str) -> Catalog:
    return load_catalog(platform, None)


def read(platform: str = "illumacom", **changes: str | None) -> Config:
    """The configuration of a platform with some keys changed; None takes a key away."""
    values = {**tracked(platform), **changes}
    return configuration.read(values.get, catalog)
