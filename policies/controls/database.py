"""`database.no-public-access`: the managed database answers trusted sources only.

An empty list of trusted sources means that the whole internet may connect: a failure. All address rules of a cluster are taken
together, so that two halves of the internet count as the whole; outside private networks no block may be wider than one site
(/24, /48: `policies.addresses`). Tags, droplets, clusters and apps are members of the account and fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.addresses import Addresses
from policies.controls.base import Question, control
from policies.findings import failed, items, label, or_nothing, passed, unknown, value
from policies.kinds import CLUSTER, TRUSTED
from policies.probes.postgres import Answer, Door, knock
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface, Vantage

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED = "only named trusted sources, none wider than one site"

MEND = "list the droplets, tags and addresses that need the database, and nothing else, as its trusted sources"

EXPECTED_REFUSAL = "an address that is no trusted source is refused before it is asked who it is"

TRUSTED_ADDRESS = "127.0.0.1"
"""Locally the jobs host, which is always a trusted source."""

UNTRUSTED_ADDRESS = "127.66.6.6"
"""Locally an address that no host has."""

EXPECTED_PRIVATE = "stands in a private network"

MEND_PRIVATE = "create it with the id of the stack's VPC as private_network_uuid"


@control("database.plan", Surface.PLAN, "the trusted sources and the private network of every database cluster, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return or_nothing(_judge(stack, question), "database", EXPECTED)


@control("database.trusted-sources", Surface.LIVE, "the trusted sources of every database cluster, from the DigitalOcean API")
def trusted_sources(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    seen = gather(digitalocean.sources(clients.digitalocean, CLUSTER, TRUSTED))
    return seen.judged(lambda stack: or_nothing((closed(each, stack.of(TRUSTED)) for each in stack.of(CLUSTER)), "database", EXPECTED))


@control(
    "database.probe",
    Surface.LIVE,
    "a Postgres handshake over TLS from an address that is no trusted source, up to the server's first answer",
    vantage=Vantage.OUTSIDE,
)
def probe(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    """Locally from an address of its own on loopback, after the same handshake from a trusted one shows that it could succeed."""
    database = clients.settings.database
    subject = f"database {database.host}:{database.port}"
    if clients.settings.environment == "local":
        yield probed_locally(subject, knock(database, TRUSTED_ADDRESS), knock(database, UNTRUSTED_ADDRESS))
        return
    answer = knock(database)
    inside = answer.door is Door.OPEN and answer.source in _own_addresses(clients)
    yield probed_from_here(subject, answer, inside=inside)


def _own_addresses(clients: Clients) -> frozenset[str]:
    """The addresses of the account's droplets, private ones included: from one of them, being let in proves nothing."""
    found = digitalocean.pages("droplets", clients.digitalocean.droplets.list, "droplets")
    return frozenset(each["ip_address"] for row in found for family in row["networks"].values() for each in family)


def probed_locally(subject: str, trusted: Answer, untrusted: Answer) -> Observation:
    """A refusal counts only beside a handshake that was not refused."""
    said = f"from {UNTRUSTED_ADDRESS}: {untrusted.seen}; from {TRUSTED_ADDRESS}: {trusted.seen}"
    if untrusted.door is Door.OPEN:
        return failed(subject, EXPECTED_REFUSAL, said, MEND)
    if untrusted.door is Door.REFUSED and trusted.door is Door.OPEN:
        return passed(subject, EXPECTED_REFUSAL, said)
    return unknown(subject, EXPECTED_REFUSAL, said)


def probed_from_here(subject: str, answer: Answer, *, inside: bool) -> Observation:
    """From the vantage's own address: a refusal and silence are what an outsider must meet."""
    if inside:
        return unknown(subject, EXPECTED_REFUSAL, f"probed from {answer.source}, a host of the platform: run it from outside")
    if answer.door is Door.OPEN:
        return failed(subject, EXPECTED_REFUSAL, answer.seen, MEND)
    if answer.door in (Door.REFUSED, Door.UNREACHABLE):
        return passed(subject, EXPECTED_REFUSAL, answer.seen)
    return unknown(subject, EXPECTED_REFUSAL, answer.seen)


def _judge(stack: Stack, question: Question) -> Iterator[Observation]:
    for cluster in stack.of(CLUSTER):
        yield closed(cluster, stack.of(TRUSTED))
        yield private(cluster, question)


def private(cluster: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    subject, network = f"private network of {label(cluster)}", value(cluster, "privateNetworkUuid")
    if network is UNKNOWN:
        return unknown(subject, EXPECTED_PRIVATE)
    if not network:
        return failed(subject, EXPECTED_PRIVATE, "private_network_uuid is not set", MEND_PRIVATE)
    return passed(subject, EXPECTED_PRIVATE, f"network {network}")


def closed(cluster: Resource, lists: Iterable[Resource]) -> Observation:
    """The cluster's trusted sources, from every list that names it."""
    subject, identity = f"trusted sources of {label(cluster)}", value(cluster, "id")
    own, perhaps = [], []
    for trusted in lists:
        target = value(trusted, "clusterId")
        if target is UNKNOWN or identity in (UNKNOWN, None):
            perhaps.append(trusted)
        elif target == identity:
            own.append(trusted)
    if own:
        return sources(subject, own)
    if perhaps:
        seen = sources(subject, perhaps)
        return seen if seen.mend else unknown(subject, EXPECTED)
    return failed(subject, EXPECTED, "no trusted sources are declared, so everybody may connect", MEND)


def listed(trusted: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    """What one list of trusted sources alone can tell."""
    return sources(label(trusted), [trusted])


def sources(subject: str, lists: Iterable[Resource]) -> Observation:
    """Lists of one cluster together. A cluster has one: of several, each may be the one that was set last, so none may be empty."""
    found = [items(trusted, "rules") for trusted in lists]
    if () in found:
        return failed(subject, EXPECTED, "the list is empty, so everybody may connect", MEND)
    if None in found:
        return unknown(subject, EXPECTED)
    return _weighed(subject, [rule for rules in found for rule in rules or ()])


def _weighed(subject: str, rules: list[Mapping[str, Any]]) -> Observation:
    try:
        addresses = Addresses.parse(rule["value"] for rule in rules if rule.get("type") == "ip_addr")
    except (KeyError, ValueError) as error:
        return unknown(subject, EXPECTED, f"a rule cannot be read ({error})")
    if wide := addresses.too_wide():
        return failed(subject, EXPECTED, f"trusts {', '.join(str(block) for block in wide)}", MEND)
    return passed(subject, EXPECTED, ", ".join(f"{rule.get('type')} {rule.get('value')}" for rule in rules))
