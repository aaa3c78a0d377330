"""Buckets: versions of what was overwritten, and a life cycle that ends abandoned uploads and old versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.findings import has_unknown, label, not_applicable, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.kinds import BUCKET
from policies.readers.state import Resource
from promises.observations import Observation


@checks("bucket.versioning", BUCKET)
def versioning(asked: Asked) -> Iterator[Observation]:
    for bucket in asked.stack.of(BUCKET):
        expected = "versioning enabled"
        if value(bucket, "name") in asked.texts("plain"):
            yield not_applicable(label(bucket), expected, "the catalog says it needs none")
        else:
            seen = _versioned(bucket)
            yield unknown(label(bucket), expected) if seen is None else verdict(label(bucket), expected, "" if seen else "off", "enabled")


def _versioned(bucket: Resource) -> bool | None:
    """Off by default; None while it is not known."""
    seen = value(bucket, "versioning")
    if has_unknown(seen):
        return None
    return isinstance(seen, Mapping) and seen.get("enabled") is True


@checks("bucket.lifecycle", BUCKET)
def lifecycle(asked: Asked) -> Iterator[Observation]:
    """Only rules for the whole bucket count: one with a prefix leaves the rest as it is."""
    for bucket in asked.stack.of(BUCKET):
        rules = value(bucket, "lifecycleRules")
        forgets = value(bucket, "name") not in asked.texts("keeps_versions")
        expected = f"abandoned uploads{' and old versions' if forgets else ''} end"
        if has_unknown(rules) or _versioned(bucket) is None:
            yield unknown(label(bucket), expected)
        else:
            yield verdict(label(bucket), expected, _missing(rules or (), forgets=forgets and bool(_versioned(bucket))), "they do")


def _missing(rules: Any, *, forgets: bool) -> str:
    """What no rule in force does. Old versions exist only where versioning is on."""
    active = [rule for rule in rules if rule.get("enabled") is True and not rule.get("prefix")]
    if not active:
        return "no rule for the whole bucket is in force"
    faults = []
    if not any(rule.get("abortIncompleteMultipartUploadDays") for rule in active):
        faults.append("abandoned uploads stay")
    if forgets and not any(_days(rule.get("noncurrentVersionExpiration")) for rule in active):
        faults.append("old versions stay")
    return "; ".join(faults)


def _days(seen: Any) -> Any:
    """Providers wrap a single block in a list at times."""
    block = seen[0] if isinstance(seen, list | tuple) and seen else seen
    return block.get("days") if isinstance(block, Mapping) else None
