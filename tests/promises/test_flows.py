"""The table of flows: what is read, what is refused with line and remedy, and what an editor sees."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from promises.flows import HOSTS, REACHES, Flow, inbound, outbound, read_flows, tag
from promises.kinds import kinds
from promises.loading import load_catalog, platforms, read_catalog
from promises.nodes import CatalogError, parse
from promises.schema import schema
from tests.promises.test_schema import read, text

TABLE = """\
- {source: edge, target: balancer, protocol: tcp, ports: 443, purpose: visitors}
- {source: balancer, target: app, protocol: tcp, ports: 443, purpose: visitors}
- {source: app, target: database, protocol: tcp, ports: 25060-25061, purpose: rows}
- {source: app, target: internet, protocol: udp, ports: 53, purpose: names}
"""


def flows_of(table: str, public_ports: tuple[str, ...] | None = None) -> tuple[Flow, ...]:
    return read_flows(parse(table, "flows.yaml"), public_ports)


def test_a_table_is_read() -> None:
    edge, balancer, rows, names = flows_of(TABLE, ("tcp/443",))
    assert edge == Flow("edge", "balancer", "tcp", "443", "visitors")
    assert (rows.first, rows.last) == (25060, 25061)
    assert (names.first, names.last) == (53, 53)
    assert str(balancer) == "balancer -> app tcp/443"


def test_a_party_has_what_comes_in_and_what_goes_out() -> None:
    table = flows_of(TABLE)
    assert [flow.source for flow in inbound(table, "app")] == ["balancer"]
    assert [flow.target for flow in outbound(table, "app")] == ["database", "internet"]
    assert tag("illumacom", "vault") == "illumacom-vault"


REFUSED = {
    "an unknown key": ("ports: 443,", "port: 443,", 1, "unknown key 'port'", "write 'ports'"),
    "a flow without a purpose": (", purpose: rows", "", 3, "the key 'purpose' is missing", "add"),
    "a purpose that says nothing": ("purpose: rows", 'purpose: ""', 3, "the value is missing", "write"),
    "a party nobody knows": ("source: edge", "source: egde", 1, "unknown source of a flow 'egde'", "write 'edge'"),
    "the internet as a source": ("source: edge", "source: internet", 1, "unknown source of a flow 'internet'", "write"),
    "the edge at a host": ("target: balancer", "target: app", 1, "nothing goes from edge to 'app'", "write one of balancer"),
    "the internet behind the balancer": (
        "source: balancer, target: app",
        "source: balancer, target: internet",
        2,
        "to 'internet'",
        "write one of app",
    ),
    "a host at the balancer": ("target: database", "target: balancer", 3, "nothing goes from app to 'balancer'", "write one of app"),
    "a protocol without ports": ("protocol: udp", "protocol: icmp", 4, "unknown protocol 'icmp'", "write"),
    "every port": ("ports: 443, purpose: visitors", "ports: all, purpose: visitors", 1, "'all' is no port", "443 or 25060-25061"),
    "port nought": ("ports: 53", "ports: 0", 4, "'0' is no port", "write"),
    "a port beyond the last": ("ports: 53", "ports: 65536", 4, "'65536' is no port", "write"),
    "a range that ends beyond the last": ("25060-25061", "25060-65536", 3, "is no port", "write"),
    "a range that runs backwards": ("25060-25061", "25061-25060", 3, "is no port", "write"),
    "a range of one port": ("25060-25061", "25060-25060", 3, "is no port", "write"),
    "a list of ports": ("25060-25061", '"25060,25061"', 3, "is no port", "write"),
    "a flow twice": (
        "- {source: app, target: internet, protocol: udp, ports: 53",
        "- {source: app, target: database, protocol: tcp, ports: 25061",
        4,
        "app -> database tcp/25061 is already permitted on line 3",
        "keep one",
    ),
}


@pytest.mark.parametrize(("before", "after", "line", "problem", "instead"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_line_and_remedy(before: str, after: str, line: int, problem: str, instead: str) -> None:
    assert before in TABLE
    with pytest.raises(CatalogError) as refusal:
        flows_of(TABLE.replace(before, after, 1))
    assert refusal.value.message.startswith(f"flows.yaml:{line}: "), refusal.value.message
    assert problem in refusal.value.message
    assert instead in refusal.value.hint


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(CatalogError, match="the table of flows is empty"):
        flows_of("[]")


ALIKE_BUT_APART = {
    "another protocol": "{source: app, target: database, protocol: udp, ports: 25060-25061, purpose: rows}",
    "another target": "{source: app, target: vault, protocol: tcp, ports: 25060-25061, purpose: rows}",
    "another source": "{source: jobs, target: database, protocol: tcp, ports: 25060-25061, purpose: rows}",
    "the ports beside": "{source: app, target: database, protocol: tcp, ports: 25062, purpose: rows}",
}


@pytest.mark.parametrize("other", ALIKE_BUT_APART.values(), ids=ALIKE_BUT_APART.keys())
def test_flows_that_share_no_packet_stand_side_by_side(other: str) -> None:
    assert len(flows_of(f"{TABLE}- {other}\n")) == 5


PUBLIC = {
    "a port more than promised": (
        ("tcp/443",),
        TABLE.replace("ports: 443", "ports: 80-443", 1),
    ),
    "a port less than promised": (("tcp/443", "tcp/8443"), TABLE),
    "the promised port over another protocol": (("udp/443",), TABLE),
    "no flow from the edge at all": (("tcp/443",), "\n".join(TABLE.splitlines()[1:])),
}


@pytest.mark.parametrize(("promised", "table"), PUBLIC.values(), ids=PUBLIC.keys())
def test_what_the_edge_reaches_is_what_was_promised(promised: tuple[str, ...], table: str) -> None:
    with pytest.raises(CatalogError, match=r"flows.yaml:1: the edge reaches .*, but firewall.https-only promises"):
        flows_of(table, promised)


def test_the_figure_is_the_catalogs_own() -> None:
    whole = text("illumacom")
    with pytest.raises(CatalogError, match=r"the edge reaches tcp/443, but firewall.https-only promises tcp/8443"):
        read_catalog(whole.replace("public_ports: [tcp/443]", "public_ports: [tcp/8443]"), None)


def test_a_catalog_may_declare_none() -> None:
    whole = text("luggage")
    start, end = whole.index("# Who may open"), whole.index("# How often each job")
    assert read_catalog(whole[:start] + whole[end:], None).flows == ()


@pytest.mark.parametrize("platform", platforms())
def test_the_published_tables_open_nothing_but_the_edge_and_operations_to_the_outside(platform: str) -> None:
    table = load_catalog(platform, None).flows
    assert {(flow.target, flow.ports) for flow in table if flow.source == "edge"} == {("balancer", "443")}
    assert {(flow.target, flow.ports) for flow in table if flow.source == "operators"} == {(host, "22") for host in HOSTS}
    assert {flow.ports for flow in table if flow.target == "internet"} == {"443", "53", "123"}
    assert {flow.source for flow in inbound(table, "vault") if flow.ports.startswith("8200")} == {"app", "jobs", "vault"}


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(json.loads(json.dumps(schema(kinds()))))


SEEN_BY_AN_EDITOR = {
    "the internet as a source": ("{source: edge, target: balancer", "{source: internet, target: balancer"),
    "a target the source never reaches": ("{source: edge, target: balancer", "{source: edge, target: app"),
    "every port": ("target: balancer, protocol: tcp, ports: 443", "target: balancer, protocol: tcp, ports: all"),
    "a flow without a purpose": (", purpose: the balancer passes TLS through", ""),
    "another protocol": ("target: balancer, protocol: tcp", "target: balancer, protocol: icmp"),
}


@pytest.mark.parametrize(("before", "after"), SEEN_BY_AN_EDITOR.values(), ids=SEEN_BY_AN_EDITOR.keys())
def test_what_an_editor_can_see(before: str, after: str, validator: Any) -> None:
    whole = text("illumacom")
    assert before in whole
    assert validator.is_valid(read(whole))
    assert not validator.is_valid(read(whole.replace(before, after, 1)))


def test_nobody_reaches_what_is_not_a_party() -> None:
    parties = {*REACHES, "internet"}
    assert all(set(targets) <= parties for targets in REACHES.values())
    assert "edge" not in {target for targets in REACHES.values() for target in targets}
