"""Whose a resource is: which party of the table of flows a machine belongs to, and which of the house's platforms anything is named for.

Pure. Machines are known by their tag `<platform>-<party>` (`promises.flows.tag`), everything else by the beginning of its name. An
account may hold several of the house's platforms, when the catalog says so: what is tagged or named for one of those is judged with that
one's catalog. A platform that is not declared to share the account owns nothing in it, whatever a thing there calls itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from policies.findings import items, value
from policies.kinds import SPACES_KEY
from policies.readers.state import Resource
from promises import flows
from promises.model import Catalog


def parties(machine: Resource, platform: str) -> frozenset[str] | None:
    """The parties a machine's tags name; None while its tags are not known."""
    tags = items(machine, "tags")
    if tags is None:
        return None
    named = {flows.tag(platform, party): party for party in flows.HOSTS}
    return frozenset(named[str(tag).lower()] for tag in tags if str(tag).lower() in named)


def provisioner(platform: str) -> str:
    """The name of the one Spaces key without limits: that of whoever runs the stack, for limited keys cannot make buckets."""
    return f"{platform}-provisioning"


def another_platform(resource: Resource, catalog: Catalog) -> str:
    """The platform declared to share the account that a resource is tagged or named for; empty when it is none of theirs.

    A key without limits is nobody else's: it opens our buckets too.
    """
    if not catalog.shares_account_with or _unlimited(resource):
        return ""
    tags = items(resource, "tags") or ()
    given = value(resource, "name")
    names = [str(tag) for tag in tags] or [given if isinstance(given, str) else resource.name]
    return next((other for other in catalog.shares_account_with if _all_begin(names, f"{other}-")), "")


def _unlimited(resource: Resource) -> bool:
    """Whether a Spaces key opens every bucket, or may: what is not known may be anything."""
    if resource.type != SPACES_KEY:
        return False
    grants = items(resource, "grants")
    return grants is None or any(not each.get("bucket") or each.get("permission") == "fullaccess" for each in grants)


def _all_begin(names: Iterable[str], prefix: str) -> bool:
    return all(name.lower().startswith(prefix) for name in names)


def of_party(machines: Iterable[Resource], party: str, platform: str) -> tuple[Resource, ...]:
    """The machines that carry a party's tag."""
    return tuple(each for each in machines if party in (parties(each, platform) or ()))
