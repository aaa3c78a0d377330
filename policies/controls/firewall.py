"""`firewall.https-only`: from the internet only HTTPS, from the edge's ranges, and SSH from listed addresses.

`policies.ingress` holds the rules; this file says which resources they are asked of. An app or a Kubernetes cluster has public
entries that no rule here reads, so each is unknown rather than passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies import ingress
from policies.controls.base import Question, control
from policies.findings import failed, label, or_nothing, passed, unknown
from policies.ingress import Allowance, Firewalls, Reading
from policies.kinds import APP, BALANCER, DROPLET, FIREWALL, KUBERNETES
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

MEND = "narrow the rule to the public ports from the edge's ranges, or to a private source"


@control(
    "firewall.plan", Surface.PLAN, "every inbound rule that applies to each droplet, and each balancer's entries and sources, in the stack"
)
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("firewall.live", Surface.LIVE, "every firewall, droplet, balancer, app and cluster of the account, from the DigitalOcean API")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    seen = gather(digitalocean.sources(clients.digitalocean, DROPLET, BALANCER, FIREWALL, APP, KUBERNETES))
    return seen.judged(lambda stack: judge(stack, question))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    allowance = Allowance.of(question.promise)
    return or_nothing(_judge(stack, allowance), "droplet or balancer", str(allowance))


def _judge(stack: Stack, allowance: Allowance) -> Iterator[Observation]:
    firewalls = Firewalls(stack.of(FIREWALL), allowance)
    for resource in stack.of(DROPLET, BALANCER):
        yield told(resource, ingress.open_to_outside(resource, firewalls), allowance)
    for resource in stack.of(APP, KUBERNETES):
        yield unknown(label(resource), str(allowance), "no rule reads the public entries of this kind")


def alone(resource: Resource, question: Question) -> Observation:
    """What one firewall or balancer alone can tell."""
    allowance = Allowance.of(question.promise)
    return told(resource, ingress.open_to_outside(resource, Firewalls((), allowance)), allowance)


def told(resource: Resource, reading: Reading, allowance: Allowance) -> Observation:
    subject = label(resource)
    if reading.faults:
        return failed(subject, str(allowance), "; ".join(reading.faults), MEND)
    if reading.doubts:
        return unknown(subject, str(allowance), "; ".join(reading.doubts))
    return passed(subject, str(allowance), "nothing else is let in")
