"""`kept settings from-stack`: from a stack's outputs to the settings file and to Vault.

1. The output `settings` is read: from the engine, or from an export of the state.
2. The settings file that follows from it is compared with the one there is.
3. With `apply`: the secret output `credentials` is asked of the engine, held in memory alone, and each secret that Vault does not hold
   already is stored (key-value store, version 2) and read back; then the file is written, whole or not at all.

A secret reaches no file of ours, no argument of a process, no log and no message. Vault is spoken to with the operator's own token
(`VAULT_TOKEN` or `VAULT_TOKEN_FILE`). A local environment's settings are those of `kept local up` and are left alone.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kept import engine, locations
from kept.local_settings import render
from kept.probe_settings import declared
from kept.stack_settings import HEADER, HINT, VAULT_MOUNT, Change, changes, document, secrets_of
from kept.stacks import RemoteStack
from policies.readers import state
from policies.readers.state import Stack
from services.errors import BadData, UsageError
from services.settings import Settings, secret
from services.vault import Invalid, NotFound, Vault

MOUNT_SECONDS = 20
"""How long a new store may take to be ready."""

STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Plan:
    """What would be written, where, and how it differs from what is there."""

    file: Path
    platform: str
    environment: str
    values: Mapping[str, Any]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Stored:
    """Paths in Vault: those that were written, and those that held the same secret already."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def plan(platform: str | None, export: Path | None) -> Plan:
    """The settings file as it would be."""
    file = locations.settings_file()
    earlier = _earlier(file)
    platform = platform or earlier.get("platform")
    if not isinstance(platform, str):
        raise UsageError(f"no settings file at {file} names the platform", "name it: kept settings from-stack PLATFORM")
    if earlier.get("environment") == "local":
        hint = "name another file with KEPT_SETTINGS; the local one is written by `kept local up`"
        raise UsageError(f"{file} holds the settings of a local run", hint)
    stack = _stack(export) if export else None
    said = _output(_stack_outputs(stack), "settings") if stack else _said(platform)
    values = document(said, earlier)
    known = earlier.get("probes")
    values["probes"] = declared(values["platform"], stack or _exported(platform), values, known if isinstance(known, Mapping) else {})
    if values["platform"] != platform:
        raise UsageError(f"the stack says it is {values['platform']}, not {platform}", "name its own platform")
    if values["environment"] == "local":
        raise UsageError("this is the stack of a local run, whose settings `kept local up` writes", "name a stack of another environment")
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadData(f"settings made of what the stack says are refused: {where}: {first['msg']}", HINT) from None
    return Plan(file, platform, values["environment"], values, changes(earlier, values))


def apply(planned: Plan) -> Stored:
    """Store the secrets, then write the file."""
    if not engine.is_there():
        raise UsageError("`pulumi` is not on PATH, and only it can open the stack's secrets", "run it where the stack is deployed from")
    secrets = secrets_of(_outputs(planned.platform, "credentials", secrets=True), planned.platform)
    stored = store(operators_vault(planned.values), secrets)
    write(planned)
    return stored


def write(planned: Plan) -> None:
    """The file, whole or not at all, readable by its owner and group."""
    planned.file.parent.mkdir(parents=True, exist_ok=True)
    beside = planned.file.with_name(planned.file.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w", encoding="utf-8") as file:
        file.write(render(planned.values, HEADER))
    beside.replace(planned.file)


def store(vault: Vault, secrets: Mapping[str, Mapping[str, str]]) -> Stored:
    """Each secret that is not there already; what was written is read back."""
    mounted = vault.read("sys/mounts")
    if f"{VAULT_MOUNT}/" not in mounted:
        vault.write(f"sys/mounts/{VAULT_MOUNT}", {"type": "kv", "options": {"version": "2"}})
        _wait_for_mount(vault)
    written = []
    for path, wanted in secrets.items():
        if _held(vault, path) != wanted:
            vault.write(path, {"data": dict(wanted)})
            if _held(vault, path) != wanted:
                raise BadData(f"Vault does not hold at {path} what was written there", "is the store of version 2? look at Vault's own log")
            written.append(path)
    return Stored(tuple(written), tuple(path for path in secrets if path not in written))


def _wait_for_mount(vault: Vault) -> None:
    """A new store of version 2 answers 400 for a moment, while it makes itself versioned."""
    end = time.monotonic() + MOUNT_SECONDS
    while True:
        try:
            vault.read(f"{VAULT_MOUNT}/config")
        except Invalid:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def operators_vault(values: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Vault:
    """Vault as the operator; the address is the stack's unless `VAULT_ADDR` leads to it another way (a tunnel)."""
    token = environ.get("VAULT_TOKEN") or (secret(Path(environ["VAULT_TOKEN_FILE"])) if environ.get("VAULT_TOKEN_FILE") else "")
    if not token:
        raise UsageError("no token for Vault", "set VAULT_TOKEN_FILE (or VAULT_TOKEN) to a token that may write kv/")
    address = environ.get("VAULT_ADDR") or str(values["vault"]["address"])
    return Vault(address, environ.get("VAULT_CACERT") or str(values["vault"]["ca_file"]), token=token)


def _held(vault: Vault, path: str) -> Any:
    try:
        return vault.read(path).get("data")
    except NotFound:
        return None


def _said(platform: str) -> Mapping[str, Any]:
    if not engine.is_there():
        raise UsageError("`pulumi` is not on PATH", "give an export of the state with --state, or run it where the stack is deployed from")
    return _outputs(platform, "settings")


def _stack(export: Path) -> Stack:
    from kept.planning import read_stack

    return read_stack(export, lambda _: None)


def _exported(platform: str) -> Stack:
    """The stack's resources: public names, origins, hosts and buckets are declared for the probes."""
    return state.read(RemoteStack(platform).export())


def _stack_outputs(stack: Stack) -> Mapping[str, Any]:
    return next((each.outputs for each in stack.resources if each.type == STACK), {})


def _outputs(platform: str, name: str, *, secrets: bool = False) -> Mapping[str, Any]:
    return _output(RemoteStack(platform).outputs(secrets=secrets), name)


def _output(outputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = outputs.get(name)
    if not isinstance(found, Mapping) or found.get(state.SIGNATURE_KEY):
        raise BadData(f"the stack has no output `{name}`", HINT)
    return found


def _earlier(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}", "mend it, or move it away: then it is written anew") from error
