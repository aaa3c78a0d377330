"""The account's zones with their settings, records and rulesets, read through Cloudflare's own client and never changed.

The client pages lists to their end and tries a call at most twice more; it raises for every refusal. A phase without a ruleset is
simply not there. Page rules and TLS settings of single names answer 404 where the account has no such feature: there are none then.
Properties get the names that the provider gives them in a stack's state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from policies.kinds import HOSTNAME_TLS, PAGE_RULE, RECORD, RULESET, ZONE, ZONE_SETTING
from policies.readers.live import Source, resource, rows
from policies.readers.state import Resource
from policies.waf import DDOS, SKIPPING
from services.errors import BadData, Refused, Unreachable

if TYPE_CHECKING:
    from cloudflare import Cloudflare

T = TypeVar("T")

SETTINGS = ("min_tls_version", "tls_1_3", "ssl", "always_use_https")
"""The settings that a control judges."""

PHASES = (*SKIPPING, *DDOS, "http_config_settings")
"""The phases whose rules a control judges."""

PER_PAGE = 50


def sources(client: Cloudflare, account: str, *kinds: str) -> Mapping[str, Source]:
    """A source for each kind of resource asked for, over every zone of the account."""
    readers: Mapping[str, Callable[[Cloudflare, str], Iterable[Resource]]] = {
        ZONE: _zones,
        ZONE_SETTING: _settings,
        RECORD: _records,
        RULESET: _rulesets,
        PAGE_RULE: _page_rules,
        HOSTNAME_TLS: _hostname_versions,
    }
    names = {ZONE: "zones", ZONE_SETTING: "zone settings", RECORD: "records", RULESET: "rulesets", PAGE_RULE: "page rules"}
    named = {kind: names.get(kind, "TLS settings of names") for kind in kinds}
    return {f"{named[kind]} of Cloudflare": source(readers[kind], client, account) for kind in kinds}


def source(read: Callable[[Cloudflare, str], Iterable[Resource]], client: Cloudflare, account: str) -> Source:
    return lambda: call(lambda: list(read(client, account)))


def call(ask: Callable[[], T]) -> T:
    """One question, all its calls. A refusal and an outage become errors of ours that hold no text of the answer."""
    import cloudflare

    try:
        return ask()
    except cloudflare.APIStatusError as error:
        failure: Exception = Refused(
            f"Cloudflare answered {error.status_code} for {error.request.url.path}", "check the token's permissions"
        )
    except cloudflare.APIConnectionError as error:
        failure = Unreachable(f"Cloudflare did not answer ({type(error).__name__})", "check the network and the endpoint")
    except (cloudflare.CloudflareError, ValueError) as error:
        failure = BadData(f"Cloudflare's answer could not be read ({type(error).__name__})", "check the endpoint")
    raise failure from None


def camel(seen: Any) -> Any:
    """Names as the provider writes them: `action_parameters` is `actionParameters`, at every depth."""
    if isinstance(seen, Mapping):
        return {re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), key): camel(each) for key, each in seen.items()}
    return [camel(each) for each in seen] if isinstance(seen, list) else seen


def _zones(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in client.zones.list(account={"id": account}, per_page=PER_PAGE):
        yield resource(ZONE, zone.name, id=zone.id, paused=zone.paused, status=zone.status, type=zone.type)


def zone_ids(client: Cloudflare, account: str) -> tuple[str, ...]:
    return tuple(str(zone.get("id")) for zone in _zones(client, account))


def _settings(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for setting in SETTINGS:
            seen = client.zones.settings.get(setting, zone_id=zone)
            if seen is None:
                raise BadData(f"Cloudflare's answer for {setting} is empty", "check the endpoint")
            yield resource(ZONE_SETTING, setting, zoneId=zone, settingId=setting, value=seen.to_dict()["value"])


def _records(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for record in client.dns.records.list(zone_id=zone, per_page=100):
            seen = camel(record.to_dict())
            told = {"type": seen["type"], **{name: seen.get(name) for name in ("content", "data", "proxied")}}
            yield resource(RECORD, seen["name"], id=seen["id"], zoneId=zone, **told)


def _rulesets(client: Cloudflare, account: str) -> Iterator[Resource]:
    """Those of every zone, and those of the account, which work on all of them. Cloudflare's own (kind `managed`) are listed too."""
    for zone in zone_ids(client, account):
        for listed in client.rulesets.list(zone_id=zone):
            if listed.phase in PHASES and listed.kind != "managed":
                yield _ruleset(client.rulesets.get(listed.id, zone_id=zone).to_dict(), zoneId=zone)
    for listed in client.rulesets.list(account_id=account):
        if listed.phase in PHASES and listed.kind != "managed":
            yield _ruleset(client.rulesets.get(listed.id, account_id=account).to_dict(), accountId=account)


def _ruleset(seen: Mapping[str, Any], **owner: str) -> Resource:
    rules = camel(seen.get("rules") or [])
    return resource(RULESET, str(seen["name"]), id=seen["id"], kind=seen["kind"], phase=seen["phase"], rules=rules, **owner)


def _page_rules(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for seen in bare(client, f"/zones/{zone}/pagerules"):
            actions = camel({each["id"]: each.get("value", True) for each in seen["actions"]})
            target = next((each["constraint"]["value"] for each in seen.get("targets") or ()), "")
            yield resource(PAGE_RULE, str(seen["id"]), zoneId=zone, target=target, actions=actions, status=seen.get("status"))


def _hostname_versions(client: Cloudflare, account: str) -> Iterator[Resource]:
    for zone in zone_ids(client, account):
        for seen in bare(client, f"/zones/{zone}/hostnames/settings/min_tls_version"):
            name = seen["hostname"]
            yield resource(HOSTNAME_TLS, name, zoneId=zone, hostname=name, settingId="min_tls_version", value=seen["value"])


def bare(client: Cloudflare, path: str) -> list[dict[str, Any]]:
    """A list that the client has no good types for; empty where the account has no such feature."""
    import cloudflare

    try:
        answer = client.get(path, cast_to=object)
    except cloudflare.NotFoundError:
        return []
    return rows(answer, "result", path.rpartition("/")[2])
