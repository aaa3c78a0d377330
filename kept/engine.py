"""The Pulumi command line on a local stack: what it needs, and how it is called. Production stacks are updated by their own people.

Everything of a local stack lies in the local run's folder, so that one folder is all there is to delete:

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
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kept.local import pulumi_environment
from kept.locations import PROJECT
from services.errors import KeptError
from services.settings import Settings

Progress = Callable[[str], None]

COMMAND = "pulumi"
PACK = PROJECT / "policies"
QUOTED_LINES = 6
"""How many of the engine's lines an error quotes."""

FINDING = "At stake: "
"""What every finding of the policy pack says."""


class EngineError(KeptError):
    """`pulumi` ran and failed."""

    code = "engine"


def is_there() -> bool:
    """Whether `pulumi` is on PATH."""
    return shutil.which(COMMAND) is not None


def local_config(settings: Settings) -> dict[str, str]:
    """What a local stack has otherwise than the tracked stack file: it may be destroyed, and its account is the local one."""
    return {
        "kept:environment": settings.environment,
        "kept:protect": "false",
        "kept:accountId": settings.cloudflare.account_id,
    }


@dataclass(frozen=True)
class LocalStack:
    """One platform's stack in the file backend of a local run; `run_folder` is that run's folder (`.kept/`)."""

    settings: Settings
    platform: str
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
        config = {**tracked.get("config", {}), **local_config(self.settings)}
        self.config_file.write_text(yaml.safe_dump({"encryptionsalt": salt, "config": config}, sort_keys=False))

    def up(self, progress: Progress) -> None:
        """Make the cloud what the program says, drift included, with the policy pack; what the pack refuses is an `EngineError`."""
        changing = ("--yes", "--skip-preview", "--refresh", "--policy-pack", str(PACK))
        self.run("up", *self._which, *changing, "--suppress-outputs", "--suppress-progress", progress=progress)

    def destroy(self, progress: Progress) -> None:
        self.run("destroy", *self._which, "--yes", "--skip-preview", "--suppress-progress", progress=progress)

    def check_unchanged(self) -> None:
        """Refresh and preview, each of which must find nothing to change."""
        self.run("refresh", *self._which, "--yes", "--skip-preview", "--expect-no-changes")
        self.run("preview", *self._which, "--expect-no-changes", "--policy-pack", str(PACK))

    def export(self) -> dict[str, Any]:
        """The state; its secrets are encrypted. By a file, for warnings may stand among what is printed."""
        file = self.folder / "export.json"
        self.run("stack", "export", "--stack", self.platform, "--file", str(file))
        document: dict[str, Any] = json.loads(file.read_text())
        file.unlink()
        return document

    @property
    def _which(self) -> tuple[str, ...]:
        return ("--stack", self.platform, "--config-file", str(self.config_file))

    def environment(self) -> dict[str, str]:
        """The variables with which `pulumi` finds this stack and the plugins find their clouds."""
        return {**pulumi_environment(self.run_folder), "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def run(self, *arguments: str, progress: Progress | None = None, cwd: Path = PROJECT) -> list[str]:
        """Run `pulumi`, tell each line of its output, and return them; `EngineError` quotes what it said last."""
        environment = {**without_proxy(os.environ), **self.environment()}
        command = [COMMAND, *arguments, "--non-interactive", "--color", "never"]
        lines: list[str] = []
        with subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if progress and worth_telling(line):
                    progress(" ".join(line.partition(" warning: ")[0].split()))
        if process.returncode:
            raise EngineError(*explained(arguments[0], lines))
        return lines


def worth_telling(line: str) -> bool:
    """Whether a line of the engine's says what happened to a resource, or what went wrong; the rest is bustle."""
    return any(word in line for word in (" created (", " updated (", " replaced (", " deleted (", "error:", FINDING))


def explained(verb: str, lines: Iterable[str]) -> tuple[str, str]:
    """A failure in one line, and the next step: what the pack refused, else the errors, else what was said last."""
    said = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if any("is currently locked" in line for line in said):
        return (
            "the local stack is locked by another update",
            'wait for it; if it was killed: `eval "$(kept local env)"`, then `pulumi cancel --stack illumacom --yes`',
        )
    refused = [line for line in said if FINDING in line]
    if refused:
        return (
            f"the policy pack refused the update: {_quoted(refused)}",
            "mend the program, the stack file or the catalog, then run it again",
        )
    errors = [line for line in said if "error:" in line and not line.endswith("update failed")]
    missing = any("pulumi plugin install" in line for line in errors)
    hint = (
        "install the plugin, or take `pulumi` off PATH: then the program is rehearsed"
        if missing
        else "mend what it names, then run it again"
    )
    return f"`pulumi {verb}` failed: {_quoted(errors or said[-3:])}", hint


def _quoted(lines: Sequence[str]) -> str:
    return " / ".join(lines[:QUOTED_LINES]) or "it said nothing"


def without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.lower() not in ("http_proxy", "https_proxy", "no_proxy", "all_proxy")}


def _project() -> str:
    return str(_yaml(PROJECT / "Pulumi.yaml")["name"])


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}
