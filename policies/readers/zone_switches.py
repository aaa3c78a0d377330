"""What each zone is switched to, and the certificates that stand for it: every setting at once, DNSSEC, universal SSL, bots, packs.

Read through Cloudflare's own client and never changed; the client pages lists to their end. A zone without packs, or without certificates
for its origins, answers an empty list. Properties get the names that the provider gives them in a stack's state; the value of a setting
keeps the API's own spelling, as it does there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.kinds import (
    BOT_MANAGEMENT,
    CERTIFICATE_PACK,
    DNSSEC,
    ORIGIN_CERTIFICATE,
    ORIGIN_PULL_CERTIFICATE,
    UNIVERSAL_SSL,
    ZONE_SETTING,
)
from policies.readers.cloudflare import PER_PAGE, bare, camel, source, zone_ids
from policies.readers.live import Source, resource
from policies.readers.state import Resource
from services.errors import BadData

if TYPE_CHECKING:
    from cloudflare import Cloudflare

SWITCHES: Mapping[str, str] = {DNSSEC: "dnssec", UNIVERSAL_SSL: "ssl/universal/settings", BOT_MANAGEMENT: "bot_management"}
"""What a zone has exactly one of, and where it answers."""


def sources(client: Cloudflare, account: str, *kinds: str) -> Mapping[str, Source]:
    """A source for each kind of resource asked for, over every zone of the account."""
    readers: Mapping[str, Callable[[Cloudflare, str], Iterable[Resource]]] = {
        ZONE_SETTING: _settings,
        **{kind: _switch(kind) for kind in SWITCHES},
        CERTIFICATE_PACK: _packs,
        ORIGIN_CERTIFICATE: _origin_certificates,
        ORIGIN_PULL_CERTIFICATE: _origin_pull_certificates,
    }
    return {kind: source(readers[kind], client, account) for kind in kinds}


def _settings(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for row in bare(client, f"/zones/{zone}/settings"):
            yield resource(ZONE_SETTING, row["id"], zoneId=zone, settingId=row["id"], value=row["value"])


def _switch(kind: str) -> Callable[[Cloudflare, str], Iterator[Resource]]:
    def read(client: Cloudflare, account: str) -> Iterator[Resource]:
        for zone in zone_ids(client, account):
            answer = client.get(f"/zones/{zone}/{SWITCHES[kind]}", cast_to=object)
            found = answer.get("result") if isinstance(answer, Mapping) else None
            if not isinstance(found, Mapping):
                raise BadData(f"Cloudflare's answer for {SWITCHES[kind]} has no result", "check the endpoint")
            yield resource(kind, zone, zoneId=zone, **_plain(found))

    return read


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a zone's own resource has names for."""
    return {name: each for name, each in camel(found).items() if name not in ("name", "zoneId")}


def _packs(client: Cloudflare, account: str) -> Iterator[Resource]:
    """Those in force, or on their way."""
    for zone in zone_ids(client, account):
        for pack in client.ssl.certificate_packs.list(zone_id=zone, per_page=PER_PAGE):
            seen = camel(pack.to_dict())
            held = [{"expiresOn": each.get("expiresOn")} for each in seen.get("certificates") or ()]
            yield resource(CERTIFICATE_PACK, seen["id"], zoneId=zone, hosts=seen["hosts"], status=seen["status"], certificates=held)


def _origin_certificates(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for found in client.origin_ca_certificates.list(zone_id=zone, per_page=PER_PAGE):
            seen = found.to_dict()
            yield resource(ORIGIN_CERTIFICATE, str(seen["id"]), expiresOn=seen.get("expires_on"))


def _origin_pull_certificates(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for row in bare(client, f"/zones/{zone}/origin_tls_client_auth"):
            kept = {"expiresOn": row.get("expires_on"), "certificate": row.get("certificate")}
            yield resource(ORIGIN_PULL_CERTIFICATE, row["id"], zoneId=zone, **kept)
