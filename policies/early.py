"""What one resource alone can tell: the checks the pack makes before a resource is created, not after.

A stack policy speaks when everything exists, a resource policy before its resource does. So each of these runs the part of a plan
control that needs no other resource, by the very function the plan control runs. It stays silent on what it cannot know; whether
something is missing from the stack is for the plan control alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policies.controls import database, edge, firewall, grants, network, observability, regions, ssh, transport
from policies.controls.base import Question
from policies.kinds import BALANCER, CLUSTER, DROPLET, FIREWALL, LOGPUSH, RECORD, RULESET, SPACES_KEY, TRUSTED, ZONE_SETTING
from policies.readers.state import Resource
from promises.observations import Observation, Outcome

Check = Callable[[Resource, Question], Observation | None]

EARLY: Mapping[str, Mapping[str, Check]] = {
    "regions.plan": dict.fromkeys(regions.HOMES, regions.located),
    "network.plan": dict.fromkeys(network.MEMBERS, network.named),
    "database.plan": {TRUSTED: database.listed, CLUSTER: database.private},
    "firewall.plan": {FIREWALL: firewall.alone, BALANCER: firewall.alone},
    "transport.plan": {ZONE_SETTING: transport.one_setting, BALANCER: transport.entries},
    "edge.plan": {RULESET: edge.one_ruleset, RECORD: edge.one_record},
    "ssh.plan": {DROPLET: ssh.one_host},
    "grants.plan": {SPACES_KEY: grants.one_key},
    "anonymous.plan": {LOGPUSH: observability.one_job},
}
"""By plan control and type of resource."""


def fault(control: str, resource: Resource, question: Question) -> Observation | None:
    """The failure that this resource alone shows, if it shows one."""
    check = EARLY.get(control, {}).get(resource.type)
    found = check(resource, question) if check else None
    return found if found and found.outcome is Outcome.FAIL else None
