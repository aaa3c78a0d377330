"""A stack as the controls see it: the resources of a `pulumi stack export`, of a preview, or of a rehearsal, in one form.

Outputs hold the effective values; inputs hold what the program said, for what a provider never reads back. `Stack.of` keeps both.
A value that is not known yet (a preview's outputs) is `UNKNOWN`, which equals nothing and is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
