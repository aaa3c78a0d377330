"""What may be probed of a stack, read from its state: the `[probes]` section of the settings (`services.probe_settings`). Pure.

Public names are the zone's records that lead a client to a machine; origins are the balancers and the hosts behind them, at their public
addresses; hosts are those again at their private ones; buckets are the stack's own. How they are reached differs by environment
(`Places`): by DNS on port 443 elsewhere, at the local edge's address and port in a local run.

Left out: records that are not proxied and lead to somebody else's machine (a CNAME), and names with an underscored label, which are no
hosts. The controls of the zone judge those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from policies.findings import items, same_id, value
from policies.kinds import BALANCER, BUCKET, DROPLET, RECORD
from policies.readers.state import Resource, Stack
from promises.flows import tag

HTTPS = 443


@dataclass(frozen=True)
class Places:
    """How a vantage reaches things. `host` is where every public name is (empty: DNS); `port` stands for 443; `bucket` gives an address."""

    bucket: Callable[[str, str], str]
    host: str = ""
    port: int = HTTPS
    source: str = ""
    ca_file: str = ""
    hops: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    from_jobs: bool = False
    """Whether a probe of a host must name the jobs host's address to come from it: on one machine, where every address is at hand."""


def spaces(name: str, region: str) -> str:
    """A bucket's own address at Spaces."""
    return f"https://{name}.{region}.digitaloceanspaces.com"


ELSEWHERE = Places(spaces)


def declared(platform: str, stack: Stack, settings: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """The section of an environment that is no local run: what the stack says, beside what an earlier section says.

    `settings` are the other sections. Names, origins, hosts and buckets are the stack's; `source`, `ca_file`, further hops and a name's own
    page or place stay as somebody wrote them.
    """
    hops = {**_hops(settings), **earlier.get("hops", {})}
    found = probes(platform, stack, replace(ELSEWHERE, hops=hops))
    names = {name: {**each, **earlier.get("names", {}).get(name, {})} for name, each in found.get("names", {}).items()}
    kept = {key: earlier[key] for key in ("source", "ca_file") if key in earlier}
    return {**kept, **found, **({"names": names} if names else {})}


def _hops(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    database, vault, objects = settings["database"], urlsplit(settings["vault"]["address"]), urlsplit(settings["objects"]["endpoint"])
    inside = {"vantage": "inside"}
    return {
        "Postgres": {
            "host": database["host"],
            "port": database["port"],
            "protocol": "postgres",
            "ca_file": str(database["ca_file"]),
            **inside,
        },
        "Vault": {"host": vault.hostname, "port": vault.port or HTTPS, "ca_file": str(settings["vault"]["ca_file"]), **inside},
        "Spaces": {"host": objects.hostname, "port": objects.port or HTTPS, "vantage": "outside"},
    }


def probes(platform: str, stack: Stack | None, places: Places) -> dict[str, Any]:
    """The section. Without a stack nothing is declared but the hops that are there anyway."""
    resources = stack or Stack("", (), "")
    section = {
        "source": places.source,
        "ca_file": places.ca_file,
        "names": {name: _named(places) for name in public_names(resources)},
        "origins": dict(_origins(resources, places)),
        "hosts": dict(_hosts(platform, resources, places)),
        "hops": {name: dict(hop) for name, hop in places.hops.items()},
        "buckets": {_text(each, "name"): places.bucket(_text(each, "name"), _text(each, "region")) for each in resources.of(BUCKET)},
    }
    return {key: each for key, each in section.items() if each}


def public_names(stack: Stack) -> tuple[str, ...]:
    """Every name under which visitors come."""
    return tuple(dict.fromkeys(_text(each, "name") for each in _addressed(stack)))


def _addressed(stack: Stack) -> Iterator[Resource]:
    for record in stack.of(RECORD):
        ours = value(record, "proxied") is True or value(record, "type") in ("A", "AAAA")
        name = _text(record, "name")
        if (
            value(record, "type") in ("A", "AAAA", "CNAME")
            and ours
            and name
            and not any(part.startswith(("_", "*")) for part in name.split("."))
        ):
            yield record


def _named(places: Places) -> dict[str, Any]:
    return {"host": places.host, "port": places.port} if places.host else {"port": places.port}


def _origins(stack: Stack, places: Places) -> Iterator[tuple[str, dict[str, Any]]]:
    for balancer in stack.of(BALANCER):
        name = _served(stack, balancer)
        if name and (address := _text(balancer, "ip")):
            yield f"balancer {_text(balancer, 'name')}", {"host": address, "port": places.port, "name": name}
        for droplet in _behind(stack, balancer):
            if name and (address := _text(droplet, "ipv4Address")):
                yield f"droplet {_text(droplet, 'name')}", {"host": address, "port": places.port, "name": name}


def _hosts(platform: str, stack: Stack, places: Places) -> Iterator[tuple[str, dict[str, Any]]]:
    jobs = next(
        (_text(each, "ipv4AddressPrivate") for each in stack.of(DROPLET) if tag(platform, "jobs") in (items(each, "tags") or ())), ""
    )
    source = {"source": jobs} if places.from_jobs and jobs else {}
    authority = {"ca_file": places.ca_file} if places.ca_file else {}
    for balancer in stack.of(BALANCER):
        name = _served(stack, balancer)
        for droplet in _behind(stack, balancer):
            if name and (address := _text(droplet, "ipv4AddressPrivate")):
                yield _text(droplet, "name"), {"host": address, "port": places.port, "name": name, **source, **authority}


def _behind(stack: Stack, balancer: Resource) -> tuple[Resource, ...]:
    chosen, ids = _text(balancer, "dropletTag"), {same_id(each) for each in items(balancer, "dropletIds") or ()}
    return tuple(each for each in stack.of(DROPLET) if chosen in (items(each, "tags") or ()) or same_id(value(each, "id")) in ids)


def _served(stack: Stack, balancer: Resource) -> str:
    """The public name whose record leads to this balancer."""
    address = _text(balancer, "ip")
    return next((_text(each, "name") for each in _addressed(stack) if address and value(each, "content") == address), "")


def _text(resource: Resource, name: str) -> str:
    seen = value(resource, name)
    return seen if isinstance(seen, str) else ""
