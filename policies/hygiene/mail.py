"""Mail: who may send in the domain's name (SPF), with which keys (DKIM), and what becomes of what fails both (DMARC).

A domain that sends no mail is the easiest to forge and the easiest to protect: `v=spf1 -all` and `p=reject` are all it needs, and a key
is not asked of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import partial

from policies.findings import not_applicable, unknown
from policies.hygiene.base import Asked, checks, verdict
from policies.hygiene.records import each_named_zone, full_name, kind, of_type, text, texts_at
from policies.kinds import RECORD, ZONE
from policies.readers.state import Resource
from policies.zones import View
from promises.observations import Observation

LOOKUPS = 10
"""Terms that make a receiver ask further; more are a permanent error (RFC 7208 4.6.4)."""

LEAST_BITS = 1024
"""The shortest RSA key that receivers accept (RFC 8301 3.2)."""

_ASKING = re.compile(r"[+?~-]?(include:|a$|a[:/]|mx$|mx[:/]|ptr|exists:)|redirect=", re.IGNORECASE)
_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)


@checks("mail.spf", ZONE, RECORD)
def spf(asked: Asked) -> Iterator[Observation]:
    expected = "one SPF record that ends in -all or ~all"
    return each_named_zone(asked.stack, expected, partial(_senders, expected))


def _senders(expected: str, view: View, apex: str) -> Iterator[Observation]:
    subject, found = f"SPF of {view.name}", texts_at(view, apex, apex, "v=spf1")
    yield unknown(subject, expected) if found is None else verdict(subject, expected, _spf_problem(found), "; ".join(found))


def _spf_problem(found: list[str]) -> str:
    if not found:
        return "not set"
    if len(found) > 1:
        return f"{len(found)} SPF records, which is none to a receiver"
    terms = found[0].split()[1:]
    asking = sum(bool(_ASKING.match(term)) for term in terms)
    if asking > LOOKUPS:
        return f"{asking} terms that make a receiver ask further, more than {LOOKUPS}"
    last = next((term.lower() for term in terms if _ALL.fullmatch(term)), "")
    if last in ("-all", "~all") or (not last and any(term.lower().startswith("redirect=") for term in terms)):
        return ""
    return f"ends in {last}" if last else "ends without a refusal"


@checks("mail.dkim", ZONE, RECORD)
def dkim(asked: Asked) -> Iterator[Observation]:
    expected = f"a key of at least {LEAST_BITS} bits below _domainkey"
    return each_named_zone(asked.stack, expected, partial(_keys, expected))


def _keys(expected: str, view: View, apex: str) -> Iterator[Observation]:
    subject, senders = f"DKIM of {view.name}", texts_at(view, apex, apex, "v=spf1")
    if senders is None:
        yield unknown(subject, expected)
        return
    if senders and all(each.split()[1:] == ["-all"] for each in senders):
        yield not_applicable(subject, expected, "the domain sends no mail (v=spf1 -all)")
        return
    problems = [(full_name(record, apex), _key_problem(record)) for record in _key_records(view, apex)]
    if any(problem is None for _, problem in problems):
        yield unknown(subject, expected)
        return
    bad = [f"{name}: {problem}" for name, problem in problems if problem]
    yield verdict(subject, expected, "; ".join(bad) if bad else "" if problems else "not set", f"{len(problems)} in use")


def _key_records(view: View, apex: str) -> list[Resource]:
    """Those that hold a key, or lead to one; a key without text is revoked and holds none (RFC 6376 3.6.1)."""
    below = f"._domainkey.{apex}"
    return [each for each in of_type(view, "TXT", "CNAME") if (full_name(each, apex) or "").endswith(below) and not _revoked(each)]


def _revoked(record: Resource) -> bool:
    said = text(record)
    return kind(record) == "TXT" and said is not None and not _tags(said).get("p")


def _key_problem(record: Resource) -> str | None:
    """What is wrong with a key; nothing where a CNAME leads to the mail provider's; None while it is not known."""
    said = text(record)
    if said is None or kind(record) is None:
        return None
    if kind(record) == "CNAME":
        return ""
    tags = _tags(said)
    if "y" in tags.get("t", "").split(":"):
        return "a key for testing, which receivers treat as none"
    if tags.get("k", "rsa").lower() != "rsa":
        return ""
    bits = rsa_bits(tags["p"])
    return "its key cannot be read" if bits is None else "" if bits >= LEAST_BITS else f"a key of {bits} bits"


def rsa_bits(key: str) -> int | None:
    """The length of an RSA key in base64 (SubjectPublicKeyInfo, or the key alone); None when it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = load_der_public_key(base64.b64decode("".join(key.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return found.key_size if isinstance(found, RSAPublicKey) else None


@checks("mail.dmarc", ZONE, RECORD)
def dmarc(asked: Asked) -> Iterator[Observation]:
    expected = "p=quarantine or p=reject, for all mail and all names below"
    return each_named_zone(asked.stack, expected, partial(_policy, expected))


def _policy(expected: str, view: View, apex: str) -> Iterator[Observation]:
    subject, name = f"DMARC of {view.name}", f"_dmarc.{apex}"
    if any(kind(record) == "CNAME" and full_name(record, apex) == name for record in of_type(view, "CNAME")):
        yield unknown(subject, expected, "kept elsewhere: _dmarc is a CNAME")
        return
    found = texts_at(view, name, apex, "v=DMARC1")
    yield unknown(subject, expected) if found is None else verdict(subject, expected, _dmarc_problem(found), "; ".join(found))


def _dmarc_problem(found: list[str]) -> str:
    if not found:
        return "not set"
    if len(found) > 1:
        return f"{len(found)} DMARC records, which is none to a receiver"
    tags = _tags(found[0])
    weak = [f"{name}={tags.get(name, 'not set')}" for name in ("p", "sp") if not _enforced(tags.get(name), optional=name == "sp")]
    share = tags.get("pct", "100")
    return "; ".join([*weak, *([] if share == "100" else [f"pct={share}"])])


def _enforced(policy: str | None, *, optional: bool) -> bool:
    return optional if policy is None else policy.lower() in ("quarantine", "reject")


def _tags(said: str) -> dict[str, str]:
    """`tag=value` pairs behind semicolons, as DKIM and DMARC write them (RFC 6376 3.2)."""
    pairs = (part.partition("=") for part in said.split(";"))
    return {name.strip().lower(): content.strip() for name, _, content in pairs}
