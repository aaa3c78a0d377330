"""Where the command line finds things: the project's folder, the local run's folder, the settings file."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def local_folder() -> Path:
    """`.kept/` of the project, or `KEPT_HOME`: everything a local run keeps lies in it."""
    return Path(os.environ.get("KEPT_HOME") or PROJECT / ".kept")


def settings_file() -> Path:
    """`KEPT_SETTINGS`, or `settings.toml` of the local run."""
    return Path(os.environ.get("KEPT_SETTINGS") or local_folder() / "settings.toml")
