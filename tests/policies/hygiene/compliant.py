"""A stack that passes every rule of hygiene, with what naive checks flag wrongly already in it."""

from __future__ import annotations

import base64
import copy
import functools
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from policies.kinds import (
    ACCOUNT,
    ACCOUNT_TOKEN,
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
    RECORD,
    RESERVED_IP,
    SSH_KEY,
    UNIVERSAL_SSL,
    ZONE,
    ZONE_SETTING,
)
from policies.readers import state
from policies.readers.state import Stack
from tests.policies.controls.compliant import Change, Entries

DOMAIN = "example.com"
ZONE_ID = "e0518755f37a496d96d4cf2f7297d059"
ADDRESS = "198.18.0.10"
HOST = "203.0.113.1"


@functools.cache
def key(bits: int) -> str:
    """An RSA public key of so many bits in base64, as a DKIM record holds it. Nobody knows its private half."""
    public = RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@functools.cache
def pem(end: str) -> str:
    """A certificate that ends on a day."""
    private = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime.fromisoformat(end).replace(tzinfo=UTC))
    return made.sign(private, None).public_bytes(Encoding.PEM).decode()


def dkim(bits: int = 2048, more: str = "") -> str:
    """A DKIM record cut into two strings, as long ones are."""
    said = f"v=DKIM1; k=rsa; {more}p={key(bits)}"
    return f'"{said[:200]}" "{said[200:]}"'


def entries() -> Entries:
    hsts = {"strict_transport_security": {"enabled": True, "max_age": 31536000, "include_subdomains": True, "preload": True}}
    lifecycle = {"id": "clean-up", "enabled": True, "abortIncompleteMultipartUploadDays": 2, "noncurrentVersionExpiration": {"days": 7}}
    window = {"day": "sunday", "hour": "03:00:00"}
    tagged = {"tags": ["web"], "sshKeys": ["77:aa"], "monitoring": True, "backups": True}
    found: Entries = {
        "web0": entry(DROPLET, id="1001", name="web0", ipv4Address=HOST, ipv6Address="", **tagged),
        "jobs0": entry(DROPLET, **{**tagged, "tags": [], "sshKeys": [5.0]}, id="1002", name="jobs0", ipv4Address="203.0.113.2"),
        "web": entry(FIREWALL, id="f1", name="web", tags=["web"], dropletIds=[]),
        "jobs": entry(FIREWALL, id="f2", name="jobs", tags=[], dropletIds=[1002]),
        "lb": entry(BALANCER, id="b1", name="lb", ip=ADDRESS),
        "reserved": entry(RESERVED_IP, ipAddress="203.0.113.7", dropletId=1001),
        "operations": entry(SSH_KEY, id="4", name="operations", fingerprint="77:aa"),
        "deploy": entry(SSH_KEY, id="5", name="deploy", fingerprint="88:bb"),
        "db": entry(CLUSTER, id="d1", name="main", engine="pg", version="17", maintenanceWindows=[window]),
        "files": entry(BUCKET, name="shop-files", versioning={"enabled": True}, lifecycleRules=[lifecycle]),
        "zone": entry(ZONE, id=ZONE_ID, name=DOMAIN, type="full"),
        "dnssec": part(DNSSEC, status="active"),
        "universal": part(UNIVERSAL_SSL, enabled=True),
        "bots": part(BOT_MANAGEMENT, fightMode=True),
        "pack": part(CERTIFICATE_PACK, hosts=["api.other.example"], status="active", certificates=[{"expiresOn": "2027-02-01T00:00:00Z"}]),
        "served": entry(CERTIFICATE, name="served", notAfter="2027-02-01T00:00:00Z"),
        "origin": entry(ORIGIN_CERTIFICATE, expiresOn="2027-01-31 05:20:00 +0000 UTC"),
        "account": entry(ACCOUNT, id="a1", name="Shop", settings={"enforceTwofactor": True}),
        "owner": entry(MEMBER, id="m1", secondFactor=True),
        "deployer": entry(
            ACCOUNT_TOKEN,
            status="active",
            issuedOn="2026-11-01T00:00:00Z",
            expiresOn="2027-10-01T00:00:00Z",
            condition={"requestIp": {"ins": ["198.51.100.7/32"]}},
        ),
        "k8s": entry(
            KUBERNETES,
            id="c1",
            name="k8s",
            version="1.36.4-do.0",
            autoUpgrade=True,
            surgeUpgrade=True,
            ssos=[{"enabled": True, "required": True}],
            nodePool={"tags": ["pool"]},
        ),
        "apex": record(DOMAIN, "A", ADDRESS, proxied=True),
        "app": record("app", "A", ADDRESS, proxied=True),
        "alias": record("www.example.com", "CNAME", "Example.com."),
        "mx": record(DOMAIN, "MX", "mail.provider.example"),
        "caa": record(DOMAIN, "CAA", '0 issue "letsencrypt.org"', data={"flags": 0, "tag": "issue", "value": "letsencrypt.org"}),
        "spf": record(DOMAIN, "TXT", '"v=spf1 include:_spf.provider.example " "-all"'),
        "token": record(DOMAIN, "TXT", '"v=spf10 is no such thing"'),
        "dkim": record("k1._domainkey.example.com", "TXT", dkim()),
        "dmarc": record("_dmarc", "TXT", '"v=DMARC1; p=reject; rua=mailto:reports@example.com"'),
    }
    settings = {"tls_1_3": "on", "browser_check": "on", "development_mode": "off", "security_header": hsts}
    return found | {name: part(ZONE_SETTING, settingId=name, value=value) for name, value in settings.items()}


def stack(*changes: Change) -> Stack:
    """The compliant stack after some changes."""
    found = entries()
    for change in changes:
        change(found)
    resources = [
        {"urn": f"urn:pulumi:shop::kept::{each['type']}::{name}", "type": each["type"], "outputs": each["outputs"]}
        for name, each in found.items()
    ]
    return state.read({"version": 3, "deployment": {"resources": resources}})


def entry(type_: str, /, **properties: Any) -> dict[str, Any]:
    return {"type": type_, "outputs": copy.deepcopy(properties)}


def part(type_: str, /, **properties: Any) -> dict[str, Any]:
    """Something of the zone."""
    return entry(type_, zoneId=ZONE_ID, **properties)


def record(name: str, kind: str, content: Any, /, **more: Any) -> dict[str, Any]:
    return part(RECORD, name=name, type=kind, content=content, **more)


def says(name: str, kind: str, content: Any, /, **more: Any) -> Change:
    """One more record."""

    def change(found: Entries) -> None:
        found[f"{kind} {name} {len(found)}"] = record(name, kind, content, **more)

    return change


def empty(name: str) -> Change:
    """The named entry without any property."""
    return lambda found: found[name]["outputs"].clear()
