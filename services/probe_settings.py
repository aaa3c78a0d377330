"""What probes may knock at: the `[probes]` section of the settings. Nothing is ever probed that does not stand here.

    [probes.names."app.shop.example"]      a public name; without `host` DNS says where it is, and `port` is 443
    [probes.origins."balancer shop"]       a public address behind the edge, and the public name that it serves
    [probes.hosts."app-1"]                 a host that serves a public name, at its private address: from inside alone
    [probes.hops."Postgres"]               one more place where TLS is spoken, and from which vantage it can be reached
    [probes.buckets]                       bucket = "https://..." (its own address)

`source` is an untrusted address of this machine to come from (local runs: 127.66.6.6; elsewhere empty, for the vantage itself is outside).
`ca_file` is who signs the public names' certificates (empty: the system's authorities). A hop of protocol `plain` is listed so that nobody
forgets it, and may be in a local environment alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicName(Section):
    host: str = ""
    port: int = 443
    page: str = "/healthz"


class Origin(Section):
    """`name` is the public name whose requests come here."""

    host: str
    port: int = 443
    name: str


class Host(Origin):
    """`source` is the own address to come from; empty: the system's choice, which elsewhere is the jobs host's.

    `ca_file` is who signs the certificates that origins show the edge; without it they are not checked.
    """

    source: str = ""
    ca_file: Path | None = None


class Hop(Section):
    """`name` is what the certificate must be for (empty: the host); `checked` is false where its authority is nobody's but the server's.

    `alpn` is the application's protocol, for a server that answers no other.
    """

    host: str
    port: int
    protocol: Literal["tls", "postgres", "plain"] = "tls"
    vantage: Literal["inside", "outside"]
    name: str = ""
    ca_file: Path | None = None
    checked: bool = True
    alpn: str = ""


class Probes(Section):
    source: str = ""
    ca_file: Path | None = None
    names: dict[str, PublicName] = Field(default_factory=dict)
    origins: dict[str, Origin] = Field(default_factory=dict)
    hosts: dict[str, Host] = Field(default_factory=dict)
    hops: dict[str, Hop] = Field(default_factory=dict)
    buckets: dict[str, str] = Field(default_factory=dict)
