"""What of a stack may be probed, and how each environment reaches it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kept import local_probes
from kept.local_settings import render
from kept.probe_settings import ELSEWHERE, Places, declared, probes, public_names
from localcloud.servers import endpoints
from localcloud.servers.layout import Layout
from localcloud.servers.server import Place
from policies.kinds import BALANCER, BUCKET, DROPLET, RECORD
from policies.readers.state import UNKNOWN, Resource, Stack
from services.probe_settings import Probes

IP = "203.0.113.9"


def resource(kind: str, name: str, /, **outputs: Any) -> Resource:
    return Resource(f"urn::{kind}::{name}", kind, name, {}, {"name": name, **outputs}, protect=False, parent=None, dependencies=())


def record(name: str, content: Any = IP, /, **outputs: Any) -> Resource:
    return resource(RECORD, name, **{"type": "A", "content": content, "proxied": True, **outputs})


def droplet(name: str, number: int, tag: str) -> Resource:
    private, public = f"10.0.0.{number}", f"198.51.100.{number}"
    return resource(DROPLET, name, id=str(number), tags=[tag], ipv4AddressPrivate=private, ipv4Address=public)


def stack(*more: Resource) -> Stack:
    machines = [droplet("shop-app-1", 1, "shop-app"), droplet("shop-app-2", 2, "shop-app"), droplet("shop-jobs-1", 3, "shop-jobs")]
    balancer = resource(BALANCER, "shop-public", ip=IP, dropletTag="shop-app")
    bucket = resource(BUCKET, "shop-objects", region="nyc3")
    return Stack("shop", (record("app.shop.example"), balancer, *machines, bucket, *more), "")


LOCAL = Places(lambda name, _: f"https://s3/{name}", host="127.201.0.1", port=24443, source="127.66.6.6", ca_file="/ca", from_jobs=True)


def test_elsewhere_names_are_resolved_and_everything_is_at_port_443():
    section = probes("shop", stack(), ELSEWHERE)
    assert section == {
        "names": {"app.shop.example": {"port": 443}},
        "origins": {
            "balancer shop-public": {"host": IP, "port": 443, "name": "app.shop.example"},
            "droplet shop-app-1": {"host": "198.51.100.1", "port": 443, "name": "app.shop.example"},
            "droplet shop-app-2": {"host": "198.51.100.2", "port": 443, "name": "app.shop.example"},
        },
        "hosts": {
            "shop-app-1": {"host": "10.0.0.1", "port": 443, "name": "app.shop.example"},
            "shop-app-2": {"host": "10.0.0.2", "port": 443, "name": "app.shop.example"},
        },
        "buckets": {"shop-objects": "https://shop-objects.nyc3.digitaloceanspaces.com"},
    }
    assert Probes.model_validate(section)


def test_locally_everything_has_an_address_of_its_own():
    section = probes("shop", stack(), LOCAL)
    assert section["names"]["app.shop.example"] == {"host": "127.201.0.1", "port": 24443}
    assert section["hosts"]["shop-app-2"]["source"] == "10.0.0.3"
    assert section["buckets"] == {"shop-objects": "https://s3/shop-objects"}
    assert Probes.model_validate(section).source == "127.66.6.6"


NAMES: dict[str, tuple[dict[str, Any], bool]] = {
    "a proxied name": ({}, True),
    "a name that shows its origin": ({"proxied": False}, True),
    "a proxied alias": ({"type": "CNAME", "content": "app.shop.example"}, True),
    "an alias of somebody else's machine": ({"type": "CNAME", "content": "pages.example", "proxied": False}, False),
    "a text": ({"type": "TXT", "content": "v=spf1 -all", "proxied": False}, False),
    "a name of no host": ({"name": "_dmarc.shop.example"}, False),
    "every name": ({"name": "*.shop.example"}, False),
    "a name not known yet": ({"name": UNKNOWN}, False),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_public_name_is_one_that_leads_to_us(case: str):
    said, expected = NAMES[case]
    found = public_names(Stack("", (record("other.shop.example", **said),), ""))
    assert bool(found) is expected


def test_what_is_not_known_yet_is_not_declared():
    unborn = Stack("", (record("app.shop.example", UNKNOWN), resource(BALANCER, "shop-public", ip=UNKNOWN, dropletTag="shop-app")), "")
    assert probes("shop", unborn, ELSEWHERE) == {"names": {"app.shop.example": {"port": 443}}}


def test_a_balancer_may_name_its_hosts_by_their_ids():
    """The cloud writes ids as numbers here and as texts there."""
    named = resource(BALANCER, "shop-public", ip=IP, dropletIds=[2.0])
    chosen = Stack("", (record("app.shop.example"), named, droplet("a", 1, "t"), droplet("b", 2, "t")), "")
    assert set(probes("shop", chosen, ELSEWHERE)["hosts"]) == {"b"}


def test_a_balancer_that_no_name_leads_to_is_no_origin():
    assert len(probes("shop", stack(resource(BALANCER, "other", ip="203.0.113.10")), ELSEWHERE)["origins"]) == 3


SETTINGS = {
    "database": {"host": "db.internal", "port": 25060, "ca_file": "/db.pem"},
    "vault": {"address": "https://vault-1.internal:8200", "ca_file": "/vault.pem"},
    "objects": {"endpoint": "https://sfo3.digitaloceanspaces.com"},
}


def test_another_environments_section_is_the_stacks_beside_what_somebody_wrote():
    earlier = {
        "source": "192.0.2.1",
        "names": {"app.shop.example": {"page": "/up"}, "gone.shop.example": {}},
        "origins": {"gone": {"host": "192.0.2.2", "name": "gone.shop.example"}},
        "hops": {
            "mail": {"host": "mail.example", "port": 465, "vantage": "outside"},
            "Spaces": {"host": "x", "port": 1, "vantage": "outside"},
        },
    }
    section = declared("shop", stack(), SETTINGS, earlier)
    found = Probes.model_validate(section)
    assert section["names"] == {"app.shop.example": {"port": 443, "page": "/up"}}
    assert (found.source, set(found.origins), set(found.hops)) == (
        "192.0.2.1",
        {"balancer shop-public", "droplet shop-app-1", "droplet shop-app-2"},
        {"Postgres", "Vault", "Spaces", "mail"},
    )
    assert (found.hops["Vault"].host, found.hops["Vault"].port, found.hops["Spaces"].host) == ("vault-1.internal", 8200, "x")
    assert (found.hops["Postgres"].protocol, str(found.hops["Postgres"].ca_file)) == ("postgres", "/db.pem")


def test_without_an_earlier_section_the_hops_are_those_of_the_other_settings():
    found = Probes.model_validate(declared("shop", stack(), SETTINGS, {}))
    assert {name: (hop.host, hop.port, hop.vantage) for name, hop in found.hops.items()} == {
        "Postgres": ("db.internal", 25060, "inside"),
        "Vault": ("vault-1.internal", 8200, "inside"),
        "Spaces": ("sfo3.digitaloceanspaces.com", 443, "outside"),
    }
    assert declared("shop", Stack("", (), ""), SETTINGS, {}).keys() == {"hops"}


@pytest.fixture
def known(tmp_path: Path) -> endpoints.Endpoints:
    names = ("postgres", "openbao", "openbao_cluster", "objects", "clouds", "edge", "edge.tls", "edge.plain")
    return endpoints.of(Place(Layout(tmp_path), {name: 20000 + number for number, name in enumerate(names)}))


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"version": 9}'])
def test_a_state_that_is_not_there_or_none_declares_nothing_but_the_hops(known: endpoints.Endpoints, tmp_path: Path, content: str | None):
    file = tmp_path / "state.json"
    if content is not None:
        file.write_text(content)
    section = local_probes.section(known, "shop", file)
    assert set(section) == {"source", "ca_file", "hops"}


def test_the_local_section_reads_back_from_the_file_as_it_was_meant(known: endpoints.Endpoints, tmp_path: Path):
    section = local_probes.section(known, "shop", tmp_path / "none")
    section["names"] = {'app."shop".example': {"host": "127.201.0.1", "port": 1}}
    read = tomllib.loads(render({"probes": json.loads(json.dumps(section))}))["probes"]
    assert read == section
    found = Probes.model_validate(read)
    assert [name for name, hop in found.hops.items() if hop.protocol == "plain"] == ["the clouds' APIs"]
    assert {name for name, hop in found.hops.items() if hop.vantage == "inside"} == {"Postgres", "Vault", "Vault cluster"}
