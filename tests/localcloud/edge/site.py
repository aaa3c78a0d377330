"""A compliant platform in the local cloud, and a visitor who may come from any loopback address and speak any version of TLS."""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass, field
from typing import Any

from localcloud.edge import loopback, waf
from localcloud.edge.serving import Edge
from tests.localcloud.api.conftest import ACCOUNT, LocalCloud

DOMAIN = "shop.example"
NAME = f"app.{DOMAIN}"
ATTACK = "/healthz?q=%3Cscript%3Ealert(1)%3C/script%3E"
MANAGED_RULES = [{"action": "execute", "expression": "true", "action_parameters": {"id": each}} for each in (waf.CLOUDFLARE, waf.OWASP)]


@dataclass(frozen=True)
class Answer:
    """`status` is 0 when no HTTP answer came; `failure` says what came instead."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    version: str = ""
    failure: str = ""


class Site:
    def __init__(self, cloud: LocalCloud, edge: Edge) -> None:
        self.cloud = cloud
        self.edge = edge
        self.config = edge.config

    def build(self) -> None:
        """A host behind a balancer that lets the edge in, and a zone with every promised setting."""
        droplet = {"name": "web-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["shop-app"]}
        self.droplet = self.cloud.ok("POST", "/v2/droplets", droplet)["droplet"]
        rule = {"entry_protocol": "https", "entry_port": 443, "target_protocol": "https", "target_port": 443, "tls_passthrough": True}
        body = {
            "name": "public",
            "region": "nyc3",
            "tag": "shop-app",
            "forwarding_rules": [rule],
            "firewall": {"allow": ["cidr:173.245.48.0/20"]},
        }
        self.balancer = self.cloud.ok("POST", "/v2/load_balancers", body)["load_balancer"]
        inbound = [{"protocol": "tcp", "ports": "443", "sources": {"load_balancer_uids": [self.balancer["id"]]}}]
        firewall = {"name": "shop-app", "tags": ["shop-app"], "inbound_rules": inbound}
        self.firewall = self.cloud.ok("POST", "/v2/firewalls", firewall)["firewall"]
        self.zone = self.cloud.cf("POST", "/zones", {"name": DOMAIN, "account": {"id": ACCOUNT}})["id"]
        record = {"name": NAME, "type": "A", "content": self.balancer["ip"], "proxied": True}
        self.record = self.cloud.cf("POST", f"/zones/{self.zone}/dns_records", record)["id"]
        for name, value in {"min_tls_version": "1.2", "ssl": "strict", "always_use_https": "on"}.items():
            self.set(name, value)
        self.rules("http_request_firewall_managed", MANAGED_RULES)
        self.cloud.cf("POST", f"/zones/{self.zone}/origin_tls_client_auth", {"certificate": "PEM", "private_key": "PEM"})
        self.pulls(enabled=True)
        self.follow()

    def follow(self) -> None:
        """Let the edge look for new addresses now rather than in a second."""
        self.edge.follow(self.edge.now())

    def set(self, setting: str, value: Any) -> None:
        self.cloud.cf("PATCH", f"/zones/{self.zone}/settings/{setting}", {"value": value})

    def pulls(self, *, enabled: bool) -> None:
        self.cloud.cf("PUT", f"/zones/{self.zone}/origin_tls_client_auth/settings", {"enabled": enabled})

    def rules(self, phase: str, rules: list[dict[str, Any]]) -> None:
        self.cloud.cf("PUT", f"/zones/{self.zone}/rulesets/phases/{phase}/entrypoint", {"rules": rules})

    def change(self, path: str, **fields: Any) -> None:
        self.cloud.ok("PATCH", f"/__local__/resources{path}", fields)

    def change_balancer(self, **fields: Any) -> None:
        self.change(f"/v2/load_balancers/{self.balancer['id']}", **fields)

    def change_record(self, **fields: Any) -> None:
        self.change(f"/client/v4/zones/{self.zone}/dns_records/{self.record}", **fields)

    def context(self, version: str = "") -> ssl.SSLContext:
        """A client that trusts the local authority and speaks one version only, if one is named."""
        context = ssl.create_default_context(cafile=str(self.config.authority / "ca.pem"))
        if version:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    def visit(
        self, path: str = "/healthz", *, version: str = "", source: str = loopback.STRANGER, name: str = NAME, agent: str = "test"
    ) -> Answer:
        return self.secure(loopback.EDGE, self.context(version), path, source=source, name=name, agent=agent)

    def secure(
        self,
        address: str,
        context: ssl.SSLContext,
        path: str = "/healthz",
        *,
        source: str,
        name: str = NAME,
        host: str = "",
        agent: str = "test",
    ) -> Answer:
        """One request over TLS to an address."""
        try:
            with (
                socket.create_connection((address, self.config.tls_port), 10, (source, 0)) as connection,
                context.wrap_socket(connection, server_hostname=name) as secured,
            ):
                return exchange(secured, path, host or name, agent, str(secured.version()))
        except ssl.SSLError as error:
            return Answer(0, failure=error.reason or type(error).__name__)
        except OSError as error:
            return Answer(0, failure=type(error).__name__)

    def plainly(self, path: str = "/healthz", name: str = NAME) -> Answer:
        with socket.create_connection((loopback.EDGE, self.config.plain_port), 10) as connection:
            return exchange(connection, path, name, "test", "")


def exchange(connection: socket.socket, path: str, name: str, agent: str, version: str) -> Answer:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {agent}\r\n\r\n".encode())
    data = b""
    while part := connection.recv(65536):
        data += part
    if not data:
        return Answer(0, version=version, failure="closed")
    first, *lines = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split(" ")[1]), headers, version)
