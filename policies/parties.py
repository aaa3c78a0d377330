"""Whose a resource is: which party of the table of flows a machine belongs to, and which of the house's platforms anything is named for.

Pure. Machines are known by their tag `<platform>-<party>` (`promises.flows.tag`), everything else by the beginning of its name. An
account may hold several of the house's platforms: what is tagged or named for another one of them is judged with that one's catalog.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from policies.findings import items, value
from policies.readers.state import Resource
from promises import flows
from promises.loading import platforms


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


@cache
def _platforms() -> tuple[str, ...]:
    """Asked of every machine: the folder of catalogs is looked into once."""
    return platforms()


def another_platform(resource: Resource, platform: str) -> str:
    """The other platform of the house that a resource is tagged or named for; empty when it is none of theirs."""
    tags = items(resource, "tags") or ()
    given = value(resource, "name")
    names = [str(tag) for tag in tags] or [given if isinstance(given, str) else resource.name]
    return next((other for other in _platforms() if other != platform and _all_begin(names, f"{other}-")), "")


def _all_begin(names: Iterable[str], prefix: str) -> bool:
    return all(name.lower().startswith(prefix) for name in names)


def of_party(machines: Iterable[Resource], party: str, platform: str) -> tuple[Resource, ...]:
    """The machines that carry a party's tag."""
    return tuple(each for each in machines if party in (parties(each, platform) or ()))
