"""A stack as the controls see it: the resources of a `pulumi stack export`, of a preview, or of a rehearsal, in one form.

Outputs hold the effective values; inputs hold what the program said, for what a provider never reads back. `Stack.of` keeps both.
A value that is not known yet (a preview's outputs) is `UNKNOWN`, which equals nothing and is never a pass.

Rules of reading:
  * a secret (an object with the engine's signature key) becomes `REDACTED`, whether it is encrypted or was exported in the clear;
  * the engine's placeholder for a value that is not known yet becomes `UNKNOWN`;
  * the bridge's bookkeeping (`__defaults`, `__meta`, ...) is dropped;
  * a resource that waits for its deletion is kept: until it is gone it exists, and so it is judged.

The digest is over a canonical list (URN, type, inputs, outputs, protect, parent, dependencies; times and ids of the engine's own
left out), so that a refresh that finds no change gives the same digest. Null, an empty list and an empty object count as absent in
it: a plugin's first refresh turns one into the other.

>>> read(json.loads(Path("state.json").read_text())).of("digitalocean:index/vpc:Vpc")
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.errors import BadData

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks an object as something special; its value says what."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's mark for a secret, not a secret
PLACEHOLDER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is only known after the deployment."""

REDACTED = "[secret]"


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"

    def __bool__(self) -> bool:
        raise ValueError("an unknown value is neither true nor false: compare it with UNKNOWN first")


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Resource:
    """One resource. `type` is Pulumi's token (`digitalocean:index/vpc:Vpc`); property names are camelCase, as in a state."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    protect: bool
    parent: str | None
    dependencies: tuple[str, ...]

    def get(self, name: str, default: Any = None) -> Any:
        """The effective value: the output where there is one, else the input, else `default`."""
        if name in self.outputs:
            return self.outputs[name]
        return self.inputs.get(name, default)


@dataclass(frozen=True)
class Stack:
    """The resources of one stack. `digest` is the SHA-256 (hex) of the canonical list of them."""

    name: str
    resources: tuple[Resource, ...]
    digest: str

    def of(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types; `Stack.of("digitalocean:index/vpc:Vpc")`."""
        return tuple(resource for resource in self.resources if resource.type in types)


def read(document: Mapping[str, Any]) -> Stack:
    """The stack in a `pulumi stack export`; `BadData` when the document is something else."""
    deployment = document.get("deployment")
    if not isinstance(deployment, Mapping):
        raise BadData("this is no stack export: it has no `deployment`", "write one with `pulumi stack export --file state.json`")
    return stack_of(tuple(resource(entry) for entry in deployment.get("resources") or ()))


def stack_of(resources: tuple[Resource, ...]) -> Stack:
    """A stack of these resources; its name stands in their URNs (empty when there are none)."""
    name = resources[0].urn.removeprefix("urn:pulumi:").split("::")[0] if resources else ""
    return Stack(name, resources, canonical_digest(resources))


def resource(entry: Mapping[str, Any]) -> Resource:
    """One entry of a state, or of a preview's `newState`."""
    try:
        urn, type_ = str(entry["urn"]), str(entry["type"])
    except (KeyError, TypeError) as error:
        raise BadData("a resource of this state has no `urn` or no `type`", "export the stack anew") from error
    return Resource(
        urn=urn,
        type=type_,
        name=urn.split("::", 3)[-1],
        inputs=_properties(entry.get("inputs")),
        outputs=_properties(entry.get("outputs")),
        protect=bool(entry.get("protect", False)),
        parent=entry.get("parent"),
        dependencies=tuple(entry.get("dependencies") or ()),
    )


def plain(value: Any) -> Any:
    """A value of a state with secrets redacted, placeholders as `UNKNOWN` and bookkeeping dropped, at every depth."""
    if isinstance(value, Mapping):
        return REDACTED if value.get(SIGNATURE_KEY) == SECRET else _properties(value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return UNKNOWN if value == PLACEHOLDER else value


def _properties(value: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: plain(each) for key, each in (value or {}).items() if not key.startswith("__")}


def canonical_digest(resources: Iterable[Resource]) -> str:
    """SHA-256 (hex) of the resources as one JSON line each, keys and lines sorted."""
    rows = sorted(json.dumps(_canonical(each), sort_keys=True, default=repr, ensure_ascii=False) for each in resources)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _canonical(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "inputs": _filled(resource.inputs),
        "outputs": _filled(resource.outputs),
        "protect": resource.protect,
        "parent": resource.parent,
        "dependencies": sorted(resource.dependencies),
    }


def _filled(value: Any) -> Any:
    """The value without what holds nothing, at every depth."""
    if isinstance(value, Mapping):
        kept = {key: _filled(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each is not None and each not in ([], {})}
    return [_filled(each) for each in value] if isinstance(value, list) else value
