"""Load balancers and their certificates. Nothing balances here: the settings are kept and checked.

Rules: a forwarding rule is needed; a certificate that a rule names must exist, and cannot be deleted while it is named (403). Of a
certificate, expiry, names and fingerprint are read from the PEM where it is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from localcloud.api.calls import Answer, Call, Route, listed, objects
from localcloud.api.digitalocean.answers import forbidden, need, one_of, refusal, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.networks import choose_vpc
from localcloud.api.digitalocean.slugs import check_region, region_document
from localcloud.api.store import Document

BALANCERS = "/v2/load_balancers"
CERTIFICATES = "/v2/certificates"
UNREAD_LIFETIME = timedelta(days=90)
_LISTS = {"droplet_ids": "droplets", "forwarding_rules": "forwarding_rules"}
_PROTOCOLS = ("http", "https", "http2", "http3", "tcp", "udp")


def _make_balancer(call: Call) -> Document:
    body, region = call.body, check_region(call.body.get("region"))
    name, rules = text(body, "name"), objects(body, "forwarding_rules")
    if not rules:
        raise unprocessable("at least one forwarding rule is required")
    for rule in rules:
        _check_rule(call, rule)
    server = {
        "id": call.cloud.uuid(),
        "created_at": call.cloud.now(),
        "name": name,
        "ip": _address(call),
        "status": "active",
        "algorithm": "round_robin",
        "size_unit": 1,
        "project_id": call.cloud.default_project()["id"],
    }
    sent = {field: value for field, value in body.items() if value is not None}
    return server | sent | {"vpc_uuid": choose_vpc(call, "vpc_uuid", region), "region": region_document(region)}


def _check_rule(call: Call, rule: Document) -> None:
    for side in ("entry", "target"):
        one_of(rule, f"{side}_protocol", _PROTOCOLS)
        port = rule.get(f"{side}_port")
        if not isinstance(port, int) or not 1 <= port <= 65535:
            raise unprocessable(f"{side}_port {port!r} is no port")
    certificate = rule.get("certificate_id")
    if certificate and call.cloud.store.find(CERTIFICATES, certificate) is None:
        raise unprocessable(f"certificate {certificate} was not found")
    if rule["entry_protocol"] in ("https", "http2") and not certificate and not rule.get("tls_passthrough"):
        raise unprocessable("an https forwarding rule needs certificate_id or tls_passthrough")


def _address(call: Call) -> str:
    """The public address: 127.200.0.n, kept when the balancer is changed."""
    if "id" in call.parameters:
        return ""
    return f"127.200.0.{call.cloud.store.next_number('balancer address', 1)}"


def _make_certificate(call: Call) -> Document:
    body, kind = call.body, str(call.body.get("type") or "custom")
    name = text(body, "name")
    if any(row["name"] == name for row in call.cloud.store.rows(CERTIFICATES)):
        raise refusal(409, "conflict", f"a certificate named {name} exists")
    if kind == "lets_encrypt":
        domains = [str(each) for each in listed(body, "dns_names")]
        about = _unread(call, ",".join(domains), domains)
    else:
        text(body, "private_key")
        about = _read(call, text(body, "leaf_certificate"))
    return {"id": call.cloud.uuid(), "name": name, "created_at": call.cloud.now(), "state": "verified", "type": kind, **about}


def _read(call: Call, pem: str) -> Document:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return _unread(call, pem, [])
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    expiry = certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"not_after": expiry, "sha1_fingerprint": certificate.fingerprint(hashes.SHA1()).hex(), "dns_names": names}  # noqa: S303 - the API's format


def _unread(call: Call, content: str, names: list[str]) -> Document:
    expiry = (call.cloud.clock() + UNREAD_LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
    return {"not_after": expiry, "sha1_fingerprint": mark, "dns_names": names}


def _certificate_may_go(call: Call, found: Document) -> None:
    for balancer in call.cloud.store.rows(BALANCERS):
        if any(rule.get("certificate_id") == found["id"] for rule in balancer["forwarding_rules"]):
            raise forbidden("Make sure the certificate is not in use before deleting it")


def _extend(call: Call) -> Answer:
    return _adjust(call, lambda known, sent: [*known, *(each for each in sent if each not in known)])


def _reduce(call: Call) -> Answer:
    return _adjust(call, lambda known, sent: [each for each in known if each not in sent])


def _adjust(call: Call, combine: Callable[[list[Any], list[Any]], list[Any]]) -> Answer:
    """Some droplets or forwarding rules come or go; the rest stays as it is."""
    balancer = need(call, BALANCERS, call["id"])
    lists = {field: combine(balancer.get(field) or [], listed(call.body, field)) for field in _LISTS if call.body.get(field)}
    if not lists or not lists.get("forwarding_rules", True):
        raise unprocessable(f"expected one of {', '.join(_LISTS)}, and a forwarding rule to stay")
    for rule in objects(call.body, "forwarding_rules"):
        _check_rule(call, rule)
    call.cloud.store.put(BALANCERS, call["id"], balancer | lists)
    return Answer(204)


def _purge(call: Call) -> Answer:
    need(call, BALANCERS, call["id"])
    return Answer(204)


_CERTIFICATES = Collection(CERTIFICATES, "certificate", "certificates", _make_certificate, update=(), may_go=_certificate_may_go)
_BALANCERS = Collection(BALANCERS, "load_balancer", "load_balancers", _make_balancer, created=202, keep=("ip",))


def routes() -> Iterable[Route]:
    yield Route("DELETE", f"{BALANCERS}/{{id}}/cache", _purge)
    for part in _LISTS.values():
        yield Route("POST", f"{BALANCERS}/{{id}}/{part}", _extend)
        yield Route("DELETE", f"{BALANCERS}/{{id}}/{part}", _reduce)
    yield from _CERTIFICATES.routes()
    yield from _BALANCERS.routes()
