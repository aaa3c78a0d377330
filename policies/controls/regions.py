"""`region.us-only`, `transfer.safeguards`: everything that holds or moves data stands in an allowed, or a declared, region.

A region is allowed when its slug is one of the promise's prefixes followed by digits (`nyc` allows `nyc3` and `nyc`, not `nycx`). A
resource of a kind that has a region and names none is a failure. Where the edge keeps caches is attested, not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, label, or_nothing, passed, unknown, value
from policies.kinds import APP, BALANCER, BUCKET, CLUSTER, DROPLET, KUBERNETES, REPLICA, VOLUME, VPC
from policies.readers import digitalocean, spaces
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

HOMES = (DROPLET, VPC, BALANCER, CLUSTER, REPLICA, VOLUME, BUCKET, APP, KUBERNETES)
"""Kinds that must name their region; any other resource of the same provider is judged too if it names one."""


@control("regions.plan", Surface.PLAN, "the region of every resource that has one, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge((each for each in stack.resources if lives_somewhere(each)), question)


@control("regions.live", Surface.LIVE, "the regions of everything the account holds, from the DigitalOcean API and every Spaces endpoint")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    """Everything of the account that has a region, and the buckets; what could not be read is said."""
    kinds = (DROPLET, VPC, BALANCER, CLUSTER, REPLICA, VOLUME, APP, KUBERNETES)
    seen = gather({**digitalocean.sources(clients.digitalocean, *kinds), **spaces.sources(clients.settings, question.once)})
    return seen.judged_in_part(lambda stack: judge(stack.resources, question))


@control("regions.declared", Surface.PLAN, "the region of every resource that has one, in the stack, against the declared regions")
def declared(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge((each for each in stack.resources if lives_somewhere(each)), question)


def judge(resources: Iterable[Resource], question: Question) -> Iterator[Observation]:
    return or_nothing((located(each, question) for each in resources), "resource with a region", _expected(question))


def lives_somewhere(resource: Resource) -> bool:
    if resource.type in HOMES:
        return True
    return resource.type.startswith("digitalocean:") and isinstance(value(resource, "region"), str)


def located(resource: Resource, question: Question) -> Observation:
    """One resource against the allowed prefixes."""
    subject, expected, region = label(resource), _expected(question), region_of(resource)
    if region is UNKNOWN:
        return unknown(subject, expected)
    if not isinstance(region, str) or not region:
        return failed(subject, expected, "no region is named", "name the region, so that no default decides it")
    if any(re.fullmatch(rf"{re.escape(prefix)}\d*", region.lower()) for prefix in _prefixes(question)):
        return passed(subject, expected, f"region {region}")
    return failed(subject, expected, f"region {region}", "create it anew in an allowed region and move its data there")


def region_of(resource: Resource) -> object:
    if resource.type == APP:
        spec = value(resource, "spec")
        return spec.get("region") if isinstance(spec, dict) else spec
    return value(resource, "region")


def _expected(question: Question) -> str:
    return f"a region of {', '.join(_prefixes(question))}"


def _prefixes(question: Question) -> tuple[str, ...]:
    """The regions allowed: the prefixes of `region.us-only`, or the regions that `transfer.safeguards` declares."""
    return question.promise.texts("region_prefixes" if "region_prefixes" in question.parameters else "regions")
