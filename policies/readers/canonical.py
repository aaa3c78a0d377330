"""The digest of a stack: SHA-256 over a canonical list of its resources.

Each resource is one JSON line (URN, type, inputs, outputs, protect, parent, dependencies; times and ids of the engine's own left
out), lines sorted, so that a refresh that finds no change gives the same digest. Null, an empty list and an empty object count as
absent: a plugin's first refresh turns one into the other. Secrets are redacted before, so a password that changes is no change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.readers.state import Resource


def canonical_digest(resources: Iterable[Resource]) -> str:
    """SHA-256 (hex) of the resources as one JSON line each, keys and lines sorted."""
    rows = sorted(json.dumps(_canonical(each), sort_keys=True, default=repr, ensure_ascii=False) for each in resources)
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()


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
