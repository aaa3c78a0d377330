"""Where hygiene reads what the clouds hold now: one source a kind of resource, asked once however many rules need it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from policies.kinds import (
    ACCOUNT,
    ACCOUNT_TOKEN,
    APP,
    BALANCER,
    BOT_MANAGEMENT,
    BUCKET,
    CERTIFICATE,
    CERTIFICATE_PACK,
    CLUSTER,
    DNSSEC,
    DROPLET,
    FIREWALL,
    KUBERNETES,
    MEMBER,
    ORIGIN_CERTIFICATE,
    ORIGIN_PULL_CERTIFICATE,
    RECORD,
    RESERVED_IP,
    RESERVED_IPV6,
    UNIVERSAL_SSL,
    ZONE,
    ZONE_SETTING,
)
from policies.readers import cloudflare, cloudflare_account, digitalocean, spaces, tokens, zone_switches
from policies.readers.live import Source
from policies.readers.once import Once
from policies.readers.state import Resource

if TYPE_CHECKING:
    from services.clients import Clients

IN_DIGITALOCEAN = (DROPLET, FIREWALL, BALANCER, CLUSTER, RESERVED_IP, RESERVED_IPV6, CERTIFICATE, KUBERNETES, APP)
IN_ZONES = (
    *(ZONE_SETTING, DNSSEC, UNIVERSAL_SSL, BOT_MANAGEMENT),
    *(CERTIFICATE_PACK, ORIGIN_CERTIFICATE, ORIGIN_PULL_CERTIFICATE),
)


def sources(clients: Clients) -> Mapping[str, Source]:
    """A source for every kind that a rule may need; a client that cannot be made fails in the sources that need it."""
    account = clients.settings.cloudflare.account_id
    return {
        **_each(IN_DIGITALOCEAN, lambda kind: digitalocean.sources(clients.digitalocean, kind)),
        **_each((ZONE, RECORD), lambda kind: cloudflare.sources(clients.cloudflare, account, kind)),
        **_each(IN_ZONES, lambda kind: zone_switches.sources(clients.cloudflare, account, kind)),
        **_each((ACCOUNT, MEMBER), lambda kind: cloudflare_account.sources(clients.cloudflare, account, kind)),
        **_each((ACCOUNT_TOKEN,), lambda _: tokens.sources(clients.cloudflare, account)),
        **_each((BUCKET,), lambda _: spaces.details(clients.settings, Once())),
    }


def _each(kinds: Iterable[str], make: Callable[[str], Mapping[str, Source]]) -> dict[str, Source]:
    return {kind: _first(partial(make, kind)) for kind in kinds}


def _first(make: Callable[[], Mapping[str, Source]]) -> Source:
    """The one source of a mapping, made when it is first read."""

    def read() -> Iterable[Resource]:
        (only,) = make().values()
        return only()

    return read
