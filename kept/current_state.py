"""The stack's state as it is now, and where it was read from.

From the engine where there is one that knows the stack (`pulumi stack export`: of a local run's own backend, else of the backend that
the caller's environment names); else the copy that the last deployment left in the settings' data folder. An engine that knows the
stack but cannot export it is an error: an older copy would answer for a state that may be gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kept import engine, locations
from kept.environment import Environment
from kept.provision import STATE
from kept.stacks import LocalStack, RemoteStack, backend_configured
from policies.readers import state
from policies.readers.state import Stack
from services.errors import UsageError

EXPORTED = "pulumi stack export"


@dataclass(frozen=True)
class Current:
    """A stack and its source: `pulumi stack export`, or the path of the stored copy."""

    stack: Stack
    source: str


def current(environment: Environment) -> Current:
    """The stack now; `UsageError` when nothing has been provisioned here."""
    known = engine_stack(environment)
    if known is not None:
        return Current(state.read(known.export()), EXPORTED)
    path = state_file(environment)
    return Current(state.read(_stored(path)), str(path))


def current_or_none(environment: Environment) -> Current | None:
    """The same, or None where nothing has been provisioned."""
    return current(environment) if state_file(environment).exists() or engine_stack(environment) else None


def engine_stack(environment: Environment) -> engine.EngineStack | None:
    """The stack as the engine knows it, if there is an engine that does."""
    if not engine.is_there():
        return None
    if environment.settings.environment != "local":
        return RemoteStack(environment.settings.platform) if backend_configured() else None
    local = LocalStack(environment.settings.platform, environment.settings, locations.local_folder())
    return local if local.exists else None


def state_file(environment: Environment) -> Path:
    return environment.settings.data / STATE


def _stored(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        raise UsageError(f"no state at {path}: nothing has been provisioned here", "run `kept deploy`, or `kept demo` locally") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}", "export it again: pulumi stack export --file") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds no JSON object", "export it again: pulumi stack export --file")
    return document
