"""Provisioning a local environment: by `pulumi up` where there is a Pulumi, else by rehearsing the program into the local cloud.

Either way the program is the same, the result is a state in the shape of `pulumi stack export`, and it is kept in `state.json` of the
settings' data folder, readable by its owner. Its secrets are encrypted (by the engine) or left out (by a rehearsal).

Both may be run again. The engine brings the cloud back to what the program says; a rehearsal knows no earlier state, so it starts
from an empty cloud each time (buckets keep their objects and the database its rows). Who changes from one to the other
starts anew as well: what the other created is not in its state.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kept import engine, local_account
from kept.locations import PROJECT
from kept.stacks import LocalStack, local_config
from services.errors import Unreachable, UsageError
from services.settings import Settings, secret

Progress = Callable[[str], None]

BY_ENGINE = "pulumi up"
BY_REHEARSAL = "rehearsal"
STATE = "state.json"


def provision(settings: Settings, platform: str, folder: Path, progress: Progress) -> tuple[dict[str, Any], str]:
    """Make the local cloud what the program says; returns the state and how it came about (`pulumi up` or `rehearsal`).

    `folder` is the local run's (`.kept/`): the engine's backend lies in it.
    """
    if settings.environment != "local":
        raise UsageError(
            f"these settings are those of {settings.environment}; only a local environment is provisioned here",
            "update other stacks with `kept deploy` (docs/deploy.md)",
        )
    document, how = (_by_engine if engine.is_there() else _by_rehearsal)(settings, platform, folder, progress)
    local_account.settle(settings)
    save(settings.data / STATE, document)
    return document, how


def _by_engine(settings: Settings, platform: str, folder: Path, progress: Progress) -> tuple[dict[str, Any], str]:
    stack = LocalStack(platform, settings, folder)
    if not stack.exists:
        empty(settings)
    stack.prepare()
    stack.up(progress)
    return stack.export(), BY_ENGINE


def _by_rehearsal(settings: Settings, platform: str, folder: Path, progress: Progress) -> tuple[dict[str, Any], str]:
    from localcloud.provider import Provider
    from policies.readers.rehearsal import rehearse_project

    progress("`pulumi` is not on PATH: rehearsing the program into the local cloud instead")
    empty(settings)
    shutil.rmtree(folder / "pulumi", ignore_errors=True)
    admin = settings.objects.identities["admin"]
    provider = Provider(*_address(settings), (admin.access_key, secret(admin.secret_key_file)))
    config = local_config(settings)
    try:
        document = rehearse_project(PROJECT, platform, now=datetime.now(UTC), create=provider.create, config=config)
    finally:
        provider.close()
    progress(f"{len(document['deployment']['resources'])} resources registered and created")
    return document, BY_REHEARSAL


def empty(settings: Settings) -> None:
    """Empty the local cloud of resources; what lies in buckets and databases stays."""
    from localcloud.provider import ProvisioningError, wipe

    try:
        wipe(*_address(settings))
    except ProvisioningError as error:
        raise Unreachable(f"the local cloud cannot be emptied: {error}", "is it running? `kept local status` tells") from error


def _address(settings: Settings) -> tuple[str, str]:
    return settings.digitalocean.endpoint, secret(settings.digitalocean.token_file)


def save(path: Path, document: dict[str, Any]) -> None:
    """Write the state whole or not at all, readable by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=1)
    new.replace(path)
