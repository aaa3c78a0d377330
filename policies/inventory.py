"""What an account holds against what the stack declares: known by id, one kind after another, and rule lists compared as sets. Pure.

Not drift: what the cloud makes by itself (a region's default network), what a platform declared to share the account has, and the key of
whoever runs the stack. Everything else that nobody declared is a finding; so is what was declared and is gone, and what is there but
no longer as declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies import traffic
from policies.findings import has_unknown, items, label, same_id, value
from policies.kinds import (
    APP,
    BALANCER,
    BUCKET,
    CLUSTER,
    DROPLET,
    FIREWALL,
    KUBERNETES,
    RECORD,
    REPLICA,
    RULESET,
    SPACES_KEY,
    SSH_KEY,
    TRUSTED,
    VOLUME,
    VPC,
    ZONE,
)
from policies.parties import another_platform, provisioner
from policies.readers.cloudflare import PHASES
from policies.readers.state import Resource, Stack
from promises.model import Catalog

IDENTITY: Mapping[str, tuple[str, ...]] = {
    DROPLET: ("id",),
    VPC: ("id",),
    BALANCER: ("id",),
    FIREWALL: ("id",),
    CLUSTER: ("id",),
    REPLICA: ("clusterId", "name"),
    TRUSTED: ("clusterId",),
    VOLUME: ("id",),
    BUCKET: ("name",),
    SPACES_KEY: ("id",),
    SSH_KEY: ("id",),
    APP: ("id",),
    KUBERNETES: ("id",),
    ZONE: ("id",),
    RECORD: ("id",),
    RULESET: ("id",),
}
"""By kind, the properties that together say which one it is."""


@dataclass(frozen=True)
class Difference:
    """One thing: `why` is empty when it is there and as declared."""

    subject: str
    why: str = ""


def compare(live: Stack, declared: Stack, kinds: Iterable[str], catalog: Catalog) -> Iterator[Difference]:
    """Every thing of these kinds, on either side."""
    for kind in kinds:
        there = {key: each for each in live.of(kind) if not _not_ours(each, catalog) and (key := _key(each))}
        known = {key: each for each in declared.of(kind) if _is_read(each) and (key := _key(each))}
        for key, each in sorted(there.items()):
            yield Difference(label(each), _changed(each, known[key]) if key in known else "in the account, and in no code")
        for key, each in sorted(known.items()):
            if key not in there:
                yield Difference(label(each), "in the code, and gone from the account")


def _is_read(resource: Resource) -> bool:
    """Of rulesets the readers ask for the phases that controls judge, and for no others."""
    return resource.type != RULESET or value(resource, "phase") in PHASES


def _key(resource: Resource) -> tuple[str, ...]:
    """Which one it is; empty when that is not known."""
    found = [value(resource, name) for name in IDENTITY[resource.type]]
    return () if any(has_unknown(each) or each in (None, "") for each in found) else tuple(same_id(each) for each in found)


def _not_ours(resource: Resource, catalog: Catalog) -> bool:
    if resource.type == VPC and value(resource, "default") is True:
        return True
    if resource.type == SPACES_KEY and value(resource, "name") == provisioner(catalog.platform):
        return True
    return bool(another_platform(resource, catalog))


def _changed(live: Resource, declared: Resource) -> str:
    """How a list of rules differs; what else may have changed, the families' own controls look at."""
    if live.type == FIREWALL:
        return _rules_changed(live, declared) or _list_changed("tags", live, declared)
    if live.type == TRUSTED:
        return _trusted_changed(live, declared)
    if live.type == SPACES_KEY:
        return "" if _grants(live) == _grants(declared) else "its grants are not those declared"
    if live.type == RECORD:
        same = all(_said(live, name) in ("", _said(declared, name)) for name in ("content", "proxied"))
        return "" if same or not _said(declared, "content") else "it does not lead where it was declared to"
    return ""


def _said(record: Resource, name: str) -> str:
    seen = value(record, name)
    return "" if seen is None or has_unknown(seen) else str(seen).rstrip(".").strip('"').lower()


def _rules_changed(live: Resource, declared: Resource) -> str:
    for name, side in (("inboundRules", "source"), ("outboundRules", "destination")):
        seen, said = traffic.read(value(live, name), side), traffic.read(value(declared, name), side)
        seen, said = _without(seen, said), _without(said, seen)
        if more := traffic.excess(seen.permits, said.permits):
            return f"permits {more[0]}, which was not declared"
        if less := traffic.excess(said.permits, seen.permits):
            return f"does not permit {less[0]}, which was declared"
    return ""


def _without(rules: traffic.Rules, others: traffic.Rules) -> traffic.Rules:
    """What is left of some rules without the permits that have no ports (ICMP) and stand on both sides: ports cannot compare them."""
    same = {each for each in others.permits if not each.ports}
    return traffic.Rules(tuple(each for each in rules.permits if each not in same), rules.doubts)


def _list_changed(name: str, live: Resource, declared: Resource) -> str:
    seen, said = ({str(each).lower() for each in items(side, name) or ()} for side in (live, declared))
    return "" if seen == said else f"its {name} are {', '.join(sorted(seen)) or 'none'}, not {', '.join(sorted(said)) or 'none'}"


def _trusted_changed(live: Resource, declared: Resource) -> str:
    seen, said = ({(str(rule.get("type")), same_id(rule.get("value"))) for rule in items(side, "rules") or ()} for side in (live, declared))
    if more := seen - said:
        return f"trusts {' '.join(min(more))}, which was not declared"
    return f"does not trust {' '.join(min(said - seen))}, which was declared" if said - seen else ""


def _grants(key: Resource) -> set[tuple[str, str]]:
    return {(str(each.get("bucket") or ""), str(each.get("permission"))) for each in items(key, "grants") or ()}
