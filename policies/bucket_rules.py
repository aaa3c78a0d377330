"""With whom a bucket shares what it holds: its ACL and the statements of its policy. Pure.

Keys of our own open buckets by their grants; nobody else is let in. An ACL must be said to be private (the provider's default is, but
what is not said is not relied upon), and no `Allow` of a policy may reach beyond our account, which on Spaces every `Allow` does: keys
are no principals there. A policy that cannot be read is not known, never harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.findings import value
from policies.readers.state import UNKNOWN, Resource


def shared_with(bucket: Resource, policies: Iterable[Resource]) -> Iterator[str | None]:
    """Who else is let in, in words; None for what is not known."""
    acl = value(bucket, "acl")
    if acl is UNKNOWN:
        yield None
    elif acl != "private":
        yield f"its ACL is {acl}" if acl else "its ACL is not said"
    for policy in policies:
        named = value(policy, "bucket")
        if named is UNKNOWN or named == value(bucket, "name"):
            yield from _allowed(value(policy, "policy"), certain=named is not UNKNOWN)


def _allowed(text: Any, *, certain: bool) -> Iterator[str | None]:
    """Every `Allow` of a policy; of one that may be another bucket's, only that it is not known."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        found = None
    if not isinstance(found, Mapping) or not certain:
        yield None
        return
    statements = found.get("Statement") or ()
    if not isinstance(statements, Mapping | list | tuple):
        yield None
        return
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        if not isinstance(statement, Mapping):
            yield None
        elif statement.get("Effect") != "Deny":
            yield f"its policy lets {json.dumps(statement.get('Principal'))} do {json.dumps(statement.get('Action'))}"
