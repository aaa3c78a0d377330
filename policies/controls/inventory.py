"""Drift: nothing is in the account that is not in code, nothing declared is gone, and rule lists are as declared.

One control, proof of several promises, each for the kinds it is about: what nobody declared, nobody reviewed, and the other controls of
the promise judge it only by what it shows. The stored state says what was declared (`policies.readers.declared`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import judged, or_nothing
from policies.inventory import Difference, compare
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
    TRUSTED,
    VOLUME,
    VPC,
    ZONE,
)
from policies.readers import cloudflare, digitalocean, spaces
from policies.readers.declared import declared
from policies.readers.live import Source, gather
from policies.readers.once import Once
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

ABOUT: Mapping[str, tuple[str, ...]] = {
    "region.us-only": (DROPLET, VPC, BALANCER, CLUSTER, REPLICA, VOLUME, BUCKET, APP, KUBERNETES),
    "network.private-vpc": (DROPLET, VPC, BALANCER, CLUSTER, REPLICA),
    "firewall.https-only": (FIREWALL, DROPLET, BALANCER, APP, KUBERNETES),
    "database.no-public-access": (CLUSTER, REPLICA, TRUSTED),
    "edge.waf-and-ddos": (ZONE, RECORD, RULESET),
}
"""By promise, the kinds whose strangers would escape it."""

OUTSIDE = (ZONE, RECORD, RULESET)
"""Kinds of Cloudflare's."""

EXPECTED = "in the account as the code declares it"

MEND = "import it into the program and review it, or delete it; then let `pulumi up` put back what was changed"


@control("inventory.live", Surface.LIVE, "what both accounts and Spaces hold, against the stored state of the stack, by id")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    known = declared(clients.settings)
    kinds = ABOUT.get(question.promise.id, ())
    seen = gather(_sources(clients, kinds, question.once))
    found = compare(seen.stack, known, kinds, question.catalog)
    return seen.judged(lambda _: or_nothing(map(told, found), "resource", EXPECTED))


def _sources(clients: Clients, kinds: tuple[str, ...], once: Once) -> Mapping[str, Source]:
    outside = [kind for kind in kinds if kind in OUTSIDE]
    inside = [kind for kind in kinds if kind not in (*OUTSIDE, BUCKET)]
    return {
        **(digitalocean.sources(clients.digitalocean, *inside) if inside else {}),
        **(cloudflare.sources(clients.cloudflare, clients.settings.cloudflare.account_id, *outside) if outside else {}),
        **(spaces.sources(clients.settings, once) if BUCKET in kinds else {}),
    }


def told(difference: Difference) -> Observation:
    return judged(difference.subject, EXPECTED, [difference.why] if difference.why else [], "as declared", MEND)
