"""Certificates: none is about to end. Those of the balancers, of the edge, of the origins, and of the edge towards the origins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from policies.findings import items, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.kinds import CERTIFICATE, CERTIFICATE_PACK, KINDS, ORIGIN_CERTIFICATE, ORIGIN_PULL_CERTIFICATE
from policies.readers.state import UNKNOWN, Resource
from promises.observations import Observation
from promises.wording import duration

ENDS = {CERTIFICATE: "notAfter", ORIGIN_CERTIFICATE: "expiresOn", ORIGIN_PULL_CERTIFICATE: "expiresOn"}
"""Where each says when it ends; a pack holds several certificates that say it."""


@checks(
    "certificate.expiry",
    CERTIFICATE,
    ORIGIN_CERTIFICATE,
    ORIGIN_PULL_CERTIFICATE,
    CERTIFICATE_PACK,
    none="no certificate is here",
    apart=True,
)
def expiry(asked: Asked) -> Iterator[Observation]:
    return (_lasting(asked, each) for each in asked.stack.of(*ENDS, CERTIFICATE_PACK))


def _lasting(asked: Asked, certificate: Resource) -> Observation:
    notice = asked.duration("notice")
    subject, expected = f"{KINDS[certificate.type]} {certificate.name}", f"valid for another {duration(notice)}"
    ends = [moment(each) for each in _ends(certificate)]
    known = [each for each in ends if each is not None]
    first = min(known, default=None)
    if first is not None and asked.now + notice >= first:
        return verdict(subject, expected, f"ends on {first:%Y-%m-%d}", "")
    if first is None or len(known) < len(ends):
        return unknown(subject, expected, "its end is not known")
    return verdict(subject, expected, "", f"ends on {first:%Y-%m-%d}")


def _ends(certificate: Resource) -> list[Any]:
    if certificate.type != CERTIFICATE_PACK:
        said = value(certificate, ENDS[certificate.type])
        return [end_of(value(certificate, "certificate")) if said is UNKNOWN or not said else said]
    return [each.get("expiresOn") for each in items(certificate, "certificates") or ()]


def end_of(certificate: Any) -> str | None:
    """When a certificate in PEM ends, by itself: what a program hands over says it before any cloud does."""
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(certificate.encode()).not_valid_after_utc.isoformat()
    except (AttributeError, ValueError):
        return None


def moment(seen: Any) -> datetime | None:
    """A time as the clouds write it: RFC 3339, or Go's `2027-01-31 05:20:00 +0000 UTC`; None when it is none, or has no zone."""
    try:
        found = datetime.fromisoformat(str(seen).strip().removesuffix(" UTC").replace(" +0000", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None
