"""A stack as the controls see it: the resources of a `pulumi stack export`, of a preview, or of a rehearsal, in one form.

Outputs hold the effective values; inputs hold what the program said, for what a provider never reads back. `Resource.get` looks into
both. A value that is not known yet (a preview's outputs) is `UNKNOWN`, which equals nothing and is never a pass.

Rules of reading:
  * the export of a stack, a checkpoint as a file backend keeps it, or a bare deployment with its `manifest`; versions 3 and 4;
  * a secret (an object with the engine's signature key) becomes `REDACTED`, whether it is encrypted or was exported in the clear;
  * the engine's placeholders for a value that is not known yet become `UNKNOWN`;
  * the bridge's bookkeeping (`__defaults`, `__meta`, ...) is dropped;
  * a resource that waits for its deletion is kept: until it is gone it exists, and so it is judged;
  * what an interrupted update was working on (`pending_operations`) may exist or not: it is judged by what its program says, and all
    that only the cloud could tell is `UNKNOWN`;
  * anything of another shape is refused as `BadData`, which names the resource and never its values.

>>> read(json.loads(Path("state.json").read_text())).of("digitalocean:index/vpc:Vpc")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from policies.readers.canonical import canonical_digest
from services.errors import BadData

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks an object as something special; its value says what."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's mark for a secret, not a secret
PLACEHOLDER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is only known after the deployment."""

PLACEHOLDERS = frozenset(
    {
        PLACEHOLDER,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The engine has one for each kind of value: texts, booleans, numbers, lists, assets, archives, objects."""

VERSIONS = (3, 4)
"""The versions of the export format that have this shape (4 adds a list of features)."""

REDACTED = "[secret]"

EXPORT = "write one with `pulumi stack export --file state.json`"


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"

    def __bool__(self) -> bool:
        raise ValueError("an unknown value is neither true nor false: compare it with UNKNOWN first")


UNKNOWN = _Unknown()


class Planned(Mapping[str, Any]):
    """The outputs of a resource that may not exist yet: what the program says, and `UNKNOWN` for every other name."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._inputs = inputs

    def __getitem__(self, name: str) -> Any:
        return self._inputs.get(name, UNKNOWN)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)


@dataclass(frozen=True)
class Resource:
    """One resource. `type` is Pulumi's token (`digitalocean:index/vpc:Vpc`); property names are camelCase, as in a state.

    A resource that is not `custom` is a component: it groups others and is nothing in any cloud.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    protect: bool
    parent: str | None
    dependencies: tuple[str, ...]
    custom: bool = True

    def get(self, name: str, default: Any = None) -> Any:
        """The effective value: the output where there is one, else the input, else `default`."""
        if name in self.outputs:
            return self.outputs[name]
        return self.inputs.get(name, default)


@dataclass(frozen=True)
class Stack:
    """The resources of one stack. Indexes and the digest are made when something first asks for them."""

    name: str
    resources: tuple[Resource, ...]
    given_digest: str = ""
    """For a stack that is none of its own (the clouds' answers); of a state the digest is computed."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 (hex) of the canonical list of the resources (`policies.readers.canonical`)."""
        return self.given_digest or canonical_digest(self.resources)

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        return {each.urn: each for each in self.resources}

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[tuple[int, Resource], ...]]:
        found: dict[str, list[tuple[int, Resource]]] = {}
        for place, resource in enumerate(self.resources):
            found.setdefault(resource.type, []).append((place, resource))
        return {type_: tuple(rows) for type_, rows in found.items()}

    def of(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types, in the stack's order; `Stack.of("digitalocean:index/vpc:Vpc")`."""
        rows = [row for type_ in dict.fromkeys(types) for row in self._by_type.get(type_, ())]
        if len(types) > 1:
            rows.sort(key=lambda row: row[0])
        return tuple(resource for _, resource in rows)


def read(document: Mapping[str, Any]) -> Stack:
    """The stack in a `pulumi stack export`; `BadData` when the document is something else."""
    deployment = deployment_of(document)
    existing = (resource(entry) for entry in _list(deployment, "resources"))
    pending = (_pending(operation) for operation in _list(deployment, "pending_operations"))
    return stack_of((*existing, *pending))


def pending_operations(document: Mapping[str, Any]) -> int:
    """How many operations an interrupted update has left open."""
    return len(_list(deployment_of(document), "pending_operations"))


def deployment_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The deployment in an export or in a checkpoint; a bare one must have its manifest."""
    checkpoint = document.get("checkpoint")
    wrapped = checkpoint.get("latest") if isinstance(checkpoint, Mapping) else document.get("deployment")
    if checkpoint is None and "deployment" not in document and isinstance(document.get("manifest"), Mapping):
        return document
    if not isinstance(wrapped, Mapping):
        raise BadData("this is no stack export: it has no `deployment`", EXPORT)
    if document.get("version") not in VERSIONS:
        known = " or ".join(map(str, VERSIONS))
        raise BadData(f"this export is of version {document.get('version')!r}, expected {known}", EXPORT)
    return wrapped


def _list(deployment: Mapping[str, Any], name: str) -> list[Any]:
    found = deployment.get(name)
    if found is not None and not isinstance(found, list):
        raise BadData(f"`{name}` of this state is no list", EXPORT)
    return found or []


def _pending(operation: Any) -> Resource:
    entry = operation.get("resource") if isinstance(operation, Mapping) else None
    found = resource(entry)
    return replace(found, outputs=Planned(found.inputs))


def stack_of(resources: tuple[Resource, ...]) -> Stack:
    """A stack of these resources; its name stands in their URNs (empty when there are none)."""
    name = resources[0].urn.removeprefix("urn:pulumi:").split("::")[0] if resources else ""
    return Stack(name, resources)


def resource(entry: Any) -> Resource:
    """One entry of a state, or of a preview's `newState`."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("urn"), str) or not isinstance(entry.get("type"), str):
        raise BadData("a resource of this state has no `urn` or no `type`", "export the stack anew")
    urn, parent = entry["urn"], entry.get("parent")
    if not isinstance(parent, str | None):
        raise _odd(urn, "parent")
    return Resource(
        urn=urn,
        type=entry["type"],
        name=urn.split("::", 3)[-1],
        inputs=_properties(entry.get("inputs"), urn),
        outputs=_properties(entry.get("outputs"), urn),
        protect=entry.get("protect") is True,
        parent=parent,
        dependencies=_texts(entry.get("dependencies"), urn),
        custom=entry.get("custom") is not False,
    )


def plain(value: Any) -> Any:
    """A value of a state with secrets redacted, placeholders as `UNKNOWN` and bookkeeping dropped, at every depth."""
    if isinstance(value, str):
        return UNKNOWN if value in PLACEHOLDERS else value
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET:
            return REDACTED
        return {key: plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def _properties(value: Any, urn: str) -> dict[str, Any]:
    found = plain({} if value is None else value)
    if not isinstance(found, dict):
        raise _odd(urn, "inputs or outputs")
    return found


def _texts(value: Any, urn: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _odd(urn, "dependencies")
    return tuple(value)


def _odd(urn: str, what: str) -> BadData:
    return BadData(f"the {what} of {urn.split('::', 3)[-1]} in this state are of another shape than an export's", "export the stack anew")
