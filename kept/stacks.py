"""The stacks that `pulumi` is called on: a local run's, and those of staging and production.

A stack elsewhere (`RemoteStack`) is found as its people find it: by their environment (`PULUMI_BACKEND_URL`, credentials, passphrase) and
the tracked stack file. Everything of a local stack (`LocalStack`) lies in the local run's folder, so that one folder is all there is to
delete:

    pulumi/.pulumi/                the state (a file backend; no account, no service)
    pulumi/Pulumi.yaml             a copy of the project's file, for `stack init` writes beside it
    pulumi/Pulumi.<platform>.yaml  the tracked stack file with what is local: unprotected, the local account
    secrets/pulumi_passphrase      what encrypts the state's secrets

The plugins are led to the local cloud by their environment (`kept.local.pulumi_environment`), never by the configuration: no
address of it gets into a state.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kept.engine import PACK, EngineStack, Progress
from kept.local import pulumi_environment
from kept.locations import PROJECT
from kept.origin_pulls import SECRET_KEYS, local_origin_pulls
from services.settings import Settings


def local_config(settings: Settings) -> dict[str, str]:
    """What a local stack has otherwise than the tracked stack file: it may be destroyed, and its account is the local one.

    Nobody is notified by a local account, so it is told of nobody.
    """
    return {
        "kept:environment": settings.environment,
        "kept:protect": "false",
        "kept:accountNotices": "false",
        "kept:accountId": settings.cloudflare.account_id,
        **local_origin_pulls(settings),
    }


def backend_configured(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `pulumi` knows a backend: by its variable, or by an earlier `pulumi login`."""
    if environ.get("PULUMI_BACKEND_URL"):
        return True
    file = Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "credentials.json"
    try:
        return bool(json.loads(file.read_text()).get("current"))
    except (OSError, ValueError, AttributeError):
        return False


@dataclass(frozen=True)
class RemoteStack(EngineStack):
    """A stack of staging or production: backend, credentials and secrets provider are those of the caller's environment."""

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}


@dataclass(frozen=True)
class LocalStack(EngineStack):
    """One platform's stack in the file backend of a local run; `run_folder` is that run's folder (`.kept/`)."""

    settings: Settings
    run_folder: Path

    @property
    def folder(self) -> Path:
        return self.run_folder / "pulumi"

    @property
    def exists(self) -> bool:
        return (self.folder / ".pulumi" / "stacks" / _project() / f"{self.platform}.json").exists()

    @property
    def config_file(self) -> Path:
        return self.folder / f"Pulumi.{self.platform}.yaml"

    def prepare(self) -> None:
        """Create the stack where it is missing, and write its configuration anew."""
        self.environment()  # makes the folder and the passphrase
        shutil.copyfile(PROJECT / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        if not self.exists:
            self.config_file.unlink(missing_ok=True)
            self.run("stack", "init", self.platform, "--no-select", cwd=self.folder)
        salt = _yaml(self.config_file).get("encryptionsalt")
        tracked = _yaml(PROJECT / f"Pulumi.{self.platform}.yaml")
        own = local_config(self.settings)
        secrets = {key: own.pop(key) for key in SECRET_KEYS}
        config = {**tracked.get("config", {}), **own}
        self.config_file.write_text(yaml.safe_dump({"encryptionsalt": salt, "config": config}, sort_keys=False))
        for key, value in secrets.items():
            self.set_secret(key, value)

    def destroy(self, progress: Progress) -> None:
        self.run("destroy", *self.which, "--yes", "--skip-preview", "--suppress-progress", progress=progress)

    def check_unchanged(self) -> None:
        """Refresh and preview, each of which must find nothing to change."""
        self.run("refresh", *self.which, "--yes", "--skip-preview", "--expect-no-changes")
        self.run("preview", *self.which, "--expect-no-changes", "--policy-pack", str(PACK))

    @property
    def which(self) -> tuple[str, ...]:
        return ("--stack", self.platform, "--config-file", str(self.config_file))

    def environment(self) -> dict[str, str]:
        """The variables with which `pulumi` finds this stack and the plugins find their clouds."""
        return {**without_proxy(os.environ), **pulumi_environment(self.run_folder), "PULUMI_SKIP_UPDATE_CHECK": "true"}


def without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.lower() not in ("http_proxy", "https_proxy", "no_proxy", "all_proxy")}


def _project() -> str:
    return str(_yaml(PROJECT / "Pulumi.yaml")["name"])


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}
