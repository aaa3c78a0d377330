"""Part of `access.rbac`: each key of the buckets opens one bucket, for one purpose, and no more of it than the purpose needs.

The purposes are a closed table. A key that is named for none of them, opens another bucket or more of its own than its purpose
needs is a failure; so is one without limits, but for the one named `<platform>-provisioning`, which belongs to whoever runs the stack
and to no host. Keys named for another platform of the house are judged with that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policies.controls.base import Question, control
from policies.findings import has_unknown, items, judged, label, not_applicable, or_nothing, unknown, value
from policies.kinds import SPACES_KEY
from policies.parties import another_platform, provisioner
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

PURPOSES: Mapping[str, tuple[str, str]] = {
    "objects": ("objects", "readwrite"),
    "logs": ("logs", "readwrite"),
    "logs_reader": ("logs", "read"),
    "wheels": ("wheels", "read"),
    "backup_writer": ("backups", "readwrite"),
    "backup_reader": ("backups", "read"),
    "evidence": ("evidence", "readwrite"),
}
"""By purpose, the one bucket and the most that the key may do in it."""

EXPECTED = "one bucket, no more in it than its purpose needs"

MEND = "make the key anew with the one grant of its purpose, and destroy this one"


@control("grants.plan", Surface.PLAN, "the grants of every Spaces key, in the stack")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("grants.live", Surface.LIVE, "the grants of every Spaces key of the account, from the DigitalOcean API")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    return gather(digitalocean.sources(clients.digitalocean, SPACES_KEY)).judged(lambda stack: judge(stack, question))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    platform = question.catalog.platform
    own = [key for key in stack.of(SPACES_KEY) if not another_platform(key, question.catalog)]
    return or_nothing((least(key, platform) for key in own), "Spaces key", EXPECTED)


def one_key(key: Resource, question: Question) -> Observation:
    """What one key alone can tell."""
    return least(key, question.catalog.platform)


def least(key: Resource, platform: str) -> Observation:
    """One key against its purpose."""
    grants, name = items(key, "grants"), value(key, "name")
    if grants is None or has_unknown(grants) or has_unknown(name):
        return unknown(label(key), EXPECTED)
    if name == provisioner(platform):
        return not_applicable(label(key), EXPECTED, "with it the stack's buckets are made; no host and no job has it")
    return judged(label(key), EXPECTED, list(_faults(str(name), grants, platform)), _told(grants), MEND)


def _faults(name: str, grants: Sequence[Any], platform: str) -> Iterator[str]:
    purpose = PURPOSES.get(name.removeprefix(f"{platform}-"))
    if purpose is None or not name.startswith(f"{platform}-"):
        yield f"is named for no purpose, and opens {_told(grants)}"
        return
    bucket, most = f"{platform}-{purpose[0]}", purpose[1]
    for grant in grants:
        if grant.get("bucket") != bucket:
            yield f"opens {grant.get('bucket') or 'every bucket'} ({grant.get('permission')})"
        elif grant.get("permission") not in ("read", most):
            yield f"may {grant.get('permission')} where {most} is enough"


def _told(grants: Sequence[Any]) -> str:
    return ", ".join(f"{grant.get('bucket') or 'every bucket'} ({grant.get('permission')})" for grant in grants) or "nothing"
